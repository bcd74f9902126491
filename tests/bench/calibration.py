"""Calibrated probabilities beside scikit-learn's, on rows that neither saw.

    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so \\
        python3 tests/bench/calibration.py --data DIR [--sets digits,mnist,imdb,cancer,wine,iris,diabetes]
        [--models ridge,…] [--methods sigmoid,temperature,isotonic] [--times] [--libsvm ROWS]

Each model is fitted with calibration=METHOD, and stands in scikit-learn's CalibratedClassifierCV of the same
method and folds (ensemble=False: one calibration of the scores of a cross-validation, as here), so that both
calibrate the same scores; only svm's sigmoid is another method, of pairs of classes. Prints Brier score and log loss of both on the test rows; a line ends in
"worse" where ours is more than 0.001 above. --times prints the processor seconds of fits of svm with and
without calibration, and --libsvm those of svm-train -b 0 and -b 1 on so many rows of MNIST.
"""
import argparse
import gzip
import pathlib
import resource
import subprocess
import tarfile
import tempfile
import time
import warnings

import libclassify as clf
import numpy as np
from sklearn import datasets
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss

LENET = ("conv2d filters=6 kernel=5 activation=tanh; average_pool2d size=2; conv2d filters=16 kernel=5 "
         "activation=tanh; average_pool2d size=2; flatten; dense units=120 activation=tanh; "
         "dense units=84 activation=tanh; dense units=10")
MODELS = {
    "ridge": ("ridge", {}),
    "perceptron": ("perceptron", {}),
    "svm linear": ("svm", {"kernel": "linear", "C": 0.1}),
    "svm polynomial": ("svm", {"kernel": "polynomial", "degree": 2, "coef0": 1}),
    "svm rbf": ("svm", {"kernel": "rbf"}),
    "svm sigmoid": ("svm", {"kernel": "sigmoid"}),
    "kernel fisher": ("fisher", {"kernel": "rbf", "alpha": 0.01}),
    "mlp": ("network", {"layers": "dense units=32 activation=relu; dense units={classes}", "epochs": 20}),
    "lenet5": ("network", {"layers": LENET, "epochs": 4, "input": "28,28,1"}),
}


def read_idx(path, head):
    return np.frombuffer(gzip.open(path).read(), np.uint8)[head:]


def mnist(folder):
    parts = []
    for name in "train", "t10k":
        x = read_idx(folder / "mnist" / f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 784)
        parts += [(x[:10000] / 255).astype(np.float32), read_idx(folder / "mnist" / f"{name}-labels-idx1-ubyte.gz", 8)[:10000]]
    return parts


def imdb(folder):
    from sklearn.feature_extraction.text import TfidfVectorizer
    texts = {"train": ([], []), "test": ([], [])}
    with tarfile.open(folder / "aclImdb.tar.gz") as archive:
        for member in archive:
            words = member.name.split("/")
            if len(words) == 4 and words[2] in ("pos", "neg"):
                texts[words[1]][0].append(archive.extractfile(member).read().decode())
                texts[words[1]][1].append(words[2] == "pos")
    vectors = TfidfVectorizer(min_df=5, sublinear_tf=True, dtype=np.float32)
    train = vectors.fit_transform(texts["train"][0])
    order = np.random.default_rng(0).permutation(train.shape[0])
    return (train[order], np.array(texts["train"][1])[order].astype(int), vectors.transform(texts["test"][0]),
            np.array(texts["test"][1]).astype(int))


def table(name):
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    y = (y > np.median(y)).astype(int) if name == "diabetes" else y
    order = np.random.default_rng(0).permutation(len(y))
    x, y = x[order], y[order]
    cut = len(y) * 2 // 3
    mean, scale = x[:cut].mean(axis=0), x[:cut].std(axis=0) + 1e-12
    x = (x / 16 if name == "digits" else (x - mean) / scale).astype(np.float32)
    return x[:cut], y[:cut], x[cut:], y[cut:]


def load(name, folder):
    return mnist(folder) if name == "mnist" else imdb(folder) if name == "imdb" else \
        table({"cancer": "breast_cancer"}.get(name, name))


