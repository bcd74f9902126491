#!/usr/bin/env python3
"""Fits, transforms and predictions on rows that are larger than the memory.

Makes a file of rows (and a CSV file) in --folder, and runs each model on it in a process of its own, under
memory_limit=400000000. Prints the table of docs/scale.md: the peak of the anonymous memory of the process, what of it
the rows caused, the bytes that a fit read from the disk, and its seconds beside those of reading the file once. The
file is dropped from the page cache before each measurement.

    tests/bench/out_of_core.py --folder /var/tmp/rows            # 12 GB, and 3 GB of CSV
    tests/bench/out_of_core.py --folder /tmp/rows --rows 20000   # seconds
    tests/bench/out_of_core.py --folder /tmp/rows --use FILE     # a file of rows that exists, and is kept
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time

LIMIT = 400_000_000
PIECE = 10_000
CASES = {  # name: what is fitted, its kind or layers, parameters
    "ridge": ("model", "ridge", {}),
    "fisher": ("model", "fisher", {}),
    "logistic": ("model", "logistic", {"max_iterations": 5}),
    "perceptron": ("model", "perceptron", {"epochs": 1}),
    "svm linear": ("model", "svm", {"kernel": "linear", "max_iterations": 5}),
    "network": ("network", "dense units=64 | activation | dense units=3", {"epochs": 1, "batch_size": 256}),
    "min_max": ("transform", "min_max", {}),
    "standardize": ("transform", "standardize", {}),
    "pca": ("transform", "pca", {"components": 10}),
}


def anonymous():
    """The anonymous memory of the process, in bytes."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("RssAnon"):
                return int(line.split()[1]) * 1024
    return 0


class Peak(threading.Thread):
    """Samples the anonymous memory."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak = 0
        self.over = False

    def run(self):
        while not self.over:
            self.peak = max(self.peak, anonymous())
            time.sleep(0.005)


def work():
    """The processor seconds of the process, and the bytes that it read from the disk."""
    with open("/proc/self/io") as counts:
        read = next(int(line.split()[1]) for line in counts if line.startswith("read_bytes"))
    return time.process_time(), read


def forget(path):
    """Drops a file from the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def read_seconds(path):
    """The seconds of reading a file from its start to its end."""
    forget(path)
    began = time.perf_counter()
    buffer = bytearray(1 << 22)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return time.perf_counter() - began


