#!/usr/bin/env python3
"""The ABI that the public headers declare, against its baseline, tests/abi/classify-0.abi:

    baseline.py check [COMPILER…]   fails where a function or a type changed or is gone; additions
                                    are fine
    baseline.py renew [COMPILER…]   writes the baseline

The ABI is that of a library of the same soname and versions whose functions are those of the headers
and do nothing, so that no build is needed: the compiler holds the real definitions to the same
declarations, and symbols.py the real exports. abidw and abidiff of abigail-tools describe and compare
it. A change is allowed while CHANGELOG.md has an entry that begins with "ABI:" in the part of the
coming release. The baseline is that of x86-64.
"""
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import headers  # noqa: E402

BASELINE = ROOT / "tests" / "abi" / "classify-0.abi"
DUMP = ["--headers-dir", ROOT / "include", "--drop-private-types", "--exported-interfaces-only",
        "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed",
        "--no-parameter-names", "--no-write-default-sizes"]
SKIPPED = 77  # meson's status for it


def run(*command):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)


def definitions():
    """Every public function, with a body that does nothing."""
    for path in sorted((ROOT / "include" / "classify").glob("*.h")):
        for code in re.findall(r"\bCLF_API\b([^;]*);", headers.text(path)):
            kind = code.split("(")[0].rsplit(None, 1)[0].strip()
            yield f"{code} {{{'' if kind == 'void' else ' return 0; '}}}"


def describe(folder, compiler):
    """The ABI as text, without names and paths of the machine."""
    source, library = folder / "classify.c", folder / "libclassify.so.0"
    source.write_text("#include <classify.h>\n" + "\n".join(definitions()))
    made = run(*compiler, "-g", "-fPIC", "-shared", "-w", f"-I{ROOT / 'include'}", source, "-o", library,
               f"-Wl,-soname,{library.name},--version-script,{ROOT / 'lib' / 'classify.map'}")
    if made.returncode != 0:
        raise SystemExit("the functions of the headers do not compile")
    return re.sub(r" path='[^']*'", " path='include/classify.h'", run("abidw", *DUMP, library).stdout)


def explained():
    """The entries "ABI:" of the changelog's part for the coming release."""
    parts = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    coming = parts[1] if parts[1].startswith("[Unreleased]") else ""
    return re.findall(r"^(?:- )?ABI:.*", coming, re.M)


def check(found):
    # Both are texts: abidiff's own filter for private types would hide changes of public ones.
    compared = run("abidiff", "--no-added-syms", BASELINE, found)
    print(compared.stdout)
    allowed = compared.returncode & 3 == 0 and explained()
    if compared.returncode == 0 or allowed:
        print("\n".join(allowed or ["the ABI is that of the baseline"]))
        return 0
    print(f"The ABI is no longer that of {BASELINE.name}: see CONTRIBUTING.md, 'Add a public function'.")
    return 1


def main(what, *compiler):
    if shutil.which("abidw") is None or platform.machine() != "x86_64":
        print("skipped: it needs abigail-tools, and x86-64")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        found = pathlib.Path(folder) / BASELINE.name
        found.write_text(describe(pathlib.Path(folder), compiler or ["cc"]))
        if what == "check":
            return check(found)
        shutil.copyfile(found, BASELINE)
        return 0


if __name__ == "__main__":
    if sys.argv[1:2] not in (["check"], ["renew"]):
        raise SystemExit(__doc__)
    sys.exit(main(*sys.argv[1:]))
