"""The declarations of the public headers keep to docs/conventions.md."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import headers  # noqa: E402

SCALARS = {"clf_status", "int32_t", "int64_t", "uint64_t", "size_t", "double", "float"}
CALLBACKS = {"clf_release_callback", "clf_progress_callback", "clf_log_callback",
             "clf_measure_callback"}
OBJECT = re.compile(r"^(?:clf_\w+|void) \*\*(?:out|first|second|train|test)$")
MAX_ARGUMENTS = 8
# What a name means, wherever it stands: its type tells.
TYPES = {
    "context": "clf_context *", "params": "const char *", "name": "const char *",
    "path": "const char *", "format": "const char *", "kind": "const char *",
    "data": "const clf_dataset *", "dataset": "clf_dataset *", "indices": "const int64_t *",
    "seed": "uint64_t", "size": "size_t", "needed": "size_t *", "row_bytes": "size_t",
    "count": "int64_t", "index": "int64_t", "rows": "int64_t", "classes": "int64_t",
    "folds": "int64_t", "dtype": "int32_t", "ndim": "int32_t", "axis": "int32_t",
}
# The elements of a tensor, which are of any type.
OTHERS = {("clf_tensor_wrap", "data"): "const void *"}
# Structs without a struct_size: elements of arrays, and what the library itself allocates.
UNSIZED = {"clf_box", "clf_progress"}


def by_value(argument):
    """The type of an argument that is no pointer; None for a pointer."""
    return None if "*" in argument else argument.rpartition(" ")[0].removeprefix("const ")


def name_faults(function, arguments):
    for argument in arguments:
        kind, name = headers.split(argument)
        wanted = OTHERS.get((function, name), TYPES.get(name, kind))
        # What a call writes is a pointer to it; a handle that is only read is const.
        if kind not in (wanted, f"const {wanted}", f"{wanted} *") and "**" not in kind:
            yield f"'{argument}': {name} is a {wanted} elsewhere"
        if name == "capacity" and kind != ("size_t" if "*buffer" in str(arguments) else "int64_t"):
            yield f"'{argument}': capacity is a size_t in bytes, an int64_t in elements"


# Files of the library's own format, about which there is nothing to choose.
OWN_FILES = re.compile(r"clf_(?:model|vocabulary|transform|detector)_(?:load|save)(?:_memory)?$")
FILES = re.compile(r"_(?:load|save|import|export)(?:_memory)?$")


def faults(name, kind, arguments):
    out = [place for place, argument in enumerate(arguments) if OBJECT.match(argument)]
    if out and out != list(range(len(out))):
        yield "what it makes is not its first argument"
    if out and kind != "clf_status":
        yield "it makes a handle and returns no status"
    if name.endswith("_free") and (kind != "void" or len(arguments) != 1):
        yield "a free function takes one handle and returns nothing"
    if "const char *params" in arguments:
        after = arguments[arguments.index("const char *params") + 1:]
        if after not in ([], ["void *buffer", "size_t capacity", "size_t *size"]):
            yield "params is not its last input"
    elif FILES.search(name) and not OWN_FILES.match(name):
        yield "it reads or writes a format and has no params"
    if len(arguments) > MAX_ARGUMENTS:
        yield f"it has {len(arguments)} arguments, more than {MAX_ARGUMENTS}"
    if "..." in arguments:
        yield "it takes a variable number of arguments"
    for argument in arguments:
        value = by_value(argument)
        if value not in SCALARS | CALLBACKS | {None, ""}:
            yield f"'{argument}' is passed by value"
    if arguments != ["void"]:
        yield from name_faults(name, arguments)
    if "*" in kind and not kind.startswith("const ") and name != "clf_tensor_data":
        yield "what it returns is not const"
    if "*" not in kind and kind not in SCALARS | {"void"}:
        yield f"it returns {kind} by value"


def unsized(path):
    """Structs with members that do not begin with their size."""
    for name, first in re.findall(r"\btypedef struct (\w+) \{\s*([^;]*);", headers.text(path)):
        if name not in UNSIZED and first.split() != ["uint32_t", "struct_size"]:
            yield name


def member_faults(member):
    if "(*" in member:  # a function
        return
    kind, name = headers.split(member)
    if "*" not in kind and kind not in SCALARS | {"uint32_t"}:
        yield f"'{member}' is of a type that differs between systems"
    if name in TYPES and kind.removeprefix("const ") != TYPES[name].removeprefix("const "):
        yield f"'{member}': {name} is a {TYPES[name]} elsewhere"


def comment_faults(path):
    """What a comment must state: the statuses, and how long what is returned lives."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head = " ".join(text[:text.index("#ifndef")].replace("\n *", " ").split())
    commented = re.findall(r"(/\*\*(?:(?!\*/).)*\*/)\nCLF_API (.*?)(clf_\w+)\(", text, re.S)
    for name in {name for name, *_ in headers.declarations(path)} - {name for _, _, name in commented}:
        yield f"{name}: it has no comment"
    for comment, kind, name in commented:
        comment = " ".join(comment.replace("\n *", " ").split())
        if "@since" not in comment:
            yield f"{name}: its comment has no @since"
        if kind == "clf_status " and not re.search(r"@return[^@]*(?:CLF_OK|as clf_\w+)", comment) \
                and "Every function returns CLF_OK" not in head:
            yield f"{name}: its comment has no list of statuses"
        if "*" in kind and not re.search(r"[Ll]ives? |constant of the|valid until", comment) \
                and "constants of the library" not in head:
            yield f"{name}: its comment does not say how long what it returns lives"


def main(paths):
    count, wrong = 0, 0
    for path in paths:
        for fault in comment_faults(path):
            print(fault)
            wrong += 1
        for name in unsized(path):
            print(f"{name}: it does not begin with uint32_t struct_size")
            wrong += 1
        for name, parts in headers.members(path):
            for fault in (fault for member in parts for fault in member_faults(member)):
                print(f"{name}: {fault}")
                wrong += 1
        for name, kind, arguments in headers.declarations(path):
            count += 1
            for fault in faults(name, kind, arguments):
                print(f"{name}: {fault}")
                wrong += 1
    print(f"{count} functions")
    return 1 if wrong or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
