"""The code of lib/ keeps to its own forms: a row of a table of parameters is one line, or a line of values and a line of
help."""
import pathlib
import re
import sys

STRINGS = re.compile(r'"(?:\\.|[^"\\])*"')
ROW = re.compile(r"^ *(?:#define \w+(?:\(\w+\))? +)?CLF__(?:INT|REAL|BOOL|CHOICE|TEXT|INT_OR|REAL_OR|LIST)\(", re.M)


def call_end(text, at):
    """The position behind the parenthesis that closes the one before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def row_faults(text):
    plain = STRINGS.sub(lambda found: '"' + "x" * (len(found[0]) - 2) + '"', text)
    for start in ROW.finditer(plain):
        row = text[start.start():call_end(plain, start.end())]
        lines = [line.strip(" \\") for line in row.split("\n")]
        if len(lines) > 2 or len(lines) == 2 and not re.fullmatch(STRINGS.pattern + r"\)", lines[1]):
            yield f"the row {lines[0]} is neither one line nor its help the second line"


def main(root):
    files = sorted(path for path in pathlib.Path(root, "lib").rglob("*") if path.suffix in {".c", ".h"})
    rows = 0
    faults = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        if path.name != "param_rows.h":
            rows += len(ROW.findall(text))
            faults += [f"{path.relative_to(root)}: {fault}" for fault in row_faults(text)]
    print("\n".join(faults + [f"{len(files)} files, {rows} rows of parameters"]))
    return 1 if faults or not rows else 0


sys.exit(main(sys.argv[1]))
