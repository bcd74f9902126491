"""Files that comments and pages name are there.

A path is given from the file's own folder, from the root, or from lib/, include/ or tests/; a page may
also name a file that one of its own blocks writes (a fence's second word).
"""
import pathlib
import re
import sys

FOLDERS = ["include", "lib", "tests", "examples", "tools", "bindings", "docs", "subprojects"]
NAME = re.compile(r"(?<![\w./*<>{-])((?:[\w-]+/)*[\w-]+\.(?:c|h|inc|py|sh|md|map|build))(?![\w*])")
COMMENTS = {
    **dict.fromkeys((".c", ".h", ".inc"), re.compile(r"/\*.*?\*/|//[^\n]*", re.S)),
    **dict.fromkeys((".py", ".sh", ".build"), re.compile(r'^\s*#[^\n]*|^"""[\s\S]*?"""', re.M)),
    ".md": re.compile(r".+", re.S),
}
BASES = ["", "lib", "include", "tests"]
# What is not ours: another library's header, the reader's own program, placeholders in capitals.
FOREIGN = {"digits.c", "jpeglib.h", "program.c", "test_suite.c"}
LEAST = 300  # names; fewer mean that the pattern no longer finds them


def names(path):
    text = path.read_text(encoding="utf-8")
    written = set(re.findall(r"^```\w+ (\S+)$", text, re.M)) if path.suffix == ".md" else set()
    for comment in COMMENTS[path.suffix].finditer(text):
        for name in NAME.finditer(comment.group()):
            if name[1] not in written | FOREIGN and "NAME" not in name[1]:
                yield name[1], text.count("\n", 0, comment.start() + name.start()) + 1


def main(root):
    root = pathlib.Path(root)
    files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*"))
             if path.suffix in COMMENTS and "__pycache__" not in path.parts]
    files += sorted(root.glob("*.md")) + [root / "meson.build"]
    found, wrong = 0, 0
    for path in files:
        for name, line in names(path):
            found += 1
            if not any((base / name).is_file()
                       for base in [path.parent] + [root / base for base in BASES]):
                print(f"{path.relative_to(root)}:{line}: {name} is not there")
                wrong += 1
    print(f"{found} names in {len(files)} files")
    return 1 if wrong or found < LEAST else 0


sys.exit(main(sys.argv[1]))
