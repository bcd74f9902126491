"""Writes a file of tables: unicode_tables.py traits > unicode_tables.inc
                         unicode_tables.py normal > unicode_normal.inc

Categories, canonical decompositions and case folding are those of Python's unicodedata; which
characters are emoji, and which scripts need a dictionary to find words (Line_Break=SA: Thai, Lao,
Khmer, Burmese and others), is asked of Perl. Both must know the same version of Unicode.

`unicode_traits` lists the code points from U+0080 on where the class of characters, or whether they
are plain, changes, as code point << 4 | plain << 3 | class. Unassigned ones go with what precedes
them, which keeps the list short. A plain character is not changed by normalization to NFC, whatever
precedes or follows it, and neither is the one character that it folds to.

`unicode_cases` lists runs of letters and the distance to what they fold to, one character for one,
so that both forms of a Greek sigma are the same word. `unicode_long_folds` has those whose full
case folding is several characters; of others with a long one in Unicode's CaseFolding.txt the
decomposition folds to the same.

`unicode_decompositions` has canonical decompositions, one step each: the second part is 0 where
there is one part. `unicode_compositions` are the places in it of pairs that compose, ordered by
their parts. `unicode_combining` lists where the canonical combining class changes, as code
point << 8 | class.
"""
import subprocess
import sys
import unicodedata

OTHER, LETTER, IDEOGRAPH, SYLLABLE, MARK, FORMAT, JOINER, EMOJI = range(8)
PLAIN = 8
ALONE = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA LETTER")
JOINERS = {0x200C, 0x200D}
SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}  # how a symbol is drawn
CODES = [c for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000]
SPACE_OF_NO_WIDTH = 0x200B


def perl(program):
    done = subprocess.run(["perl", "-e", program], check=True, capture_output=True, text=True)
    return done.stdout


def property_of(name):
    """The code points that have a property of Unicode, as Perl knows them."""
    found = perl("for (0x80 .. 0x10FFFF) { next if $_ >= 0xD800 && $_ < 0xE000;"
                 "print \"$_\\n\" if chr($_) =~ /\\p{%s}/ }" % name)
    return {int(line) for line in found.split()}


EMOJIS, DICTIONARY = property_of("Emoji"), property_of("Line_Break=SA")


def class_of(code):
    """None for an unassigned code point."""
    category = unicodedata.category(chr(code))
    if category == "Cn":
        return None
    if code in SELECTORS or (category == "Cf" and code not in JOINERS | {SPACE_OF_NO_WIDTH}):
        return FORMAT
    if code in JOINERS:
        return JOINER
    if unicodedata.name(chr(code), "").startswith(ALONE):
        return IDEOGRAPH
    if category[0] == "M":
        return MARK
    if category[0] == "L" and code in DICTIONARY:
        return SYLLABLE
    return LETTER if category[0] in "LN" else EMOJI if code in EMOJIS else OTHER


def simple_fold(code):
    character = chr(code)
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return ord(folded)
    return ord("i") if code == 0x130 else code  # of the first rules: a capital I with a dot


def inert(character):
    """Whether normalization to NFC changes it nowhere."""
    return (unicodedata.combining(character) == 0 and unicodedata.is_normalized("NFC", character)
            and ord(character) not in SECOND)


def is_plain(code):
    character = chr(code)
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", character).casefold())
    return inert(character) and folded == chr(simple_fold(code)) and inert(folded)


def decompositions():
    for code in CODES:
        parts = unicodedata.decomposition(chr(code))
        if parts and not parts.startswith("<"):
            first, second = [int(part, 16) for part in parts.split() + ["0"]][:2]
            assert not second or unicodedata.normalize("NFD", chr(second)) == chr(second)
            yield code, first, second


PARTS = list(decompositions())
PAIRS = sorted((first, second, place) for place, (code, first, second) in enumerate(PARTS)
               if second and unicodedata.is_normalized("NFC", chr(code)))
SECOND = {second for _, second, _ in PAIRS} | {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}


def changes(value_of, bits):
    before = None
    for code in CODES:
        now = value_of(code)
        if now is not None and now != before:
            yield f"0x{code << bits | now:X}"
            before = now


def traits_of(code):
    found = class_of(code)
    return None if found is None else found | (PLAIN if is_plain(code) else 0)


def cases():
    """Runs of code points, every one or every second, that move by the same distance."""
    moved = [(code, simple_fold(code) - code) for code in CODES if simple_fold(code) != code]
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


def long_folds():
    for code in CODES:
        folded = chr(code).casefold()
        if len(folded) > 1 and unicodedata.normalize("NFD", chr(code)) == chr(code):
            codes = [f"0x{ord(c):X}" for c in folded] + ["0"]
            yield f"{{0x{code:X}, {{{', '.join(codes[:3])}}}}}"


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


asked = perl("use Unicode::UCD; print Unicode::UCD::UnicodeVersion()")
assert asked == unicodedata.unidata_version, f"Perl knows Unicode {asked}"
print(f"/* Unicode {unicodedata.unidata_version}, written by unicode_tables.py. */")
if sys.argv[1] == "traits":
    table("uint32_t unicode_traits", changes(traits_of, 4))
    table("clf__case_run unicode_cases", cases())
else:
    table("clf__long_fold unicode_long_folds", long_folds())
    table("uint32_t unicode_combining", changes(lambda code: unicodedata.combining(chr(code)), 8))
    table("clf__decomposition unicode_decompositions",
          (f"{{0x{code:X}, 0x{first:X}, 0x{second:X}}}" for code, first, second in PARTS))
    table("uint16_t unicode_compositions", (str(place) for _, _, place in PAIRS))
