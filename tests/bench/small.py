"""Fits of few rows: every kind of model on one thread and on more, beside scikit-learn (whose SVC is LIBSVM).

    PYTHONPATH=bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/small.py
        [--rows 50,200,1000] [--columns 4,30,100] [--models ridge,svm_rbf,…] [--rounds 7] [--threads 2] [--busy] [--no-peers]
        [--json FILE]

Each line has microseconds of a fit through Python, data included, with threads=1 and --threads, and of the peer, as
medians of rounds in turns; then the ratio of the two, and that of the peer to the slower of both. --busy starts two
processes that never rest and leaves out peers: there more threads may cost a quarter. The last line counts ratios that
are above what is wanted: 1.05 for more threads (1.25 with --busy), 1 for ours to the peer's. --threads 16 on two cores
shows what too many cost. Small ratios need a quiet machine, or `chrt -f 5` before the command (not with --busy).
"""

import argparse
import statistics
import subprocess
import sys
import time

import results

results.limit_threads(1)  # the peers' own threads only cost them time here

import libclassify as clf  # noqa: E402
import numpy as np  # noqa: E402

NETWORK = "dense units=16 activation=relu; dense units=3"
CONV = "conv2d filters=8 kernel=3 activation=relu; max_pool2d size=2; flatten; dense units=3"
MODELS = {
    "ridge": lambda on: clf.Model("ridge", context=on),
    "fisher": lambda on: clf.Model("fisher", context=on),
    "perceptron": lambda on: clf.Model("perceptron", epochs=10, context=on),
    "logistic": lambda on: clf.Model("logistic", context=on),
    "logistic_l1": lambda on: clf.Model("logistic", penalty="l1", context=on),
    "svm_linear": lambda on: clf.Model("svm", kernel="linear", context=on),
    "svm_rbf": lambda on: clf.Model("svm", kernel="rbf", context=on),
    "svm_poly": lambda on: clf.Model("svm", kernel="polynomial", degree=3, context=on),
    "svm_proba": lambda on: clf.Model("svm", kernel="rbf", probability=True, context=on),
    "fisher_rbf": lambda on: clf.Model("fisher", kernel="rbf", context=on),
    "perceptron_rbf": lambda on: clf.Model("perceptron", kernel="rbf", epochs=10, context=on),
    "mlp": lambda on: clf.Network(NETWORK, epochs=5, batch_size=32, context=on),
    "cnn": lambda on: clf.Network(CONV, epochs=2, input=[8, 8], batch_size=32, context=on),
    "lstm": lambda on: clf.Network("lstm units=16; dense units=3", epochs=2, input=[8, 8], batch_size=32, context=on),
}


def peers():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC

    return {
        "ridge": RidgeClassifier,
        "fisher": lambda: LinearDiscriminantAnalysis(solver="lsqr"),
        "perceptron": lambda: Perceptron(max_iter=10, tol=None),
        "logistic": lambda: LogisticRegression(max_iter=200),
        "svm_linear": lambda: SVC(kernel="linear"),
        "svm_rbf": SVC,
        "svm_poly": lambda: SVC(kernel="poly"),
        "mlp": lambda: MLPClassifier((16,), max_iter=5, batch_size=32, tol=0),
    }


def clouds(rows, columns, classes=3):
    """Clouds that overlap, as in bench_small.c."""
    random = np.random.default_rng(1)
    labels = (np.arange(rows) % classes).astype(np.int32)
    offset = (np.arange(columns)[None] % classes == labels[:, None]).astype(np.float32)
    return (4 * random.random((rows, columns), dtype=np.float32) + offset), labels


def seconds(work, repeats):
    """Of a fit, after one that is not counted: what ran before used the caches."""
    work()
    began = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - began) / repeats


def measure(works, rounds, least):
    """Medians of rounds in turns; each round repeats the fit for `least` seconds."""
    import warnings

    taken = {name: [] for name in works}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        repeats = {name: 1 + int(least / seconds(work, 1)) for name, work in works.items()}
        for _ in range(rounds):
            for name, work in works.items():
                taken[name].append(seconds(work, repeats[name]))
    return {name: statistics.median(values) for name, values in taken.items()}


def line(name, rows, columns, found, limit):
    """Prints a line; returns which of two ratios is above what is wanted."""
    one, more, peer = found["one"], found["more"], found.get("peer")
    beside = f"{1e6 * peer:12.0f} {peer / max(one, more):8.1f}" if peer else ""
    slow, behind = more / one > limit, peer is not None and peer < max(one, more)
    mark = (" <- slower with more threads" if slow else "") + (" <- the peer is ahead" if behind else "")
    print(f"{name:15s}{rows:6d} x {columns:4d}{1e6 * one:12.0f}{1e6 * more:12.0f}{more / one:8.2f}{beside}{mark}",
          flush=True)
    return slow, behind


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows")
    parser.add_argument("--columns")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    results.add_option(parser)
    options = parser.parse_args()
    kept = results.Results(options.json)
    many_rows = options.rows or ("300,2000" if options.busy else "50,200,1000")
    many_columns = options.columns or ("30,784" if options.busy else "4,30,100")
    known = {} if options.busy or options.no_peers else peers()
    contexts = {"one": clf.Context(threads=1), "more": clf.Context(threads=options.threads)}
    limit, marks = 1.25 if options.busy else 1.05, []
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 if options.busy else 0)]
    try:
        print(f"{'fit':15s}{'rows':>13s}{'1 thread us':>12s}{f'{options.threads} threads':>12s}{'ratio':>8s}{'peer us':>12s}{'times':>9s}")
        for name in options.models.split(","):
            for rows in map(int, many_rows.split(",")):
                for columns in [64] if name in ("cnn", "lstm") else map(int, many_columns.split(",")):
                    x, y = clouds(rows, columns)
                    shaped = x.reshape(-1, 8, 8) if name in ("cnn", "lstm") else x
                    works = {who: lambda on=on, x=shaped: MODELS[name](on).fit(x, y) for who, on in contexts.items()}
                    if name in known:
                        works["peer"] = lambda x=x: known[name]().fit(x, y)
                    found = measure(works, options.rounds, 0.05 if options.busy else 0.01)
                    for who, threads, by in (("one", 1, "libclassify"), ("more", options.threads, "libclassify"),
                                             ("peer", 1, "sklearn")):
                        if who in found:
                            kept.add(model=name, rows=rows, columns=x.shape[1], threads=threads, by=by,
                                     fit_seconds=found[who])
                    marks.append(line(name, rows, columns, found, limit))
    finally:
        for loop in loops:
            loop.kill()
    print(f"{len(marks)} lines: {sum(m[0] for m in marks)} slower with more threads than {limit}, "
          f"{sum(m[1] for m in marks)} behind the peer")


if __name__ == "__main__":
    main()
