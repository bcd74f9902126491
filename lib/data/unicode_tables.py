"""Writes unicode_tables.inc, from what Python's unicodedata knows: unicode_tables.py > unicode_tables.inc

`unicode_classes` lists the code points from U+0080 on where the class of characters changes, as
code point << 2 | class. Unassigned ones go with what precedes them, which keeps the list short.

`unicode_cases` lists runs of letters and what turns them into lower case: simple case folding, one
character for one, so that both forms of a Greek sigma are the same word.
"""
import unicodedata

OTHER, WORD, IDEOGRAPH = range(3)
ALONE = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA LETTER")
JOINERS = {0x200C, 0x200D}
SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}  # how a symbol is drawn
CODES = [c for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000]


def class_of(code):
    """None for an unassigned code point."""
    category = unicodedata.category(chr(code))
    if category == "Cn":
        return None
    if code in SELECTORS:
        return OTHER
    if unicodedata.name(chr(code), "").startswith(ALONE):
        return IDEOGRAPH
    return WORD if category[0] in "LMN" or code in JOINERS else OTHER


def classes():
    before = None
    for code in CODES:
        now = class_of(code)
        if now is not None and now != before:
            yield f"0x{code << 2 | now:X}"
            before = now


def lower(code):
    character = chr(code)
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return ord(folded)
    return ord("i") if code == 0x130 else code  # a capital I with a dot


def cases():
    """Runs of code points, every one or every second, that move by the same distance."""
    moved = [(code, lower(code) - code) for code in CODES if lower(code) != code]
    runs = []
    for code, distance in moved:
        if runs and runs[-1][3] == distance:
            first, last, step, _ = runs[-1]
            if code - last == (step or code - last) and code - last <= 2:
                runs[-1] = (first, code, code - last, distance)
                continue
        runs.append((code, code, 0, distance))
    for first, last, step, distance in runs:
        yield f"{{0x{first:X}, 0x{last:X}, {step or 1}, {distance}}}"


def table(declaration, items):
    print(f"static const {declaration}[] = {{")
    line = ""
    for item in items:
        if len(line) + len(item) > 94:
            print("   ", line.rstrip())
            line = ""
        line += item + ", "
    print("   ", line.rstrip())
    print("};")


print(f"/* Unicode {unicodedata.unidata_version}, written by unicode_tables.py. */")
table("uint32_t unicode_classes", classes())
table("clf__case_run unicode_cases", cases())
