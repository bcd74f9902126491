#!/usr/bin/env python3
"""How fast a CSV file of 20 columns of categories and 5 of numbers is read: libclassify on one
thread beside pandas and polars, each in a process of its own, in processor seconds.

    CLASSIFY_LIBRARY=build/lib/libclassify.so PYTHONPATH=build/bindings/python tests/bench/table_csv.py [MB [FOLDER]] [--json FILE]
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile

import results

READERS = {
    "libclassify": """
import libclassify as clf
rows = clf.Dataset.load("csv", path, context=clf.Context(threads=1), missing="keep")
shape = (len(rows), rows.n_features)
""",
    "pandas (C engine)": """
import pandas
table = pandas.read_csv(path, dtype={f"c{j}": "category" for j in range(20)})
shape = table.shape
""",
    "pandas, as objects": """
import pandas
table = pandas.read_csv(path)
shape = table.shape
""",
    "polars (1 thread)": """
import polars
table = polars.read_csv(path, schema_overrides={f"c{j}": polars.Categorical for j in range(20)})
shape = table.shape
""",
}


def write(path, megabytes):
    """Categories of 3 to 3,000 names; a twentieth of all values is missing."""
    draw = random.Random(1)
    names = [[f"{draw.choice('abcdefgh')}{draw.randrange(10 ** (2 + j % 5))}" for _ in range(3 + 150 * j)] for j in range(20)]
    lines = []
    for _ in range(20000):
        fields = [draw.choice(names[j]) if draw.random() > 0.05 else "" for j in range(20)]
        fields += [f"{draw.gauss(0, 1):.4f}" for _ in range(4)] + [str(draw.randrange(1000))]
        lines.append(",".join(fields + [draw.choice("yn")]))
    block = "\n".join(lines) + "\n"
    with open(path, "w") as file:
        file.write(",".join([f"c{j}" for j in range(20)] + [f"x{j}" for j in range(5)] + ["label"]) + "\n")
        for _ in range(max(1, megabytes * 1000000 // len(block))):
            file.write(block)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("megabytes", nargs="?", type=int, default=1000)
    parser.add_argument("folder", nargs="?", default=tempfile.gettempdir())
    results.add_option(parser)
    options = parser.parse_args()
    kept, megabytes, folder = results.Results(options.json), options.megabytes, options.folder
    path = os.path.join(folder, f"table-{os.getpid()}.csv")
    write(path, megabytes)
    size = os.path.getsize(path) / 1e6
    try:
        for name, code in READERS.items():
            script = (f"import resource, time\npath = {path!r}\n"
                      "open(path, 'rb').read()\n" + code.replace("rows =", "begin = time.process_time()\nrows =")
                      .replace("table =", "begin = time.process_time()\ntable =")
                      + "used = time.process_time() - begin\n"
                      "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3\n"
                      "print(*shape, used, peak)\n")
            done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True,
                                  env={**os.environ, "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"})
            if done.returncode != 0:
                print(f"{name:20} {done.stderr.strip().splitlines()[-1]}")
                continue
            rows, columns, used, peak = map(float, done.stdout.split()[-4:])
            kept.add(by=name, file_bytes=1e6 * size, rows=rows, work_cpu_seconds=used, memory_bytes=1e6 * peak)
            print(f"{name:20} {size:6.0f} MB {rows:10.0f} rows {used:7.2f} s of a processor, "
                  f"{1000 * used / size:6.2f} ms a MB, {size / used:6.0f} MB/s, "
                  f"peak {peak:6.0f} MB", flush=True)
    finally:
        os.remove(path)


if __name__ == "__main__":
    main()
