"""The serial share of each fit: how much of its time on one thread is outside of loops that threads divide.

    meson setup build-perf -Ddebug=true -Dc_args='-fno-omit-frame-pointer -fno-optimize-sibling-calls'
    ninja -C build-perf lib/libclassify.so.0.1.0
    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build-perf/lib/libclassify.so python3 tests/bench/serial.py
        [--models ridge,svm_rbf,…] [--seconds 4] [--where] [--json FILE]

`perf record` samples the stack of fits with threads=1. A sample counts as parallel if the pool's run_alone() is on it,
and belongs to a fit if clf_model_fit() is. What Python does between fits does not count. By Amdahl's law a share s of
serial time leaves 1 / (s + (1 - s) / 16) of 16 cores. --where lists the functions that the serial time is in.
"""

import argparse
import collections
import os
import subprocess
import sys
import tempfile
import time

import results

CNN = ("conv2d filters=16 kernel=3 activation=relu; max_pool2d size=2; flatten; dense units=64 activation=relu; "
       "dense units=10")
MLP = "dense units=256 activation=relu; dense units=128 activation=relu; dense units=10"
FITS = {  # name: rows, columns, classes, kind, params
    "ridge": (20000, 784, 10, "ridge", {}),
    "ridge_wide": (1500, 3000, 10, "ridge", {}),
    "fisher": (20000, 784, 10, "fisher", {}),
    "perceptron": (20000, 784, 10, "perceptron", {"epochs": 10}),
    "logistic": (20000, 100, 10, "logistic", {}),
    "logistic_l1": (5000, 100, 3, "logistic", {"penalty": "l1"}),
    "svm_linear": (10000, 100, 3, "svm", {"kernel": "linear"}),
    "svm_rbf": (5000, 100, 10, "svm", {"kernel": "rbf"}),
    "svm_rbf_2": (5000, 100, 2, "svm", {"kernel": "rbf"}),
    "fisher_rbf": (4000, 100, 10, "fisher", {"kernel": "rbf"}),
    "perceptron_rbf": (4000, 100, 10, "perceptron", {"kernel": "rbf"}),
    "mlp": (10000, 784, 10, "network", {"layers": MLP, "epochs": 1}),
    "cnn": (2000, 784, 10, "network", {"layers": CNN, "epochs": 1}),
    "lstm": (2000, 784, 10, "network", {"layers": "lstm units=64; dense units=10", "epochs": 1}),
}


def fit_for(name, seconds):
    """What the sampled process does."""
    import libclassify as clf
    import numpy as np

    rows, columns, classes, kind, params = FITS[name]
    random = np.random.default_rng(0)
    labels = (np.arange(rows) % classes).astype(np.int32)
    x = random.normal(size=(rows, columns)).astype(np.float32)
    x += 0.7 * random.normal(size=(classes, columns)).astype(np.float32)[labels]
    context = clf.Context(threads=1)
    if name in ("cnn", "lstm"):
        x = x.reshape(rows, 28, 28)
    data = clf.Dataset(x, labels, context=context)
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        clf.Model(kind, context=context, **params).fit(data)


def sampled(name, options, folder):
    """The stacks of the samples, innermost function first."""
    path = os.path.join(folder, "perf.data")
    subprocess.run(["perf", "record", "-q", "-F", "999", "--call-graph", "fp", "-o", path, sys.executable, __file__,
                    "--fit", name, "--seconds", str(options.seconds)], check=True)
    text = subprocess.run(["perf", "script", "-i", path, "-F", "ip,sym"], capture_output=True, text=True).stdout
    for sample in text.split("\n\n"):
        yield [line.split(None, 1)[1] for line in sample.strip().splitlines() if len(line.split(None, 1)) == 2]


def report(name, stacks, where, kept):
    parallel, serial = 0, collections.Counter()
    for stack in stacks:
        if not any(frame.startswith("clf_model_fit") for frame in stack):
            continue
        if any(frame.startswith("run_alone") for frame in stack):
            parallel += 1
        else:
            end = next(i for i, frame in enumerate(stack) if frame.startswith("clf_model_fit"))
            serial[" < ".join(stack[:min(end, 4)])] += 1
    total = parallel + sum(serial.values())
    share = sum(serial.values()) / max(total, 1)
    kept.add(model=name, by="libclassify", threads=1, samples=total, serial_share=share)
    print(f"{name:15s}{total:8d}{100 * share:9.1f} %{1 / (share + (1 - share) / 16):12.1f}", flush=True)
    for path, count in serial.most_common(12 if where else 0):
        print(f"    {100 * count / total:5.1f} %  {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", default=",".join(FITS))
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--where", action="store_true")
    parser.add_argument("--fit", help=argparse.SUPPRESS)
    results.add_option(parser)
    options = parser.parse_args()
    kept = results.Results(options.json)
    if options.fit:
        fit_for(options.fit, options.seconds)
        return
    print(f"{'fit':15s}{'samples':>8s}{'serial':>11s}{'of 16 cores':>12s}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models.split(","):
            report(name, sampled(name, options, folder), options.where, kept)


if __name__ == "__main__":
    main()
