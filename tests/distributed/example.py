#!/usr/bin/env python3
"""The example prints the same on any number of processes, but for the times: example.py MPIRUN PROGRAM."""
import pathlib
import re
import subprocess
import sys

import launch

mpirun, program = sys.argv[1:]
data = pathlib.Path(__file__).resolve().parents[2] / "examples" / "data"
tables = []
for ranks in 1, 3:
    run = subprocess.run([*launch.command(mpirun, ranks), program, str(data), "1", "ridge", "fisher"],
                         capture_output=True, text=True, timeout=100)
    if run.returncode != 0:
        sys.exit(run.stdout + run.stderr)
    tables.append(re.sub(r" *[0-9.]+ s ", " ", run.stdout))
print(*tables)
sys.exit(0 if tables[0] == tables[1] and re.search(r"ridge +8\d\.\d\d %", tables[0]) else 1)
