"""docs/guide.md names every function of the library, so that whoever reads it knows what there is.

    guide.py ROOT
"""
import pathlib
import re
import sys

LEAST = 200  # functions; fewer mean that the pattern no longer finds them


def main(root):
    root = pathlib.Path(root)
    functions = re.findall(r"\b(clf_\w+);", (root / "lib" / "classify.map").read_text(encoding="utf-8"))
    named = set(re.findall(r"\bclf_\w+(?=\()", (root / "docs" / "guide.md").read_text(encoding="utf-8")))
    missing = [function for function in functions if function not in named]
    for function in missing:
        print(f"docs/guide.md does not name {function}(): a section, or the table of \"More functions\", should")
    return 1 if missing or len(functions) < LEAST else 0


sys.exit(main(*sys.argv[1:]))
