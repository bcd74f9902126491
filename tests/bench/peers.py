"""Fit and predict times beside other libraries on MNIST, in turns, in one run, as ratios of medians.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/peers.py --data DIR [--rounds N]
        [--models ridge,fisher,perceptron,logistic] [--threads N] [--json FILE]

Needs NumPy and scikit-learn (the newest: a virtual environment will do); scikit-learn-intelex is used
as well where it is installed. Peers get pixels as float64, scaled to [0, 1], the form in which
scikit-learn's own accuracy is best; this library gets the bytes.
"""

import argparse
import gzip
import json
import os
import pathlib
import platform
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", default=os.environ.get("CLASSIFY_DATA"), required=False)
parser.add_argument("--models", default="ridge,fisher,perceptron,logistic")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--peer-rounds", type=int, default=1, help="rounds in which peers run too")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--json")
options = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(options.threads)

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402

clf.sklearn()
import sklearn  # noqa: E402
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # noqa: E402
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier  # noqa: E402


def idx(name):
    folder = pathlib.Path(options.data)
    folder = folder / "mnist" if (folder / "mnist").is_dir() else folder
    raw = gzip.open(folder / (name + ".gz")).read()
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">i4", dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def load(part):
    images = idx(part + "-images-idx3-ubyte")
    return images.reshape(len(images), -1), idx(part + "-labels-idx1-ubyte")


train_bytes, train_labels = load("train")
test_bytes, test_labels = load("t10k")
train_numbers, test_numbers = train_bytes / 255.0, test_bytes / 255.0
on = clf.context(f"threads={options.threads}")
train = clf.Dataset(train_bytes, train_labels, scale=1 / 255, on=on.handle)
test = clf.Dataset(test_bytes, test_labels, scale=1 / 255, on=on.handle)


def objective(weights, intercept):
    """The logistic objective with C = 1, in float64."""
    z = train_numbers @ np.asarray(weights, float).T + np.asarray(intercept, float)
    z -= z.max(1, keepdims=True)
    losses = np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), train_labels]
    return losses.sum() + (np.asarray(weights, float) ** 2).sum() / 2


# name: our kind and parameters, the peer
MODELS = {
    "ridge": ("ridge", "alpha=1", lambda: RidgeClassifier(alpha=1)),
    "fisher": ("fisher", None, LinearDiscriminantAnalysis),
    "perceptron": ("perceptron", "epochs=10 averaged=true",
                   lambda: Perceptron(max_iter=10, tol=None, n_jobs=options.threads)),
    "logistic": ("logistic", "C=1", lambda: LogisticRegression(C=1, max_iter=1000)),
}


def timed(function):
    began = time.perf_counter()
    result = function()
    return time.perf_counter() - began, result


def run_ours(kind, params):
    model = clf.Model(kind, params, on=on.handle)
    fit, _ = timed(lambda: model.fit(train))
    predict, labels = timed(lambda: model.predict(test))
    return fit, predict, float((labels == test_labels).mean()), model


def run_peer(make):
    model = make()
    fit, _ = timed(lambda: model.fit(train_numbers, train_labels))
    predict, labels = timed(lambda: model.predict(test_numbers))
    return fit, predict, float((labels == test_labels).mean()), model


def extras(name, ours, peer):
    if name == "ridge":
        w = ours.tensor("weights")
        return {"weights_relative_difference":
                float(np.abs(w - peer.coef_).max() / np.abs(peer.coef_).max())}
    if name == "logistic":
        return {"objective": objective(ours.tensor("weights"), ours.tensor("intercept")),
                "peer_objective": objective(peer.coef_, peer.intercept_),
                "peer_iterations": int(peer.n_iter_.max()),
                "iterations": len(ours.tensor("history_loss")), "outcome": ours.outcome()}
    return {}


def measure(name):
    kind, params, make = MODELS[name]
    ours, peers = [], []
    for i in range(options.rounds):
        ours.append(run_ours(kind, params))
        if i < options.peer_rounds:
            peers.append(run_peer(make))
    median = lambda runs, i: statistics.median(run[i] for run in runs)
    row = {"model": name, "params": params or "", "test_accuracy": ours[0][2],
           "fit_seconds": median(ours, 0), "predict_seconds": median(ours, 1),
           "peer_test_accuracy": peers[0][2], "peer_fit_seconds": median(peers, 0),
           "peer_predict_seconds": median(peers, 1)}
    row["fit_ratio"] = row["peer_fit_seconds"] / row["fit_seconds"]
    row["predict_ratio"] = row["peer_predict_seconds"] / row["predict_seconds"]
    row.update(extras(name, ours[0][3], peers[0][3]))
    return row


print(f"libclassify {clf.lib.clf_version().decode()} ({clf.lib.clf_context_cpu(on.handle).decode()}), "
      f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, {options.threads} threads, "
      f"{platform.machine()}, {len(train_labels)}/{len(test_labels)} rows")
print(f"{'model':<11}{'accuracy':>9}{'peer':>8}{'fit s':>9}{'peer':>9}{'ratio':>8}"
      f"{'predict s':>11}{'peer':>8}{'ratio':>7}")
rows = []
for chosen in options.models.split(","):
    r = measure(chosen)
    rows.append(r)
    print(f"{r['model']:<11}{r['test_accuracy']:>9.4f}{r['peer_test_accuracy']:>8.4f}"
          f"{r['fit_seconds']:>9.3f}{r['peer_fit_seconds']:>9.2f}{r['fit_ratio']:>7.1f}x"
          f"{r['predict_seconds']:>11.4f}{r['peer_predict_seconds']:>8.3f}"
          f"{r['predict_ratio']:>6.1f}x", flush=True)
    for key in list(r)[10:]:
        print(f"           {key}: {r[key]:.8g}")
if options.json:
    pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
