#!/usr/bin/env python3
"""The public interface as data, and what bindings need of it:

    api_json.py json VERSION LIBRARY OUT HEADER…   api.json: functions, types, constants, documentation,
                                                   and the catalog of the built library; LIBRARY is
                                                   "none" where it cannot be loaded (then "catalog" is
                                                   null)
    api_json.py ctypes API_JSON OUT                declarations for Python's ctypes
    api_json.py stub API_JSON OUT                  their types, for type checkers and editors
    api_json.py cdef API_JSON OUT                  declarations for cffi's ffi.cdef()

In api.json an argument's `direction` is "in" (the call reads it), "out" (it writes it) or "inout" (a
handle that it changes). `ownership` says who frees: "caller" (a new handle; the type's `free` does it),
"library" (a pointer that must not be freed), "taken" (the call frees it).
"""
import json
import keyword
import math
import pathlib
import re
import sys
import textwrap

import catalog
import headers


# api.json

def plain(words):
    """A comment's text whose continued lines begin where its first line does."""
    first, _, rest = words.partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}".strip()


def argument(code, documented):
    kind, name = headers.split(code)
    return {"name": name, "type": kind, "doc": plain(documented.get(name, ""))}


def arguments_of(codes, parameters=()):
    documented = {name: text for names, text in dict(parameters).items() for name in names.split(", ")}
    return [argument(code, documented) for code in codes if code != "void"]


def callback(code):
    """A pointer to a function: its name, type and arguments."""
    kind, name, arguments = re.fullmatch(r"(.*?)\(\*(\w+)\)\((.*)\)", code).groups()
    return name, {"returns": kind.strip(), "arguments": arguments_of(arguments.split(", "))}


def member(code, words):
    if "(*" in code:
        name, about = callback(code)
        return {"name": name, "type": "callback", "doc": words, **about}
    kind, name = headers.split(code)
    return {"name": name, "type": kind, "doc": words}


def enumerators(code, words, header):
    for item, about in headers.commented_members(code[code.index("{") + 1:code.rindex("}")], ","):
        name, value = item.split(" = ")
        yield name, {"value": int(value, 0), "header": header, "doc": about or plain(words)}


def statuses(returned, constants):
    """The statuses that the text of @return names, and the functions whose it refers to ("as …")."""
    named = [name for name in re.findall(r"\bCLF_\w+", returned) if name in constants]
    return list(dict.fromkeys(named)), re.findall(r"\bas (clf_\w+)\(\)", returned)


class Interface:
    """What the headers declare, in their order."""

    def __init__(self, paths):
        self.found = {"headers": {}, "types": {}, "structs": {}, "callbacks": {}, "constants": {},
                      "functions": {}}
        for path in paths:
            include, words = headers.head(path)
            self.found["headers"][include] = {"doc": plain(words)}
            for code, comment in headers.items(path):
                self.add(" ".join(code.split()) if "{" not in code else code, comment, include)
        for name, about in self.found["types"].items():
            if f"{name}_free" in self.found["functions"]:
                about["free"] = f"{name}_free"
        for about in self.found["functions"].values():
            self.complete(about)

    def add(self, code, words, header):
        opaque = re.fullmatch(r"typedef struct (\w+) \1", code)
        alias = re.fullmatch(r"typedef (\w+) (\w+)", code)
        struct = re.fullmatch(r"typedef struct (\w+) \{(.*)\} \1", code, re.S)
        about = {"header": header, "doc": plain(words)}
        if code.startswith("CLF_API"):
            self.add_function(code, words, header)
        elif code.startswith("enum"):
            self.found["constants"].update(enumerators(code, words, header))
        elif opaque or alias:
            name, kind = (opaque[1], "opaque") if opaque else (alias[2], alias[1])
            self.found["types"][name] = {"is": kind, **about}
        elif struct:
            self.found["structs"][struct[1]] = {**about, "members": [
                member(*item) for item in headers.commented_members(struct[2], ";")]}
        else:
            name, declared = callback(code.removeprefix("typedef "))
            self.found["callbacks"][name] = {**about, **declared}

    def add_function(self, code, comment, header):
        name, kind, codes = headers.declaration(code)
        words, parameters, returned, since = headers.parts_of(comment)
        self.found["functions"][name] = {
            "header": header, "since": since, "doc": plain(words), "returns": kind, "return_doc": plain(returned),
            "arguments": arguments_of(codes, parameters)}

    def complete(self, about):
        """Adds what follows from the types of all: directions, ownership, statuses."""
        for item in about["arguments"]:
            item.update(self.direction(item["type"], about))
        if "*" in about["returns"]:
            about["ownership"] = "library"
        if about["returns"] == "clf_status":
            named, others = statuses(about["return_doc"], self.found["constants"])
            about["statuses"] = named or ["CLF_OK"]
            about["statuses_as"] = others

    def direction(self, kind, function):
        base = kind.removeprefix("const ").rstrip(" *")
        opaque = self.found["types"].get(base, {}).get("is") == "opaque"
        if kind.endswith(" **"):
            return {"direction": "out", "ownership": "library" if kind.startswith("const ") else "caller"}
        if "*" not in kind or kind.startswith("const "):
            return {"direction": "in"}
        if opaque and function["returns"] == "void":
            return {"direction": "in", "ownership": "taken"}
        return {"direction": "inout" if opaque or base in self.found["structs"] else "out"}


