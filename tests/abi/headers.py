"""Reads the public headers: functions, constants."""
import pathlib
import re


def text(path):
    """A header without comments and preprocessor lines."""
    source = pathlib.Path(path).read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|^\s*#.*?$", " ", source, flags=re.S | re.M)


def functions(paths):
    return [name for path in paths
            for name in re.findall(r"\bCLF_API\b[^;(]*?\b(\w+)\s*\(", text(path))]


def constants(paths):
    """Names and values of all enumerators; each has its value written out."""
    found = {}
    for path in paths:
        for body in re.findall(r"\benum\s*\{(.*?)\}", text(path), flags=re.S):
            for item in filter(None, (part.strip() for part in body.split(","))):
                name, equals, value = item.partition("=")
                if not equals:
                    raise SystemExit(f"{path}: {name.strip()} has no value of its own")
                found[name.strip()] = int(value, 0)
    return found