class Scores(ClassifierMixin, BaseEstimator):
    """A model of the library as scikit-learn's wrapper takes it: its scores."""

    def __init__(self, kind=None, params=None):
        self.kind = kind
        self.params = params

    def fit(self, X, y):
        self.model_ = clf.Model(self.kind, **self.params).fit(X, y)
        self.classes_ = np.asarray(self.model_.classes)
        return self

    def decision_function(self, X):
        values = self.model_.decision_function(X)
        return values[:, 1] - values[:, 0] if values.shape[1] == 2 else values

    def predict(self, X):
        return self.model_.predict(X)


def brier(y, p, classes):
    return float(((p - (y[:, None] == classes)) ** 2).sum(axis=1).mean())


def folds(y):
    """The rows of training and testing of the folds that a fit of these labels has."""
    rows = clf.Dataset(np.arange(len(y), dtype=np.float64)[:, None], y)
    return [tuple(np.sort(np.asarray(part.tensor("x")).ravel().astype(int)) for part in fold) for fold in rows.folds(5)]


def compare(name, model, method, rows):
    x, y, test, truth = rows
    classes = np.unique(y)
    kind, params = MODELS[model]
    params = {key: value.format(classes=len(classes)) if key == "layers" else value for key, value in params.items()}
    own = clf.Model(kind, calibration=method, **params).fit(x, y)
    p = own.predict_proba(test)
    assert (own.classes[p.argmax(axis=1)] == own.predict(test)).all(), "predict is not the argmax"
    theirs = CalibratedClassifierCV(Scores(kind, params), method=method, cv=folds(y), ensemble=False).fit(x, y)
    q = theirs.predict_proba(test)
    ours, peers = [(brier(truth, v, classes), log_loss(truth, np.clip(v, 1e-7, 1), labels=classes)) for v in (p, q)]
    worse = any(a > b + 0.001 for a, b in zip(ours, peers))
    print(f"{name:9} {model:15} {method:12} Brier {ours[0]:.4f} {peers[0]:.4f}  log loss {ours[1]:.4f} {peers[1]:.4f}"
          + ("  worse" if worse else ""), flush=True)


def seconds(kind, params, rows, more):
    context = clf.Context(threads=1)
    best = np.inf
    for _ in range(2):
        data = clf.Dataset(rows[0], rows[1], context=context)
        began = time.process_time()
        clf.Model(kind, context=context, **params, **more).fit(data)
        best = min(best, time.process_time() - began)
    return best


def print_times(name, rows, methods):
    for model, (kind, params) in MODELS.items():
        if kind == "svm":
            plain, *calibrated = (seconds(kind, params, rows, more)
                                  for more in ({}, *({"calibration": method} for method in methods)))
            print(f"{name:9} {model:15} fit {plain:.3f} s, with calibration "
                  + ", ".join(f"{method} {taken:.3f} s: {taken / plain:.2f} times"
                              for method, taken in zip(methods, calibrated)), flush=True)


def print_libsvm(rows, count):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows"
        datasets.dump_svmlight_file(rows[0][:count], rows[1][:count], str(path), zero_based=False)
        taken = []
        for b in "0", "1":
            began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            subprocess.run(["svm-train", "-q", "-b", b, "-c", "1", str(path), str(path) + ".model"], check=True)
            taken.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - began)
        print(f"LIBSVM, {count} rows of MNIST, rbf: {taken[0]:.1f} s, -b 1 {taken[1]:.1f} s: "
              f"{taken[1] / taken[0]:.2f} times", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--sets", default="digits,cancer,wine,iris,diabetes")
    parser.add_argument("--models", default=",".join(m for m in MODELS if m != "lenet5"))
    parser.add_argument("--methods", default="sigmoid,temperature,isotonic")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--libsvm", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.sets.split(","):
        rows = load(name, options.data)
        if options.times:
            print_times(name, rows, options.methods.split(","))
        for model in filter(None, options.models.split(",")):
            for method in options.methods.split(","):
                compare(name, model, method, rows)
        if options.libsvm and name == "mnist":
            print_libsvm(rows, options.libsvm)


main()
