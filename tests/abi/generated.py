"""A table is what its script prints: generated.py SCRIPT TABLE"""
import pathlib
import subprocess
import sys

script, table = sys.argv[1:]
printed = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, text=True, check=True).stdout
if printed != pathlib.Path(table).read_text(encoding="utf-8"):
    sys.exit(f"{table} is not what {script} prints: {sys.executable} {script} > {table}")