def finite(value):
    """The same with null for infinite bounds, which JSON cannot write."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def catalog_of(library):
    try:
        return finite(catalog.catalog(catalog.load(library)))
    except OSError as error:  # such as instrumentation that Python has not; the build goes on
        print(f"api.json is without the catalog: {error}", file=sys.stderr)
        return None


def interface(version, library, paths):
    return {"name": "libclassify", "version": version, **Interface(paths).found,
            "catalog": None if library == "none" else catalog_of(library)}


# ctypes

SCALARS = {"int32_t": "c_int32", "int64_t": "c_int64", "uint8_t": "c_uint8", "uint32_t": "c_uint32",
           "uint64_t": "c_uint64", "size_t": "c_size_t", "float": "c_float", "double": "c_double"}


class Ctypes:
    """Writes _declarations.py and its stub."""

    PYTHON = {"c_char_p": "bytes | None", "c_void_p": "int | None", "None": "None",
              "c_float": "float", "c_double": "float"}
    TAKEN = {"c_char_p": "bytes | None", "c_void_p": "Pointer", "c_float": "float", "c_double": "float"}

    def __init__(self, api):
        self.api = api

    def type_of(self, kind):
        """Texts are c_char_p and everything else that is pointed to is an address."""
        if kind == "void":
            return "None"
        if kind == "const char *":
            return "c_char_p"
        if "*" in kind or kind in self.api["callbacks"]:
            return "c_void_p"
        return SCALARS[self.api["types"].get(kind, {"is": kind})["is"]]

    def returned(self, about):
        """A text whose size is another result is an address: it may hold NUL."""
        sized = any(item["type"] == "size_t *" for item in about["arguments"])
        return "c_void_p" if sized and "*" in about["returns"] else self.type_of(about["returns"])

    def function_type(self, about):
        kinds = [self.type_of(item["type"]) for item in about["arguments"]]
        return f"CFUNCTYPE({', '.join([self.type_of(about['returns'])] + kinds)})"

    def member_type(self, item):
        return self.function_type(item) if item["type"] == "callback" else self.type_of(item["type"])

    def doc(self, name, about):
        names = ", ".join(item["name"] for item in about["arguments"])
        parts = [f"{name}({names})", about["doc"]]
        for item in about["arguments"]:
            if item["doc"]:
                parts.append(f"{item['name']} : {item['type']}\n{textwrap.indent(item['doc'], '    ')}")
        if about["return_doc"]:
            parts.append(f"Returns\n{textwrap.indent(about['return_doc'], '    ')}")
        return "\n\n".join(filter(None, parts))

    def head(self):
        return (f'"""The interface of libclassify {self.api["version"]} for ctypes.\n\n'
                'Generated of the public headers by tools/api_json.py. Pointers are addresses (c_void_p), '
                'but for texts.\n"""\n')

    def declarations(self):
        names = sorted(set(SCALARS.values()) | {"CFUNCTYPE", "Structure", "c_char_p", "c_void_p"})
        lines = [self.head(), textwrap.fill(f"from ctypes import ({', '.join(names)})", 100,
                                            subsequent_indent=" " * 20),
                 "", f'VERSION = "{self.api["version"]}"', "", "CONSTANTS = {"]
        lines += [f'    "{name}": {about["value"]},' for name, about in self.api["constants"].items()]
        lines += ["}", "globals().update(CONSTANTS)", ""]
        for name, about in self.api["structs"].items():
            lines += ["", f"class {name}(Structure):", f"    {about['doc']!r}", "    _fields_ = ["]
            lines += [f'        ("{item["name"]}", {self.member_type(item)}),' for item in about["members"]]
            lines += ["    ]", ""]
        lines += ["", "STRUCTS = {" + ", ".join(f'"{name}": {name}' for name in self.api["structs"]) + "}"]
        lines += ["", "CALLBACKS = {"]
        lines += [f'    "{name}": {self.function_type(about)},' for name, about in self.api["callbacks"].items()]
        lines += ["}", "globals().update(CALLBACKS)", "", "# name: (type of the result, types of the arguments)",
                  "FUNCTIONS = {"]
        for name, about in self.api["functions"].items():
            kinds = "".join(self.type_of(item["type"]) + ", " for item in about["arguments"])
            lines.append(f'    "{name}": ({self.returned(about)}, ({kinds.rstrip()})),')
        lines += ["}", "", "DOCS = {"]
        lines += [f'    "{name}": {self.doc(name, about)!r},' for name, about in self.api["functions"].items()]
        return "\n".join(lines + ["}"]) + "\n"

    def stub_of(self, name, about):
        taken = [f"{item['name']}{'_' * keyword.iskeyword(item['name'])}: "
                 f"{self.TAKEN.get(self.type_of(item['type']), 'int')}" for item in about["arguments"]]
        result = self.PYTHON.get(self.returned(about), "int")
        words = textwrap.indent(self.doc(name, about).replace("\\", "\\\\"), "        ").strip()
        return [f"    def {name}({', '.join(['self'] + taken)}) -> {result}:", f'        """{words}\n        """']

    def stub(self):
        lines = [self.head(), "import ctypes", "from typing import Any, Protocol, Union", "",
                 "class Handle(Protocol):", "    _as_parameter_: Any", "",
                 "# An address, an array or a pointer of ctypes, byref(), a callback, an object with a handle.",
                 "Pointer = Union[int, bytes, None, Handle, ctypes.c_void_p, ctypes.Array[Any], Any]", "",
                 "VERSION: str", "CONSTANTS: dict[str, int]", "STRUCTS: dict[str, type[ctypes.Structure]]",
                 "CALLBACKS: dict[str, Any]", "FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]]",
                 "DOCS: dict[str, str]", ""]
        lines += [f"{name}: int" for name in self.api["constants"]]
        lines += [f"{name}: Any" for name in self.api["callbacks"]]
        for name, about in self.api["structs"].items():
            lines += ["", f"class {name}(ctypes.Structure):"]
            for item in about["members"]:
                kind = "Any" if item["type"] == "callback" else self.PYTHON.get(self.member_type(item), "int")
                lines.append(f"    {item['name']}: {kind}")
        lines += ["", "class Functions:", '    """All functions of the library, as `lib` of _library.py has them."""']
        for name, about in self.api["functions"].items():
            lines += self.stub_of(name, about)
        return "\n".join(lines) + "\n"


