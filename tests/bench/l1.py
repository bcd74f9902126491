"""L1 penalties beside LIBLINEAR (by scikit-learn): processor seconds in turns, at equal objectives.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/l1.py ROWS.npz [--C 1,10]
        [--runs 3] [--eps 1e-2,1e-4] [--path 20]

ROWS.npz has sparse rows of two classes as value, column, row_start and y. Both fit logistic regression
without an intercept, on one thread. LIBLINEAR's seconds are those of its fit to rows that it holds
already, with each tolerance; ours are those of the fit that first has an objective as low, by
max_iterations. The path is a fit for each of so many values of C up to the largest, with warm_start.
"""

import argparse
import pathlib
import sys
import tempfile
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("rows")
parser.add_argument("--C", default="1,10")
parser.add_argument("--eps", default="1e-2,1e-4")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--path", type=int, default=20)
options = parser.parse_args()

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402
from sklearn.datasets import dump_svmlight_file  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

warnings.simplefilter("ignore")
given = np.load(options.rows)
X = csr_matrix((given["value"], given["column"], given["row_start"]))
y = given["y"].astype(np.int32)
on = clf.context("threads=1")
with tempfile.NamedTemporaryFile(suffix=".svm") as file:
    dump_svmlight_file(X, y, file.name, zero_based=False)
    data = clf.Dataset.load("svmlight", file.name, f"features={X.shape[1]}")


def objective(w, C):
    return C * np.logaddexp(0, -np.where(y > 0, 1, -1) * (X @ w)).sum() + np.abs(w).sum()


def timed(function):
    began = time.process_time()
    result = function()
    return time.process_time() - began, result


def fit(params):
    model = clf.Model("logistic", "penalty=l1 fit_intercept=false " + params, on=on.handle)
    seconds, _ = timed(lambda: model.fit(data))
    w = model.tensor("weights_f64")
    return seconds, w[1] - w[0]


def iterations_for(C, goal):
    for count in range(1, 100):
        if objective(fit(f"C={C} max_iterations={count}")[1], C) <= goal:
            return count
    return 100


def compare(C, eps):
    goal, seconds = None, {"ours": [], "theirs": []}
    for run in range(options.runs):
        model = LogisticRegression(penalty="l1", solver="liblinear", C=C, tol=eps,
                                   fit_intercept=False, max_iter=10000)
        seconds["theirs"].append(timed(lambda: model.fit(X, y))[0])
        if goal is None:
            goal = objective(model.coef_[0], C)
            count = iterations_for(C, goal)
        seconds["ours"].append(fit(f"C={C} max_iterations={count}")[0])
    ours, theirs = min(seconds["ours"]), min(seconds["theirs"])
    print(f"C={C:g} tol={eps:g}: objective {goal:.4f}: LIBLINEAR {theirs:.3f} s, ours {ours:.3f} s "
          f"({count} iterations), {theirs / ours:.2f} times", flush=True)


def path(C):
    model = clf.Model("logistic", "penalty=l1 fit_intercept=false warm_start=true", on=on.handle)
    total = 0
    for value in np.logspace(np.log10(C) - 2, np.log10(C), options.path):
        clf.call("clf_model_set_f64", model, "C", clf.C.c_double(value))
        total += timed(lambda: model.fit(data))[0]
    alone = fit(f"C={C}")[0]
    print(f"path of {options.path} values up to C={C:g}: {total:.3f} s, one fit {alone:.3f} s, "
          f"{total / alone:.2f} times", flush=True)


for C in (float(word) for word in options.C.split(",")):
    for eps in (float(word) for word in options.eps.split(",")):
        compare(C, eps)
    if options.path > 0:
        path(C)
