"""What a build of the library as a subproject need not compile again: same_objects.py BUILD HOST FOLDER links
into FOLDER, by its name in HOST, each object of BUILD whose command in HOST is the same but for the compiler's
name, optimization and warnings. If one of them is older than its sources, none is linked: ninja says so."""
import json
import os
import pathlib
import subprocess
import sys

SUBPROJECT = "subprojects/libclassify/"


def commands(build):
    """{object: the words of its command that decide what is in it}"""
    entries = json.loads((build / "compile_commands.json").read_text())
    found = {}
    for entry in entries:
        words = entry["command"].replace(SUBPROJECT, "").split()
        first = next(i for i, word in enumerate(words) if word.startswith("-"))
        found[entry["output"]] = [word for word in words[first:] if not word.startswith(("-O", "-W"))]
    return found


def are_ready(build, objects):
    ninja = [os.environ.get("NINJA", "ninja"), "-C", build, "-n", *objects]
    return "no work to do" in subprocess.run(ninja, stdout=subprocess.PIPE, text=True, check=True).stdout


def main(build, host, folder):
    ours = commands(build)
    same = [own for name, words in commands(host).items() if name.startswith(SUBPROJECT)
            for own in [name.removeprefix(SUBPROJECT)] if ours.get(own) == words and (build / own).exists()]
    if same and not are_ready(build, same):
        same = []
    for own in same:
        (folder / SUBPROJECT / own).parent.mkdir(parents=True, exist_ok=True)
        (folder / SUBPROJECT / own).symlink_to(build / own)
    print(f"{len(same)} objects are those of {build}")


main(*(pathlib.Path(argument).absolute() for argument in sys.argv[1:]))
