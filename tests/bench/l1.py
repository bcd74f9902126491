"""L1 penalties and elastic nets beside LIBLINEAR and saga (by scikit-learn): processor seconds at equal objectives.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/l1.py ROWS [--model logistic,svm,elastic_net]
        [--C 1,10] [--runs 3] [--tol 1e-2,1e-4] [--path 20] [--rows N] [--threads 1] [--cap 100]
        [--json FILE]

ROWS is a folder with the IDX files of MNIST, or an .npz file with sparse rows as value, column, row_start, or dense
bytes x, and y. All fit each class against the rest (two
classes: one machine) without an intercept: logistic regression and the squared hinge (svm) with an L1 penalty beside
LIBLINEAR's solvers 6 and 5, and a logistic regression with an elastic net of l1_ratio=0.5 beside saga. Their seconds are
those of fits to rows that they hold already, with each tolerance; ours those of the fit that first has an objective as
low, by max_iterations. The path is a fit for each of so many values of C up to the largest, with warm_start.
"""

import argparse
import pathlib
import sys
import tempfile
import warnings

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("rows_file")
parser.add_argument("--model", default="logistic")
parser.add_argument("--C", default="1,10")
parser.add_argument("--tol", default="1e-2,1e-4")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--path", type=int, default=20)
parser.add_argument("--rows", type=int, default=10**9)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--cap", type=int, default=100, help="most iterations of ours")
results.add_option(parser)
options = parser.parse_args()

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402
from sklearn.datasets import dump_svmlight_file  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

warnings.simplefilter("ignore")
kept = results.Results(options.json)
if pathlib.Path(options.rows_file).is_dir():
    from peer_lines import load
    given = dict(zip(("x", "y"), load(options.rows_file, "train")))
else:
    given = np.load(options.rows_file)
on = clf.context(f"threads={options.threads}")
y = given["y"][:options.rows].astype(np.int32)
if "x" in given:
    x = given["x"][:options.rows]
    X, data = csr_matrix(x / 255.0), clf.Dataset(x, y, scale=1 / 255, on=on.handle)
else:
    X = csr_matrix((given["value"], given["column"], given["row_start"]))[:options.rows]
    with tempfile.NamedTemporaryFile(suffix=".svm") as file:
        dump_svmlight_file(X, y, file.name, zero_based=False)
        data = clf.Dataset.load("svmlight", file.name, f"features={X.shape[1]}")
classes = np.unique(y)
sides = [np.where(y == k, 1, -1) for k in (classes if len(classes) > 2 else classes[1:])]
RATIO = 0.5
KINDS = {"logistic": ("logistic", "penalty=l1 fit_intercept=false"),
         "svm": ("svm", "kernel=linear loss=squared_hinge penalty=l1 intercept_scaling=0 tolerance=1e-4"),
         "elastic_net": ("logistic", f"penalty=elastic_net l1_ratio={RATIO} fit_intercept=false")}


def theirs(model, C, tol):
    if model == "svm":
        return LinearSVC(penalty="l1", dual=False, C=C, tol=tol, fit_intercept=False, max_iter=10000)
    solver = {"penalty": "elasticnet", "l1_ratio": RATIO, "solver": "saga"} if model == "elastic_net" else {
        "penalty": "l1", "solver": "liblinear"}
    return LogisticRegression(C=C, tol=tol, fit_intercept=False, max_iter=10000, random_state=0, **solver)


def objective(model, W, C):
    ratio, total = RATIO if model == "elastic_net" else 1, 0
    for side, w in zip(sides, W):
        margin = side * (X @ w)
        loss = np.maximum(0, 1 - margin) ** 2 if model == "svm" else np.logaddexp(0, -margin)
        total += C * loss.sum() + ratio * np.abs(w).sum() + (1 - ratio) / 2 * (w @ w)
    return total


def create(model, params):
    kind, own = KINDS[model]
    return clf.Model(kind, f"{own} multiclass=one_vs_rest {params}", on=on.handle)


def fit(model, params):
    made = create(model, params)
    seconds = results.timed(lambda: made.fit(data))[1]
    W = made.tensor("weights_f64")
    if len(sides) == 1:
        W = -W[:1] if model == "svm" else W[1:] - W[:1]
    return seconds, W


def iterations_for(model, C, goal):
    low, high = 0, 1  # not enough, enough
    while high < options.cap and objective(model, fit(model, f"C={C} max_iterations={high}")[1], C) > goal:
        low, high = high, min(2 * high, options.cap)
    while high - low > 1:
        middle = (low + high) // 2
        enough = objective(model, fit(model, f"C={C} max_iterations={middle}")[1], C) <= goal
        low, high = (low, middle) if enough else (middle, high)
    return high


def compare(model, C, tol):
    seconds = {"ours": [], "theirs": []}
    for run in range(options.runs):
        machines = [theirs(model, C, tol) for _ in sides]
        seconds["theirs"].append(sum(results.timed(lambda: one.fit(X, side))[1] for one, side in zip(machines, sides)))
        if run == 0:
            goal = objective(model, [one.coef_[0] for one in machines], C)
            count = iterations_for(model, C, goal)
        seconds["ours"].append(fit(model, f"C={C} max_iterations={count}")[0])
    ours, others = min(seconds["ours"]), min(seconds["theirs"])
    for by, taken in (("libclassify", ours), ("saga" if model == "elastic_net" else "LIBLINEAR", others)):
        kept.add(model=model, C=C, tolerance=tol, by=by, threads=options.threads, fit_cpu_seconds=taken)
    print(f"{model} C={C:g} tol={tol:g}: objective {goal:.4f}: {'saga' if model == 'elastic_net' else 'LIBLINEAR'} "
          f"{others:.3f} s, ours {ours:.3f} s ({count} iterations), {others / ours:.2f} times", flush=True)


def path(model, C):
    made, total = create(model, "warm_start=true"), 0
    for value in np.logspace(np.log10(C) - 2, np.log10(C), options.path):
        clf.call("clf_model_set_f64", made, "C", clf.C.c_double(value))
        total += results.timed(lambda: made.fit(data))[1]
    alone, W = fit(model, f"C={C}")
    print(f"{model}: path of {options.path} values up to C={C:g}: {total:.3f} s, one fit {alone:.3f} s (objective "
          f"{objective(model, W, C):.4f}), {total / alone:.2f} times", flush=True)


for model in options.model.split(","):
    for C in (float(word) for word in options.C.split(",")):
        for tol in (float(word) for word in options.tol.split(",")):
            compare(model, C, tol)
        if options.path > 0:
            path(model, C)
