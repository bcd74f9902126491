"""CLF_API is what each platform needs: windows.py INCLUDE_FOLDER HEADER… -- COMPILER ARGUMENTS…

The headers are preprocessed as for Windows and as for Linux; every function must be declared with what
exports it, imports it, or neither.
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import headers  # noqa: E402

split = sys.argv.index("--")
include, paths = sys.argv[1], sys.argv[2:split]
command = sys.argv[split + 1:] + ["-E", "-P", "-xc", "-I", include, "-"]
CASES = [  # what is defined, what stands before each function
    (["-D_WIN32"], "__declspec(dllimport)"),
    (["-D_WIN32", "-DCLASSIFY_BUILDING"], "__declspec(dllexport)"),
    (["-D_WIN32", "-DCLASSIFY_STATIC"], ""),
    (["-U_WIN32"], '__attribute__((visibility("default")))'),
]

functions = headers.functions(paths)
failed = 0
for macros, mark in CASES:
    result = subprocess.run(command + macros, input="#include <classify.h>\n", text=True,
                            capture_output=True)
    declared = {}
    for statement in re.split(r"[;{}]", result.stdout):
        for name in re.findall(r"\b(clf_\w+)\s*\(", statement):
            declared[name] = re.findall(r"__declspec\(\w+\)|__attribute__\(\(\w+\(.\w+.\)\)\)", statement)
    for function in functions:
        found = declared.get(function)
        if found != ([mark] if mark else []):
            print(f"{' '.join(macros)}: {function} has {found}")
            failed += 1
    failed += result.returncode != 0
print(f"{len(functions)} functions, {failed} failed")
sys.exit(1 if failed or not functions else 0)
