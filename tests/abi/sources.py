"""Every source file is named in a meson.build of its folder or of one above it: nothing lies about
that is never compiled, run or installed. The lines of the library, its headers and its scripts have
at most 100 characters, comments included."""
import pathlib
import re
import sys

SUFFIXES = {".c", ".cc", ".cpp", ".h"}
FOLDERS = ["include", "lib", "tests", "examples", "tools", "bindings"]
NARROW = ["include", "lib"]
MAX_WIDTH = 100


def quoted(folder, root):
    """All quoted words of the meson.build files from this folder up to the root."""
    words = set()
    while True:
        build = folder / "meson.build"
        if build.exists():
            words |= set(re.findall(r"'([^'\n]+)'", build.read_text(encoding="utf-8")))
        if folder == root:
            return words
        folder = folder.parent


def reachable(path, root, sources):
    if path.suffix == ".h" and "include" not in path.relative_to(root).parts[:1]:
        return any(re.search(rf'["<](\S*/)?{re.escape(path.name)}[">]', text)
                   for other, text in sources.items() if other != path)
    stem = re.sub(r"^(test|fuzz|bench)_", "", path.stem)
    words = {word.rpartition("/")[2] for word in quoted(path.parent, root)}
    return path.name in words or stem in words or path.stem in words


def wide_lines(root):
    files = [path for folder in NARROW for path in sorted((root / folder).rglob("*"))
             if path.suffix in {".c", ".h", ".py"} and "__pycache__" not in path.parts]
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > MAX_WIDTH:
                yield f"{path.relative_to(root)}:{number}: {len(line)} characters, more than {MAX_WIDTH}"


def main(root):
    root = pathlib.Path(root)
    files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*"))
             if path.suffix in SUFFIXES and "__pycache__" not in path.parts]
    sources = {path: path.read_text(encoding="utf-8") for path in files}
    lost = [path for path in files if not reachable(path, root, sources)
            and not any(re.search(rf"\bimport {path.stem}\b", text) for text in sources.values())]
    for path in lost:
        print(f"{path.relative_to(root)}: in no meson.build, and included nowhere")
    wide = list(wide_lines(root))
    print("\n".join(wide))
    print(f"{len(files)} files")
    return 1 if lost or wide or not files else 0


sys.exit(main(sys.argv[1]))
