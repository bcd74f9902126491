"""Doxygen's filter for Markdown files: gives each heading that the file links to as `(#some-heading)` the
identifier that the link names, as the hosts of the source do on their own."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
linked = set(re.findall(r"\]\(#([\w-]+)\)", source))


def with_identifier(match):
    identifier = re.sub(r"[^\w -]", "", match[2].lower()).replace(" ", "-")
    return f"{match[0]} {{#{identifier}}}" if identifier in linked else match[0]


sys.stdout.write(re.sub(r"^(#+) (.*)$", with_identifier, source, flags=re.M))
