"""Reads the public headers: functions, types and constants, and what their comments say of them.

The manual pages, the declarations of bindings and the tests of tests/abi read them by this file.
"""
import pathlib
import re

COMMENT = r"/\*\*(?!\*)(?P<comment>(?:(?!\*/).)*)\*/"
# A declaration with the comment before it; other comments, whose words are not code.
ITEM = re.compile(r"(?:/\*\*(?![*<])(?P<comment>(?:(?!\*/).)*)\*/\s*)?"
                  r"(?P<code>\b(?:CLF_API|typedef|enum)\b(?:[^;{]*\{.*?\}[^;]*|[^;{]*));|/\*.*?\*/", re.S)
MEMBER = (r"(?:/\*\*(?!<)(?P<before>(?:(?!\*/).)*)\*/\s*)?(?P<code>[^%s/]+)%s?"
          r"[ \t]*(?:/\*\*<(?P<after>(?:(?!\*/).)*)\*/)?")


def text(path):
    """A header without comments and preprocessor lines."""
    source = pathlib.Path(path).read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|^\s*#.*?$", " ", source, flags=re.S | re.M)


def functions(paths):
    return [name for path in paths for name, *_ in declarations(path)]


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


def declaration(code):
    """The name, the type and the arguments of a function's declaration."""
    kind, name, arguments = re.fullmatch(r"(?:CLF_API )?(.*?)(\w+) ?\((.*)\)", " ".join(code.split())).groups()
    return name, kind.strip(), [part.strip() for part in arguments.split(",")]


def declarations(path):
    for code in re.findall(r"\bCLF_API\b([^;]*);", text(path)):
        yield declaration(code)


def split(argument):
    """The type and the name of an argument."""
    kind, star, name = re.fullmatch(r"(.*?)(\**)(\w+)", argument).groups()
    return (kind.strip() + (" " + star if star else "")), name


def members(path):
    """The structs of a header with their members."""
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \w+;", text(path), re.S):
        yield name, [" ".join(member.split()) for member in body.split(";") if member.strip()]


def items(path):
    """The declarations of a header, each with its comment's lines."""
    source = pathlib.Path(path).read_text(encoding="utf-8")
    source = re.sub(r"^#(?:.*\\\n)*.*$", "", source, flags=re.M)
    for match in ITEM.finditer(source):
        if match["code"]:
            yield match["code"], lines_of(match["comment"] or "")


def commented_members(body, end):
    """The members of a struct (they end with ";") or an enum (","), each with what its comment says."""
    for match in re.finditer(MEMBER % (end, end), body, re.S):
        code = " ".join(match["code"].split())
        if code:
            yield code, " ".join(lines_of(match["before"] or match["after"] or "").split())


def lines_of(comment):
    """A comment's text without the stars at the beginnings of its lines."""
    return re.sub(r"^[ \t]*\* ?", "", comment, flags=re.M).strip()


def head(path):
    """What a header's first comment says: its name as it is included, and the text."""
    source = pathlib.Path(path).read_text(encoding="utf-8")
    include, _, words = lines_of(re.search(COMMENT, source, flags=re.S)["comment"]) \
        .removeprefix("@file ").partition("\n")
    return include, words.strip()


def parts_of(comment):
    """(text, {parameter or "parameter, parameter": text}, returned, since) of a function's comment."""
    pieces = re.split(r"@(param|return|since)\s+", comment)
    parameters, returned, since = {}, "", ""
    for tag, words in zip(pieces[1::2], pieces[2::2]):
        if tag == "param":
            name, meaning = re.match(r"(\w+(?:, \w+)*)\s*(.*)", words, re.S).groups()
            parameters[name] = meaning.strip()
        elif tag == "return":
            returned = words.strip()
        else:
            since, _, rest = words.strip().partition("\n")
            returned += "\n\n" + rest if rest.strip() else ""
    return pieces[0].strip(), parameters, returned, since


def summary(words):
    """The first sentence, on one line."""
    first = re.split(r"(?<=[.;])\s", " ".join(words.split()), maxsplit=1)[0]
    return first.rstrip(".;")
