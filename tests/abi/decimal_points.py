"""The library writes numbers with a fraction by clf__number_text() alone, with a point whatever the
host's locale is: printf() would write a comma in many."""
import pathlib
import re
import sys

# %.0f has neither fraction nor point.
FRACTION = re.compile(r'%(?!\.0f)[-+ #0]*(\*|\d+)?(\.(\*|\d+)?)?L?[aefgAEFG]\b')
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
ALLOWED = "base/number.c"  # which mends what printf() wrote


def main(root):
    root = pathlib.Path(root)
    files = sorted(path for path in root.rglob("*") if path.suffix in {".c", ".h"})
    wrong = 0
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if path.relative_to(root).as_posix() == ALLOWED:
                continue
            for text in STRING.findall(line):
                if FRACTION.search(text.replace("%%", "")):
                    print(f"{path.relative_to(root)}:{number}: {text}: use clf__number_text()")
                    wrong += 1
    print(f"{len(files)} files")
    return 1 if wrong or not files else 0


sys.exit(main(sys.argv[1]))
