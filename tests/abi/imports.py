"""The shared library calls nothing that prints, ends the process or changes its global state."""
import re
import subprocess
import sys

BANNED = {
    "ends the process": "exit _exit _Exit quick_exit abort __assert_fail raise kill",
    "prints": "printf vprintf fprintf vfprintf dprintf vdprintf puts fputs putc fputc putchar "
              "perror psignal stdin stdout stderr warn err error",
    "has hidden state": "rand srand random srandom drand48 lrand48 mrand48 srand48 strtok "
                        "strerror localtime gmtime ctime asctime",
    "changes the process": "setlocale uselocale signal sigaction sigprocmask atexit setenv putenv "
                           "unsetenv chdir umask system popen",
    "depends on the locale": "strtod strtof strtold atof sscanf fscanf scanf",
}


def plain(name):
    """printf for __printf_chk@GLIBC_2.3.4; sscanf for __isoc99_sscanf."""
    name = name.partition("@")[0]
    checked = re.fullmatch(r"__(\w+)_chk", name) or re.fullmatch(r"__isoc\d+_(\w+)", name)
    return checked.group(1) if checked else name


def main(nm, library):
    lines = subprocess.run([nm, "-D", "--undefined-only", library], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    imported = {plain(line.split()[-1]) for line in lines}
    found = [(name, why) for why, names in BANNED.items()
             for name in names.split() if name in imported]
    for name, why in found:
        print(f"imports {name}, which {why}")
    print(f"{len(imported)} imports")
    return 1 if found or not imported else 0


sys.exit(main(*sys.argv[1:]))