def make_rows(path, rows, columns):
    """Writes rows of three classes, and returns the seconds."""
    import numpy as np

    import libclassify as clf

    dice = np.random.default_rng(0)
    centers = dice.normal(size=(3, columns)).astype(np.float32) * 0.1
    noise = dice.normal(size=(PIECE, columns)).astype(np.float32)
    began = time.perf_counter()
    with clf.DatasetWriter(path) as writer:
        for first in range(0, rows, PIECE):
            y = (np.arange(first, min(first + PIECE, rows)) * 7919) % 3
            writer.append(np.roll(noise, first // PIECE, axis=0)[:len(y)] + centers[y], y)
    return time.perf_counter() - began


def make_csv(path, rows, columns):
    """Writes a CSV file of 28-column rows and the like."""
    import numpy as np

    dice = np.random.default_rng(0)
    lines = []
    for i in range(1000):
        values = dice.normal(size=columns) + (np.arange(columns) % 3 == i % 3)
        lines.append(",".join(f"{v:.5f}" for v in values) + f",{i % 3}\n")
    text = "".join(lines)
    with open(path, "w") as file:
        for _ in range(max(rows // 1000, 1)):
            file.write(text)


def run_one(path, reader, params, name):
    """Runs one case in this process, and prints what it took."""
    import libclassify as clf

    context = clf.Context(threads=2, memory_limit=LIMIT)
    began = time.perf_counter()
    peak = Peak()
    before = anonymous()
    peak.start()
    data = clf.Dataset.load(reader, path, context=context, **params)
    load = time.perf_counter() - began
    result = {"name": name, "rows": len(data), "load_seconds": load}
    if name != "load":
        what, kind, options = CASES[name]
        began = time.perf_counter()
        processor, read = work()
        if what == "transform":
            clf.Transform(kind, context=context, **options).fit(data)
        elif what == "network":
            clf.Network([layer.strip() for layer in kind.split("|")], context=context, **options).fit(data)
        else:
            fitted = clf.Model(kind, context=context, **options).fit(data)
        result["fit_seconds"] = time.perf_counter() - began
        result["processor_seconds"], result["fit_bytes"] = (after - b for after, b in zip(work(), (processor, read)))
        if what == "model":
            forget(path) if reader == "rows" else None
            began = time.perf_counter()
            fitted.predict(data)
            result["predict_seconds"] = time.perf_counter() - began
    peak.over = True
    peak.join()
    result.update(anonymous=max(peak.peak, anonymous()), before=before, held=context.memory_peak)
    print(json.dumps(result))


def case(arguments, path, reader, name):
    """Runs a case in a process of its own."""
    if reader == "rows":
        forget(path)
    run = subprocess.run([sys.executable, __file__, "--one", name, "--path", path, "--reader", reader,
                          "--folder", arguments.folder], capture_output=True, text=True)
    if run.returncode != 0:
        return {"name": name, "failed": run.stderr.strip().split("\n")[-1]}
    return json.loads(run.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", required=True, help="on a disk, not on tmpfs")
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--columns", type=int, default=1000)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--use", help="a file of rows that exists, instead of a new one; without the CSV file")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        params = {"spill": arguments.folder} if arguments.reader != "rows" else {}
        run_one(arguments.path, arguments.reader, params, arguments.one)
        return
    os.makedirs(arguments.folder, exist_ok=True)
    if arguments.use:
        run_rows(arguments, arguments.use, "")
        return
    path = os.path.join(arguments.folder, "made.rows")
    text = os.path.join(arguments.folder, "made.csv")
    try:
        seconds = make_rows(path, arguments.rows, arguments.columns)
        run_rows(arguments, path, f", {arguments.rows:,} rows of {arguments.columns:,} f32: written in {seconds:.1f} s")
        make_csv(text, arguments.rows * arguments.columns // 1200, 150)
        size = os.path.getsize(text)
        print(f"\nCSV of {size / 1e9:.2f} GB, read in {read_seconds(text):.1f} s:\n")
        for name in ("load", "ridge"):
            print_row(case(arguments, text, "csv", name), None)
    finally:
        for made in (path, text):
            if os.path.exists(made):
                os.remove(made)


def run_rows(arguments, path, made):
    """Prints the table of a file of rows."""
    reading = read_seconds(path)
    print(f"{os.path.getsize(path) / 1e9:.2f} GB{made}, read in {reading:.1f} s\n")
    print("| | anonymous memory, MB | of the library, MB | fit, s | fit / reading | processor, s | read, GB | predict, s "
          "| predict / reading |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in arguments.cases.split(","):
        print_row(case(arguments, path, "rows", name), reading)


def print_row(r, reading):
    """Prints a row of the table."""
    if "failed" in r:
        print(f"| {r['name']} | {r['failed']} |", flush=True)
        return
    fit, predict = r.get("fit_seconds"), r.get("predict_seconds")
    ratio = lambda s: f"{s / reading:.2f}" if s and reading else ""
    cells = [r["name"], f"{r['anonymous'] / 1e6:.0f} ({(r['anonymous'] - r['before']) / 1e6:.0f} more than without)",
             f"{r['held'] / 1e6:.0f}", f"{fit:.1f}" if fit else f"load {r['load_seconds']:.1f}", ratio(fit),
             f"{r['processor_seconds']:.1f}" if fit else "", f"{r['fit_bytes'] / 1e9:.1f}" if fit else "",
             f"{predict:.1f}" if predict else "", ratio(predict)]
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
