"""The shared library exports what the headers declare and the map lists, and nothing else."""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import headers  # noqa: E402


def exported(library, nm):
    lines = subprocess.run([nm, "-D", "--defined-only", library], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    fields = [line.split() for line in lines]
    return {field[-1].partition("@")[0] for field in fields if field[-2] != "A"}


def compare(left_name, left, right_name, right):
    for name in sorted(left - right):
        print(f"{name}: {left_name}, but not {right_name}")
    for name in sorted(right - left):
        print(f"{name}: {right_name}, but not {left_name}")
    return left == right


def main(nm, library, symbol_map, paths):
    declared = headers.functions(paths)
    with open(symbol_map, encoding="utf-8") as file:
        listed = re.findall(r"^\s*(clf_\w+);", file.read(), flags=re.M)
    good = compare("in the headers", set(declared), "in the map", set(listed))
    good &= compare("exported", exported(library, nm), "in the map", set(listed))
    for name, names in (("headers", declared), ("map", listed)):
        if len(names) != len(set(names)):
            print(f"the {name} name a function twice")
            good = False
    if listed != sorted(listed):
        print("the map is not sorted")
        good = False
    print(f"{len(listed)} functions")
    return 0 if good else 1


sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
