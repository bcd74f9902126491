"""The library's folders depend on each other in one direction only, and vector intrinsics and the
operating system are each called from one folder.

A file includes from its own folder and from folders earlier in ORDER. Folders inside of one have an
order of their own, INNER, in which those that share a place do not include from each other. Files
that lie in lib/ itself come after all folders. A unit test lies in the folder that its subject has in
lib/.

The folders that tests/unit/meson.build lists as one_thread are such: none of their files gives work to
threads, starts one or holds what is shared by several.

Inside of base/, files do not depend on each other in a circle. NAME.c and NAME.h are one, and a
source file without a header of its own is a part of the one whose functions it defines. One depends
on the others whose headers it includes, and on those that define functions of its own header.
"""
import pathlib
import re
import sys

ORDER = ["base", "tensor", "comm", "store", "ops", "metrics", "image", "data", "transform", "text",
         "layers", "optim", "models", "selection", "detect", "interchange"]
INNER = {
    "ops": [["linalg"], ["kernelfn"], ["nn"], ["conv"], ["image"], ["simd"]],
    "transform": [["numbers", "categories"]],
    "models": [["kernel"], ["decision"], ["ridge", "logistic", "perceptron", "fisher", "svm", "network"]],
    "interchange": [["csource", "liblinear", "libsvm", "onnx"]],
}
# What only one folder may include or call.
ONLY = [
    ("ops", r"#\s*include\s*<\w*mmintrin\.h>|#\s*include\s*<immintrin\.h>", "vector intrinsics"),
    ("base", r"#\s*include\s*<(sys/|linux/)?(pthread|unistd|sched|fcntl|dirent|threads|time|signal"
             r"|semaphore|poll|dlfcn|locale)\.h>|#\s*include\s*<(sys|linux)/", "system header"),
]


def without_comments(source):
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*", blank, source, flags=re.S)


def folder_of(path, root):
    parts = path.relative_to(root).parts
    return parts[0] if len(parts) > 1 else None


def inner_folder_of(path, root):
    parts = path.relative_to(root).parts
    return parts[1] if len(parts) > 2 and parts[0] in INNER else None


def runs_back(path, target, root):
    """Whether an include crosses the order of the folders inside of one."""
    mine, other = inner_folder_of(path, root), inner_folder_of(target, root)
    if not mine or not other or mine == other or folder_of(path, root) != folder_of(target, root):
        return False
    place = {name: i for i, row in enumerate(INNER[folder_of(path, root)]) for name in row}
    return mine not in place or other not in place or place[other] >= place[mine]


def problems(path, root):
    folder = folder_of(path, root)
    if folder is not None and folder not in ORDER:
        yield 1, f"the folder {folder} has no place in the order"
        return
    allowed = ORDER[:ORDER.index(folder) + 1] if folder else ORDER
    source = without_comments(path.read_text(encoding="utf-8"))
    for number, line in enumerate(source.splitlines(), 1):
        quoted = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if quoted:
            target, name = root / quoted.group(1), quoted.group(1)
            if not target.exists():
                yield number, f'"{name}" is not a path below lib/'
            elif folder_of(target, root) not in allowed:
                yield number, f'"{name}" is later in the folder order than {folder}'
            elif runs_back(path, target, root):
                yield number, f'"{name}" is not before {path.parent.name} in the order inside of {folder}'
        for owner, pattern, what in ONLY:
            found = re.search(pattern, line)
            if found and folder != owner:
                yield number, f"{what} outside {owner}/: {found.group().strip()}"


DECLARED = re.compile(r"\b(clf__\w+)\([^;{}]*;")
DEFINED = re.compile(r"^(?!static\b|typedef\b)\w[\w *]*?\b(clf__\w+)\([^;{}]*\)\s*\{", re.M)


def dependencies(folder):
    """The files of a folder by their stems, and the stems that each depends on."""
    texts = {path: without_comments(path.read_text(encoding="utf-8"))
             for path in sorted(folder.iterdir()) if path.suffix in (".c", ".h")}
    declared = {name: path.stem for path, text in texts.items() if path.suffix == ".h"
                for name in DECLARED.findall(text)}
    defined = {path: [name for name in DEFINED.findall(text) if name in declared]
               for path, text in texts.items() if path.suffix == ".c"}
    owner = {path.stem: path.stem for path in texts if path.suffix == ".h"}
    for path, names in defined.items():
        owner.setdefault(path.stem, declared[names[0]] if names else path.stem)
    needs = {stem: set() for stem in owner.values()}
    for path, text in texts.items():
        for name in re.findall(rf'#\s*include\s*"{folder.name}/([^"]+)\.h"', text):
            needs[owner[path.stem]].add(owner[name])
    for path, names in defined.items():
        for name in names:
            needs[declared[name]].add(owner[path.stem])
    return {stem: others - {stem} for stem, others in needs.items()}


def circle(needs):
    """Those of them that depend on each other in a circle, or lie between two such."""
    left = set(needs)
    while True:
        used = set().union(*(needs[stem] for stem in left)) if left else set()
        inside = {stem for stem in left if stem in used and needs[stem] & left}
        if inside == left:
            return sorted(left)
        left = inside


THREADED = re.compile(r"\b(clf__(parallel|progress_(ranges|rows|parallel)|jobs_|threads_)\w*\(|pthread_create\(|atomic_\w+)")


def threaded(root, tests):
    """Files in a folder of the list one_thread that work on threads."""
    listed = re.search(r"^one_thread = \[(.*?)\]", (tests / "meson.build").read_text(), re.M | re.S)
    for folder in re.findall(r"'([^']+)'", listed.group(1)):
        for path in sorted((root / folder).glob("*.c")):
            found = THREADED.search(without_comments(path.read_text(encoding="utf-8")))
            if found:
                yield path, found.group()


def strangers(root, folder):
    return [test for test in sorted(folder.rglob("test_*.c"))
            if not (root / test.parent.relative_to(folder)).is_dir()]


def main(root, tests):
    root, tests = pathlib.Path(root), pathlib.Path(tests)
    files = sorted(path for path in root.rglob("*") if path.suffix in (".c", ".h", ".inc"))
    bad = 0
    for path in files:
        for number, message in problems(path, root):
            print(f"{path}:{number}: {message}")
            bad += 1
    for stem in circle(dependencies(root / "base")):
        print(f"{root}/base/{stem}: a part of a circle of files that depend on each other")
        bad += 1
    for test in strangers(root, tests):
        print(f"{test}: lib/ has no such folder")
        bad += 1
    for path, found in threaded(root, tests):
        print(f"{path}: {found} in a folder that tests/unit/meson.build lists as one_thread")
        bad += 1
    print(f"{len(files)} files, {bad} problems")
    return 1 if bad or not files else 0


sys.exit(main(*sys.argv[1:]))
