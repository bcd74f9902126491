"""Fisher's discriminant of few rows with many features, beside scikit-learn's LinearDiscriminantAnalysis.

    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/fisher_wide.py
        [--sizes 1000x5000,1000x20000,2000x20000] [--solvers svd] [--threads 1] [--rounds 3] [--json FILE]

Rows are f32 of five normal clouds. `lsqr` makes the covariance matrix of the features and takes minutes from 5,000 on;
`svd` decomposes the rows. Prints processor seconds, medians of rounds in turns, and the peer's ratio to ours.
"""

import argparse

import results

results.limit_threads(1)

import libclassify as clf  # noqa: E402
import numpy as np  # noqa: E402


def clouds(rows, columns, classes=5):
    random = np.random.default_rng(0)
    labels = (np.arange(rows) % classes).astype(np.int32)
    x = random.normal(size=(rows, columns)).astype(np.float32)
    return x + 0.1 * random.normal(size=(classes, columns)).astype(np.float32)[labels], labels


def main():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", default="1000x5000,1000x20000,2000x20000,2500x5000")
    parser.add_argument("--solvers", default="svd")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    results.add_option(parser)
    options = parser.parse_args()
    keep, context = results.Results(options.json), clf.Context(threads=options.threads)
    for rows, columns in (map(int, size.split("x")) for size in options.sizes.split(",")):
        x, labels = clouds(rows, columns)
        works = {"libclassify": lambda: clf.Model("fisher", context=context).fit(x, labels)}
        for solver in options.solvers.split(","):
            works[solver] = lambda solver=solver: LinearDiscriminantAnalysis(solver=solver).fit(x, labels)
        found = {who: results.times("fit", runs) for who, (runs, _) in
                 results.in_turns(works, options.rounds).items()}
        ours = found["libclassify"]["fit_cpu_seconds"]
        for who, seconds in found.items():
            keep.add(model="fisher", rows=rows, columns=columns, solver=who, threads=options.threads,
                     by="libclassify" if who == "libclassify" else "sklearn", **seconds)
            print(f"{rows:6d} x {columns:6d} {who:12s}{seconds['fit_cpu_seconds']:9.3f} s"
                  f"{seconds['fit_cpu_seconds'] / ours:8.1f}", flush=True)


if __name__ == "__main__":
    main()
