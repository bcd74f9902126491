"""Writes html_entities.inc: html_entities.py > html_entities.inc

The named character references of HTML 4, which are a character each, and &apos;, in byte order; and
what Windows-1252 has at 0x80 to 0x9F, which is what references to these numbers mean in HTML.
"""
import html
from html.entities import name2codepoint

NAMES = sorted({**name2codepoint, "apos": ord("'")}.items())
print("/* Written by html_entities.py. */")
print("static const entity entities[] = {")
line = ""
for name, code in NAMES:
    item = f'{{"{name}", 0x{code:X}}}, '
    if len(line) + len(item) > 95:
        print("   ", line.rstrip())
        line = ""
    line += item
print("   ", line.rstrip())
print("};\nstatic const uint16_t windows_1252[] = {")
codes = [f"0x{ord(html.unescape(f'&#{code};')):X}," for code in range(0x80, 0xA0)]
for first in range(0, len(codes), 8):
    print("   ", " ".join(codes[first:first + 8]))
print("};")