# cffi

def c_type(kind):
    """A type as it stands before a name."""
    return kind if kind.endswith("*") else kind + " "


def c_arguments(items):
    return ", ".join(c_type(item["type"]) + item["name"] for item in items) or "void"


def c_member(item):
    if item["type"] == "callback":
        return f"{c_type(item['returns'])}(*{item['name']})({c_arguments(item['arguments'])})"
    return c_arguments([item])


def cdef(api):
    lines = [f"/* The interface of libclassify {api['version']}, for cffi's ffi.cdef(). */"]
    for name, about in api["types"].items():
        lines.append(f"typedef {'struct ' + name if about['is'] == 'opaque' else about['is']} {name};")
    lines.append("enum { " + ", ".join(f"{name} = {about['value']}" for name, about in api["constants"].items()) + " };")
    for name, about in api["structs"].items():
        members = " ".join(c_member(item) + ";" for item in about["members"])
        lines.append(f"typedef struct {name} {{ {members} }} {name};")
    for name, about in api["callbacks"].items():
        lines.append(f"typedef {c_type(about['returns'])}(*{name})({c_arguments(about['arguments'])});")
    for name, about in api["functions"].items():
        lines.append(f"{c_type(about['returns'])}{name}({c_arguments(about['arguments'])});")
    return "\n".join(lines) + "\n"


def main(what, *arguments):
    if what == "json":
        version, library, out, *paths = arguments
        written = json.dumps(interface(version, library, paths), ensure_ascii=False, indent=1) + "\n"
    else:
        source, out = arguments
        api = json.loads(pathlib.Path(source).read_text(encoding="utf-8"))
        write = {"ctypes": lambda: Ctypes(api).declarations(), "stub": lambda: Ctypes(api).stub(),
                 "cdef": lambda: cdef(api)}[what]
        written = write()
    pathlib.Path(out).write_text(written, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] not in (["json"], ["ctypes"], ["stub"], ["cdef"]):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
