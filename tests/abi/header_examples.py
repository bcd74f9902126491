"""The examples in the headers compile: header_examples.py INCLUDE_FOLDER HEADER… -- COMPILER ARGUMENTS…

The text between @code and @endcode is the body of a function in a program that includes its header and
<stdio.h> alone.
"""
import re
import subprocess
import sys

split = sys.argv.index("--")
include, headers = sys.argv[1], sys.argv[2:split]
command = sys.argv[split + 1:] + ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-xc",
                                  "-I", include, "-"]
count, failed = 0, 0
for path in headers:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    examples = re.findall(r"@code\n(.*?)@endcode", text, flags=re.S)
    if "CLF_API " in text and not examples:
        print(f"{path}: no example")
        failed += 1
    for example in examples:
        body = re.sub(r"^ *\* ?", "", example, flags=re.M)
        program = f'#include <classify/{path.rpartition("/")[2]}>\n#include <stdio.h>\n'
        program += f"void example(void);\nvoid example(void) {{\n{body}}}\n"
        failed += subprocess.run(command, input=program, text=True).returncode != 0
        count += 1
print(f"{count} examples in {len(headers)} headers, {failed} failed")
sys.exit(1 if failed or not count else 0)
