"""What the scripts of this folder measure, in one form: rows of JSON, and times in turns.

A row says what was measured by keys of its own, and by whom (`by`: libclassify, sklearn, torch …). Times are seconds:
`fit_seconds` is the clock's and `fit_cpu_seconds` the processor's, of all threads and of children that were waited
for. all.py reads the rows, plot_results.py and plot_growth.py draw them.
"""

import json
import os
import pathlib
import resource
import statistics
import time

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def add_option(parser):
    parser.add_argument("--json", metavar="FILE", help="the rows, as a file")


class Results:
    """Rows as they are measured; the file is whole after each."""

    def __init__(self, path=None):
        self.path, self.rows = path and pathlib.Path(path), []

    def add(self, **row):
        self.rows.append(row)
        if self.path:
            self.path.write_text(json.dumps(self.rows, indent=1) + "\n")
        return row


def limit_threads(count):
    """Of the peers; before they are loaded."""
    os.environ.update(dict.fromkeys(THREADS, str(count)))


def cpu_seconds():
    return sum(usage.ru_utime + usage.ru_stime for usage in
               map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def timed(function):
    """Wall and processor seconds, and the result."""
    cpu, began = cpu_seconds(), time.perf_counter()
    result = function()
    return time.perf_counter() - began, cpu_seconds() - cpu, result


def times(step, runs):
    """The medians of (wall, processor) pairs, as members of a row."""
    wall, cpu = (statistics.median(part) for part in zip(*runs))
    return {f"{step}_seconds": wall, f"{step}_cpu_seconds": cpu}


def in_turns(works, rounds, peer_rounds=None):
    """(wall, processor) of each run and the last result, of each work by its name: the first is ours, and the others
    run in the first peer_rounds rounds."""
    found = {name: ([], None) for name in works}
    for i in range(rounds):
        for place, (name, work) in enumerate(works.items()):
            if place == 0 or peer_rounds is None or i < peer_rounds:
                *pair, result = timed(work)
                found[name] = (found[name][0] + [pair], result)
    return found


def resident(name):
    """VmHWM or VmRSS of this process, in bytes."""
    lines = pathlib.Path("/proc/self/status").read_text().split("\n")
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def peak_memory(function):
    """The result, and the most bytes that were held above those at the start."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    result = function()
    return result, resident("VmHWM") - before
