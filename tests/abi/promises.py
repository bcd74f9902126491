"""The tests that docs/reliability.md names are there.

`suite/test` stands for a START_TEST of tests/unit/test_suite.c, other names for files of the tree;
a name that ends with * for every one that begins so, of which there must be one.
"""
import pathlib
import re
import sys

ROW = re.compile(r"^\|[^|]*\|([^|]*)\|$", re.M)
NAME = re.compile(r"`([\w./-]+/[\w.-]*\*?)`")
LEAST = 40  # names; fewer mean that the page's form has changed


def tests_of(root, suite):
    source = root / "tests" / "unit" / f"test_{suite}.c"
    return re.findall(r"START_TEST\((\w+)\)", source.read_text()) if source.exists() else []


def is_there(root, name):
    suite, _, test = name.rpartition("/")
    if test.endswith("*"):
        return any(other.startswith(test[:-1]) for other in tests_of(root, suite))
    return test in tests_of(root, suite) or (root / name).exists()


def main():
    root = pathlib.Path(sys.argv[1])
    page = (root / "docs" / "reliability.md").read_text()
    names = [name for cell in ROW.findall(page) for name in NAME.findall(cell)]
    wrong = [name for name in names if not is_there(root, name)]
    for name in wrong:
        print(f"docs/reliability.md names {name}, which is not there")
    if len(names) < LEAST:
        print(f"docs/reliability.md names only {len(names)} tests")
    return 1 if wrong or len(names) < LEAST else 0


sys.exit(main())
