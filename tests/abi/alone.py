"""Each public header compiles alone: alone.py INCLUDE_FOLDER HEADER… -- COMPILER ARGUMENTS…"""
import subprocess
import sys

split = sys.argv.index("--")
include, headers = sys.argv[1], sys.argv[2:split]
command = sys.argv[split + 1:] + ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", include]

failed = [header for header in headers if subprocess.run(command + [header]).returncode != 0]
print(f"{len(headers)} headers, {len(failed)} failed")
sys.exit(1 if failed or not headers else 0)
