"""Prints a text as the header of an array of C strings: embed.py NAME FILE

Of a page and its parts, comments of the form /* */ and indents are left out. A string is a line of the text, since a compiler need not take a
literal of more than 4,095 characters. Where the text has a script element, NAME_script is the hash by which a
Content-Security-Policy may allow it.
"""
import base64
import hashlib
import pathlib
import re
import sys

name, path = sys.argv[1:]
text = pathlib.Path(path).read_text(encoding="utf-8")
if pathlib.Path(path).suffix in (".css", ".html", ".js"):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = "".join(line.strip() + "\n" for line in text.splitlines() if line.strip())
escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines()]
print(f"static const char *const {name}[] = {{")
print("".join(f'    "{line}\\n",\n' for line in escaped) + "};")
for script in re.findall(r"<script>(.*?)</script>", text, flags=re.S):
    print(f'#define {name}_script "sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"')
