"""The generated declarations are those of the headers and of the library: declarations.py API_JSON
_DECLARATIONS.PY CDEF NM LIBRARY INCLUDE_FOLDER -- COMPILER…

A program that includes the headers declares every function once more, as the text for cffi does: the
compiler refuses what differs. It prints sizes, offsets and types as the compiler sees them, which must
be those of the structs for cffi and of the declarations for ctypes. Their names must be those that the
library exports.
"""
import ctypes
import json
import pathlib
import re
import runpy
import subprocess
import sys
import tempfile

# What a value is to the caller of a function, as the compiler and as ctypes know it.
CLASS = ('_Generic((%s){0}, const char *: "text", float: "float4", double: "float8", '
         'uint8_t: "unsigned1", uint32_t: "unsigned4", uint64_t: "unsigned8", '
         'int32_t: "signed4", int64_t: "signed8", default: "address")')
CTYPES = {ctypes.c_char_p: "text", ctypes.c_void_p: "address", ctypes.c_float: "float4",
          ctypes.c_double: "float8", ctypes.c_uint8: "unsigned1", ctypes.c_uint32: "unsigned4",
          ctypes.c_uint64: "unsigned8", ctypes.c_int32: "signed4", ctypes.c_int64: "signed8", None: "void"}


def class_of(kind):
    return "address" if isinstance(kind, type(ctypes.CFUNCTYPE(None))) else CTYPES[kind]


def lines_of_function(name, about):
    kinds = [about["returns"]] + [item["type"] for item in about["arguments"]]
    yield f'printf("{name}");'
    for kind in kinds:
        yield 'printf(" void");' if kind == "void" else f'printf(" %s", {CLASS % kind});'
    yield 'printf("\\n");'


def lines_of_struct(name, about):
    """Its layout in the headers, and in the text for cffi, whose structs are renamed."""
    for kind in name, f"cffi_{name}":
        yield f'printf("{kind} %zu", sizeof({kind}));'
        for item in about["members"]:
            yield f'printf(" {item["name"]} %zu", offsetof({kind}, {item["name"]}));'
        yield 'printf("\\n");'


def program(api, cdef):
    prototypes = [line for line in cdef.splitlines() if re.search(r"\bclf_\w+\(", line)]
    if len(prototypes) != len(api["functions"]):
        raise SystemExit(f"{len(prototypes)} functions for cffi, {len(api['functions'])} in api.json")
    structs = [re.sub(r"(struct |\} )(clf_\w+)", r"\1cffi_\2", line) for line in cdef.splitlines()
               if line.startswith("typedef struct") and "{" in line]
    body = [line for name, about in api["functions"].items() for line in lines_of_function(name, about)]
    body += [line for name, about in api["structs"].items() for line in lines_of_struct(name, about)]
    return "\n".join(["#include <classify.h>", "#include <stddef.h>", "#include <stdio.h>", *structs, *prototypes,
                      "int main(void) {", *body, "return 0; }"])


def compiled(source, include, compiler):
    """What the program prints: a dictionary by the first word of each line."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "program"
        subprocess.run([*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "-xc", "-",
                        "-o", path], input=source, text=True, check=True)
        printed = subprocess.run([path], capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: line.split()[1:] for line in printed.splitlines()}


def function_faults(declared, api, wanted):
    for name, about in api["functions"].items():
        result, arguments = declared["FUNCTIONS"].get(name, (None, ()))
        found = [class_of(result)] + [class_of(kind) for kind in arguments]
        expected = wanted[name]
        if any(item["type"] == "size_t *" for item in about["arguments"]) and expected[0] == "text":
            expected = ["address"] + expected[1:]  # the text has a size, and may hold NUL
        if found != expected:
            yield f"{name} is {found} in the declarations, and {expected} in the headers"


def struct_faults(declared, wanted):
    for name, kind in declared["STRUCTS"].items():
        found = [str(ctypes.sizeof(kind))]
        for member, *_ in kind._fields_:
            found += [member, str(getattr(kind, member).offset)]
        if not found == wanted[name] == wanted[f"cffi_{name}"]:
            yield (f"{name} is {found} in the declarations, {wanted[f'cffi_{name}']} for cffi, and "
                   f"{wanted[name]} in the headers")


def exported(nm, library):
    printed = subprocess.run([nm, "-D", "--defined-only", library], check=True, text=True,
                             capture_output=True).stdout
    return set(re.findall(r" T (clf_\w+)", printed))


def api_faults(api):
    """What a program that reads api.json relies on."""
    if not api["catalog"] or "model" not in api["catalog"]["areas"]:
        yield "api.json is without the catalog"
    for name, about in api["functions"].items():
        if not about["doc"] or not about["since"]:
            yield f"api.json: {name} has no documentation"
        if about["returns"] == "clf_status" and not about["statuses"]:
            yield f"api.json: {name} has no statuses"
        if name.endswith("_create") and about["arguments"][0].get("ownership") != "caller":
            yield f"api.json: {name} makes nothing"
    for name, about in api["types"].items():
        if about["is"] == "opaque" and about.get("free") not in api["functions"]:
            yield f"api.json: {name} has no function that frees it"


def constant_faults(api, declared, cdef):
    values = {name: about["value"] for name, about in api["constants"].items()}
    listed = {item["name"]: item["value"] for item in (api["catalog"] or {"constants": []})["constants"]}
    for_cffi = {name: int(value) for name, value in re.findall(r"(CLF_\w+) = (-?\d+)", cdef)}
    if not values == declared["CONSTANTS"] == listed == for_cffi:
        yield "the constants of the headers, the catalog and the declarations differ"


def main(api, declarations, cdef, nm, library, include, *rest):
    api = json.loads(pathlib.Path(api).read_text(encoding="utf-8"))
    declared = runpy.run_path(declarations)
    cdef = pathlib.Path(cdef).read_text(encoding="utf-8")
    wanted = compiled(program(api, cdef), include, list(rest[1:]))
    faults = [*api_faults(api), *function_faults(declared, api, wanted), *struct_faults(declared, wanted),
              *constant_faults(api, declared, cdef)]
    names = exported(nm, library)
    faults += [f"{name} is not both exported and declared" for name in names ^ set(declared["FUNCTIONS"])]
    faults += [f"{name} is not both in the headers and declared"
               for name in set(api["structs"]) ^ set(declared["STRUCTS"])]
    print("\n".join(faults + [f"{len(names)} functions, {len(declared['CONSTANTS'])} constants"]))
    return 1 if faults or not names else 0


sys.exit(main(*sys.argv[1:]))
