"""Prints a style sheet as the header of an array of C strings: embed.py STYLE.css

Comments and indents are left out. A string is a line of the sheet, since a compiler need not take a literal of
more than 4,095 characters.
"""
import pathlib
import re
import sys

css = re.sub(r"/\*.*?\*/", "", pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"), flags=re.S)
lines = [line.strip() for line in css.splitlines() if line.strip()]
escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
print("static const char *const report_style[] = {")
print("".join(f'    "{line}\\n",\n' for line in escaped) + "};")
