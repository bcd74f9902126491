"""The code of lib/ keeps to its own forms: a row of a table of parameters is one line, or a line of values and a line of
help; a function in a header has at most 8 arguments, and another file of lib/ or a test uses it; nothing is in lib/ for
tests alone."""
import collections
import pathlib
import re
import sys

MAX_ARGUMENTS = 8
COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\])*"')
ROW = re.compile(r"^ *CLF__(?:INT|REAL|BOOL|CHOICE|TEXT|INT_OR|REAL_OR|LIST)\(", re.M)
# A function that a header declares or, if it is inline, defines.
FUNCTION = re.compile(r"^(?!typedef|#|return)(?:\w+ )+\**(\w+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)(;| \{$)", re.M)
# Tests alone call these, and demand a rule or a refusal of every layer.
TABLES = {"clf__graph_rules", "clf__scan_rules"}


def code_of(path):
    """The text without comments; NAME(x) of a file that is included for several types is x."""
    return re.sub(r"\bNAME\((\w+)\)\s*\(", r"\1(", COMMENT.sub("", path.read_text(encoding="utf-8")))


def call_end(text, at):
    """The position behind the parenthesis that closes the one before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def row_faults(text):
    plain = STRING.sub(lambda found: '"' + "x" * (len(found[0]) - 2) + '"', text)
    for start in ROW.finditer(plain):
        row = text[start.start():call_end(plain, start.end())]
        lines = [line.strip(" \\") for line in row.split("\n")]
        if len(lines) > 2 or len(lines) == 2 and not re.fullmatch(STRING.pattern + r"\)", lines[1]):
            yield f"the row {lines[0]} is neither one line nor its help the second line"


def argument_faults(text):
    for name, arguments, _ in FUNCTION.findall(text):
        count = len(re.sub(r"\([^()]*\)", "", arguments).split(","))
        if count > MAX_ARGUMENTS:
            yield f"{name} has {count} arguments, more than {MAX_ARGUMENTS}"


def use_faults(lib, tests):
    """The functions declared in headers that no other file uses. A definition is one use."""
    uses = {path: collections.Counter(re.findall(r"\bclf__\w+", text)) for path, text in lib.items()}
    tested = collections.Counter(re.findall(r"\bclf__\w+", " ".join(tests)))
    headers = {path: text for path, text in lib.items() if path.suffix == ".h"}
    for path, text in headers.items():
        for name, _, end in FUNCTION.findall(text):
            elsewhere = [uses[other][name] for other in uses if other != path and uses[other][name] > 0]
            if not name.startswith("clf__") or uses[path][name] > 1 or name in TABLES:
                continue
            if sum(elsewhere) < (2 if end == ";" else 1):
                yield path, f"{name}: nothing in lib/ uses it"
            elif end == ";" and len(elsewhere) == 1 and not tested[name]:
                yield path, f"{name}: the file that defines it alone uses it; static"


def main(root):
    root = pathlib.Path(root)
    lib = {path: code_of(path) for path in sorted((root / "lib").rglob("*.[ch]"))}
    tests = [code_of(path) for path in sorted((root / "tests").rglob("*.[ch]"))]
    faults = list(use_faults(lib, tests))
    for path, text in lib.items():
        if path.name != "param_rows.h":
            faults += [(path, fault) for fault in row_faults(text)]
        if path.suffix == ".h":
            faults += [(path, fault) for fault in argument_faults(text)]
    for path, fault in faults:
        print(f"{path.relative_to(root)}: {fault}")
    rows = sum(len(ROW.findall(text)) for text in lib.values())
    functions = sum(len(FUNCTION.findall(text)) for path, text in lib.items() if path.suffix == ".h")
    print(f"{len(lib)} files, {rows} rows of parameters, {functions} functions in headers")
    return 1 if faults or not rows or not functions else 0


sys.exit(main(sys.argv[1]))
