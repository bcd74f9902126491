#!/usr/bin/env python3
"""Runs a program by mpirun: mpirun.py MPIRUN RANKS PROGRAM WHAT.

The program prints what went wrong, and returns 0 if nothing did. With `dies`, one process ends in
the middle of a fit: MPI must end the others, and no file may be left. With `late` one does not go on:
the others must name it, which then end all. With `killed` the one that saves is killed from outside: the file that
was there stays whole, and nothing else is left.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import launch

mpirun, ranks, program, what = sys.argv[1:]


def kill_within_a_save(command, path):
    """Returns whether all processes end, and only the whole file is there."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        try:
            line = next((line for line in run.stdout if line.endswith("saves\n")), None)
            whole = path.read_bytes()
            os.kill(int(line.split()[1]), signal.SIGKILL)
            run.communicate(timeout=100)
        finally:
            run.kill()
    print(run.returncode, os.listdir(path.parent))
    return run.returncode != 0 and os.listdir(path.parent) == [path.name] and path.read_bytes() == whole


with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "model.clf"
    if what == "killed":
        sys.exit(not kill_within_a_save([*launch.command(mpirun, ranks), program, what, str(path)], path))
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
