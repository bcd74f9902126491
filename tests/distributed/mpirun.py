#!/usr/bin/env python3
"""Runs a program by mpirun: mpirun.py MPIRUN RANKS PROGRAM WHAT.

The program prints what went wrong, and returns 0 if nothing did. With `dies`, one process ends in
the middle of a fit: MPI must end the others, and no file may be left. With `late` one does not go on:
the others must name it, which then end all.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import launch

mpirun, ranks, program, what = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "model.clf"
    run = subprocess.run([*launch.command(mpirun, ranks), program, what, str(path)],
                         capture_output=True, text=True, timeout=100)
    left = os.listdir(folder)
    print(run.stdout, run.stderr, left)
    if what == "dies":
        ended = run.returncode == 9 or re.search(r"exit code:\s+9\b", run.stdout + run.stderr, re.IGNORECASE)
        sys.exit(0 if run.returncode != 0 and ended and left == [] else 1)
    if what == "late":
        named = f"rank {int(ranks) - 1} has not come to all_gather in time"
        sys.exit(0 if run.returncode != 0 and named in run.stdout and left == [] else 1)
    sys.exit(run.returncode or (0 if (left == ["model.clf"]) == (what in ("fit", "timed")) else 1))
