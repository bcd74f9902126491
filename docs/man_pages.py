"""Writes the manual pages of section 3 from the comments of the public headers:

    man_pages.py VERSION FOLDER UMBRELLA_HEADER HEADER…

One page a function (clf_model_fit.3), one a header (classify_model.3: its types, constants and list of
functions), and libclassify.3, the list of headers.
"""
import pathlib
import re
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from headers import COMMENT, head, lines_of, parts_of, summary  # noqa: E402


def escaped(text):
    """Text as roff reads it: no line of it is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def prose(text):
    """Paragraphs, lists, **bold**, `code`, and examples between @code and @endcode."""
    pieces = re.split(r"^[ \t]*@code\n(.*?)^[ \t]*@endcode[ \t]*$", text, flags=re.M | re.S)
    return "\n.PP\n".join(literal(textwrap.dedent(piece)) if index % 2 else paragraphs(piece)
                     for index, piece in enumerate(pieces) if piece.strip())


def paragraphs(text):
    lines = []
    for line in text.strip().splitlines():
        item = re.match(r"\s*- (.*)", line)
        if not line.strip():
            lines.append(".PP")
        elif item:
            lines += [".IP \\(bu 2", escaped(item[1])]
        else:
            lines.append(escaped(line.strip()))
    marked = re.sub(r"\*\*(.+?)\*\*", r"\\fB\1\\fR", "\n".join(lines), flags=re.S)
    return re.sub(r"`([^`]+)`", r"\\fI\1\\fR", marked)


def literal(code):
    return ".nf\n" + escaped(code.strip("\n")) + "\n.fi"


class Header:
    def __init__(self, path):
        source = pathlib.Path(path).read_text(encoding="utf-8")
        self.include, self.text = head(path)
        self.page = self.include.removesuffix(".h").replace("/", "_")
        body = re.sub(r"^#(?!define CLF_(?!API)).*?(?<!\\)$|^extern \"C\" \{$|^\}$", "", source[source.index("*/") + 2:], flags=re.S | re.M)
        function = COMMENT + r"\s*(?P<code>CLF_API\b[^;]*;)"
        self.functions = [(re.search(r"(\w+)\s*\(", match["code"])[1],
                           " ".join(match["code"].removeprefix("CLF_API").split()), match["comment"])
                          for match in re.finditer(function, body, flags=re.S)]
        declarations = re.sub(function + r"|/\*(?!\*).*?\*/", "", body, flags=re.S)
        self.declarations = re.sub(r"\n{3,}", "\n\n", declarations).strip()
        if body.count("CLF_API ") != len(self.functions):
            raise SystemExit(f"{path}: a function has no comment of its own")


class Pages:
    def __init__(self, version, folder):
        self.version, self.folder = version, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, name, short, sections):
        text = f'.TH "{name}" 3 "" "libclassify {self.version}" "libclassify"\n'
        text += f".SH NAME\n{escaped(name)} \\- {escaped(short)}\n"
        text += "".join(f".SH {title}\n{body}\n" for title, body in sections if body)
        (self.folder / f"{name}.3").write_text(text, encoding="utf-8")

    def write_function(self, header, name, prototype, comment):
        text, parameters, returned, since = parts_of(lines_of(comment))
        prototype = textwrap.fill(prototype, 78, subsequent_indent="    ", break_on_hyphens=False)
        described = "\n".join(f".TP\n.I {escaped(parameter)}\n{prose(meaning)}"
                              for parameter, meaning in parameters.items())
        self.write(name, summary(text), [
            ("SYNOPSIS", literal(f"#include <{header.include}>\n\n{prototype}")),
            ("DESCRIPTION", prose(text)),
            ("PARAMETERS", described),
            ("RETURN VALUE", prose(returned)),
            ("HISTORY", f"Since libclassify {escaped(since)}" if since else ""),
            ("SEE ALSO", f".BR {escaped(header.page)} (3),\n.BR libclassify (3)"),
        ])

    def write_header(self, header):
        title, _, rest = header.text.partition("\n\n")
        functions = "\n".join(f".TP\n.BR {escaped(name)} (3)\n{prose(summary(parts_of(lines_of(comment))[0]))}"
                              for name, _, comment in header.functions)
        self.write(header.page, summary(title), [
            ("SYNOPSIS", literal(f"#include <{header.include}>")),
            ("DESCRIPTION", prose(title + "\n\n" + rest)),
            ("FUNCTIONS", functions),
            ("TYPES AND CONSTANTS", literal(header.declarations) if header.declarations else ""),
            ("SEE ALSO", ".BR libclassify (3)"),
        ])


def main():
    version, folder, umbrella, *paths = sys.argv[1:]
    pages = Pages(version, folder)
    headers = [Header(path) for path in paths]
    for header in headers:
        pages.write_header(header)
        for function in header.functions:
            pages.write_function(header, *function)
    whole = Header(umbrella)
    pages.write("libclassify", "classifiers trained and run in the calling process", [
        ("SYNOPSIS", literal(f"#include <{whole.include}>\n\ncc program.c $(pkg-config --cflags --libs classify)")),
        ("DESCRIPTION", prose(whole.text)),
        ("HEADERS", "\n".join(f".TP\n.BR {escaped(header.page)} (3)\n"
                              + prose(summary(header.text.partition(chr(10) * 2)[0])) for header in headers)),
    ])


main()
