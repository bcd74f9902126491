"""The declarations of the public headers keep to docs/conventions.md."""
import re
import sys

import headers

SCALARS = {"clf_status", "int32_t", "int64_t", "uint64_t", "size_t", "double", "float"}
CALLBACKS = {"clf_release_callback", "clf_progress_callback", "clf_log_callback"}
OBJECT = re.compile(r"^(?:clf_\w+|void) \*\*(?:out|first|train)$")
# Functions from before the rule, which keep their order.
OUT_IS_LAST = {"clf_dataset_tensor", "clf_model_tensor", "clf_transform_tensor",
               "clf_tensor_to_dlpack"}
PARAMS_ARE_NOT_LAST = {"clf_context_create"}
# Structs without a struct_size: elements of arrays, and what the library itself allocates.
UNSIZED = {"clf_box", "clf_progress"}


def declarations(path):
    for code in re.findall(r"\bCLF_API\b([^;]*);", headers.text(path)):
        kind, name, arguments = re.fullmatch(r"(.*?)(clf_\w+)\((.*)\)",
                                             " ".join(code.split())).groups()
        yield name, kind.strip(), [part.strip() for part in arguments.split(",")]


def by_value(argument):
    """The type of an argument that is no pointer; None for a pointer."""
    return None if "*" in argument else argument.rpartition(" ")[0].removeprefix("const ")


def faults(name, kind, arguments):
    out = [place for place, argument in enumerate(arguments) if OBJECT.match(argument)]
    if out and out[0] != 0 and name not in OUT_IS_LAST:
        yield "what it makes is not its first argument"
    if out and kind != "clf_status":
        yield "it makes a handle and returns no status"
    if name.endswith("_free") and (kind != "void" or len(arguments) != 1):
        yield "a free function takes one handle and returns nothing"
    if "const char *params" in arguments[:-1] and name not in PARAMS_ARE_NOT_LAST:
        yield "params is not its last argument"
    if "..." in arguments:
        yield "it takes a variable number of arguments"
    for argument in arguments:
        value = by_value(argument)
        if value not in SCALARS | CALLBACKS | {None, ""}:
            yield f"'{argument}' is passed by value"
    if "*" in kind and not kind.startswith("const ") and name != "clf_tensor_data":
        yield "what it returns is not const"
    if "*" not in kind and kind not in SCALARS | {"void"}:
        yield f"it returns {kind} by value"


def unsized(path):
    """Structs with members that do not begin with their size."""
    for name, first in re.findall(r"\btypedef struct (\w+) \{\s*([^;]*);", headers.text(path)):
        if name not in UNSIZED and first.split() != ["uint32_t", "struct_size"]:
            yield name


def main(paths):
    count, wrong = 0, 0
    for path in paths:
        for name in unsized(path):
            print(f"{name}: it does not begin with uint32_t struct_size")
            wrong += 1
        for name, kind, arguments in declarations(path):
            count += 1
            for fault in faults(name, kind, arguments):
                print(f"{name}: {fault}")
                wrong += 1
    print(f"{count} functions")
    return 1 if wrong or count < 100 else 0


sys.exit(main(sys.argv[1:]))
