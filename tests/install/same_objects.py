"""What a build of the library as a subproject need not compile again: same_objects.py BUILD HOST FOLDER links
into FOLDER, by its name in HOST, each object of BUILD whose command in HOST is the same but for the compiler's
name, optimization and warnings."""
import json
import pathlib
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


def main(build, host, folder):
    ours, count = commands(build), 0
    for name, words in commands(host).items():
        own = name.removeprefix(SUBPROJECT)
        if own != name and ours.get(own) == words and (build / own).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(build / own)
            count += 1
    print(f"{count} objects are those of {build}")


main(*(pathlib.Path(argument).absolute() for argument in sys.argv[1:]))
