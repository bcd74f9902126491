"""The tests that README.md, docs/conventions.md and docs/reliability.md name are there.

They stand in the last column of tables whose last heading ends with `tests`, at least one in each row.
`suite/test` stands for a TEST of a file test_suite.c below tests/unit, `FILE:test` for a test of that
file, other names for files of the tree; a name that ends with * for every one that begins so, of which
there must be one.
"""
import pathlib
import re
import sys

TABLE = re.compile(r"^\|.*\btests \|\n\|[-|]+\n((?:\|.*\n)+)", re.M)
NAME = re.compile(r"`([\w./-]+/[\w.-]*(?:\*|:\w+)?)`")
MIN_NAMES = {"README.md": 20, "docs/conventions.md": 30,  # fewer mean that a page's
             "docs/reliability.md": 40}                         # form has changed


def tests_of(root, suite):
    return [test for source in (root / "tests" / "unit").rglob(f"test_{suite}.c")
            for test in re.findall(r"\bTEST(?:_LOOP)?\((\w+)", source.read_text())]


def is_there(root, name):
    file, _, test = name.partition(":")
    if test:
        return (root / file).exists() and f"def {test}(" in (root / file).read_text()
    suite, _, test = name.rpartition("/")
    if test.endswith("*"):
        return any(other.startswith(test[:-1]) for other in tests_of(root, suite))
    return test in tests_of(root, suite) or (root / name).exists()


def faults_of(root, page, min_names):
    rows = [row for table in TABLE.findall((root / page).read_text()) for row in table.splitlines()]
    names = [NAME.findall(row.split("|")[-2]) for row in rows]
    faults = [f"names no test: {row}" for row, found in zip(rows, names) if not found]
    faults += [f"names {name}, which is not there"
               for found in names for name in found if not is_there(root, name)]
    count = sum(map(len, names))
    return faults + ([f"names only {count} tests"] if count < min_names else [])


def main():
    root = pathlib.Path(sys.argv[1])
    faults = [f"{page} {fault}" for page, min_names in MIN_NAMES.items()
              for fault in faults_of(root, page, min_names)]
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
