"""Linear models on sparse rows and on few columns, beside LIBLINEAR and scikit-learn.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/sparse_linear.py
        [--text ROWS.npz] [--sets text,binary,dense,ridge,classes] [--models hinge,squared,logistic]
        [--C 0.01,0.1,1,10,100] [--runs 3] [--threads 1] [--peers 1] [--json FILE]

ROWS.npz has sparse rows of two classes as scipy.sparse.save_npz writes them, beside ROWS_y.npy with
their classes; without it, rows of words are drawn that have the frequencies of a language. `binary`
has 30,000 rows of 14 correlated answers as 123 columns of 0 and 1, `dense` 15,000 to 125,000 noisy
rows of 28 numbers, `ridge` 10,000 rows of 20 entries in 100,000 columns. Each line has the median
seconds of fits in turns, and by how much the objective of each exceeds the lowest of them. Our
intercepts are free, and those of LIBLINEAR are penalized.
"""

import argparse
import pathlib
import statistics
import sys
import warnings

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--text")
parser.add_argument("--sets", default="text,binary,dense,ridge,classes")
parser.add_argument("--models", default="hinge,squared,logistic")
parser.add_argument("--C", default="0.01,0.1,1,10,100")
parser.add_argument("--rows", default="15000,60000,125000")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--peers", type=int, default=1)
parser.add_argument("--tolerance", default="")
results.add_option(parser)
options = parser.parse_args()

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from scipy import sparse  # noqa: E402
from sklearn.linear_model import LogisticRegression, Ridge  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

warnings.simplefilter("ignore")
on = clf.context(f"threads={options.threads}")
kept = results.Results(options.json)


def words(rows=25000, columns=80000, seed=0):
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, columns + 1) ** 1.05
    own = rng.normal(0, 1, columns) * (rng.random(columns) < 0.1)
    y = rng.integers(0, 2, rows)
    parts = []
    for side in (0, 1):
        p = share * np.exp(own * (side - 0.5))
        parts.append((p / p.sum()).cumsum())
    lengths = np.maximum(20, rng.lognormal(5.2, 0.6, rows)).astype(int)
    starts, index, value = [0], [], []
    for i in range(rows):
        found, count = np.unique(np.searchsorted(parts[y[i]], rng.random(lengths[i])), return_counts=True)
        found = np.minimum(found, columns - 1)
        v = count * np.log(1 / share[found])
        index.append(found), value.append(v / np.linalg.norm(v)), starts.append(starts[-1] + len(found))
    x = sparse.csr_matrix((np.concatenate(value).astype(np.float32), np.concatenate(index), starts),
                          shape=(rows, columns))
    return x, y


def text():
    if options.text is None:
        return words()
    path = pathlib.Path(options.text)
    return sparse.load_npz(path).tocsr(), np.load(path.with_name(path.stem + "_y.npy"))


def binary(rows=30000, seed=1):
    """Answers that depend on two hidden numbers, as those of a census do."""
    rng = np.random.default_rng(seed)
    sizes = [5, 8, 5, 16, 5, 7, 14, 6, 5, 2, 2, 2, 5, 41]
    hidden = rng.normal(0, 1, (rows, 2))
    columns, at = [], 0
    for count in sizes:
        pull = rng.normal(0, 1.2, (2, count))
        score = hidden @ pull + rng.gumbel(0, 1, (rows, count)) + rng.normal(0, 1.5, count)
        columns.append(at + score.argmax(1))
        at += count
    index = np.stack(columns, 1)
    x = sparse.csr_matrix((np.ones(index.size, np.float32), index.ravel(),
                           np.arange(0, index.size + 1, len(sizes))), shape=(rows, at))
    z = x @ rng.normal(0, 1, at) + hidden[:, 0]
    y = (z - np.quantile(z, 0.75) + rng.logistic(0, 0.8, rows) > 0).astype(int)
    return x, y


def dense(rows, seed=2):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (rows, 28))
    x[:, 7:] = x[:, 7:] * 0.6 + x[:, :21] * 0.5
    x[:, 21:] = np.abs(x[:, 21:]) ** 1.5
    z = x @ rng.normal(0, 0.3, 28) + 0.5 * x[:, 0] * x[:, 1] + rng.normal(0, 2, rows)
    return np.ascontiguousarray(x, np.float32), (z > np.median(z)).astype(int)


def objective(kind, x, y, w, C):
    w, b = w
    z = np.where(y > 0, 1, -1) * (x @ w + b)
    if kind == "logistic":
        return C * np.logaddexp(0, -z).sum() + w @ w / 2
    miss = np.maximum(0, 1 - z)
    return C * (miss if kind == "hinge" else miss ** 2).sum() + w @ w / 2


def ours(kind, data, C, extra=""):
    params = {"hinge": "kernel=linear", "squared": "kernel=linear loss=squared_hinge", "logistic": ""}
    model = clf.Model("logistic" if kind == "logistic" else "svm", f"{params[kind]} C={C} {extra}",
                      on=on.handle)
    seconds = results.timed(lambda: model.fit(data))[:2]
    w = model.tensor("weights_f64")
    b = model.tensor("intercept_f64" if kind == "logistic" else "intercept")
    if kind == "logistic":
        return seconds, (w[1] - w[0], b[1] - b[0])
    return seconds, (-w[0], -b[0])


def theirs(kind, C):
    if kind == "logistic":
        return {"lbfgs": LogisticRegression(C=C, tol=1e-4, max_iter=5000)}
    if kind == "hinge":
        return {"liblinear -s 3": LinearSVC(loss="hinge", C=C, tol=1e-3, max_iter=20000)}
    return {"liblinear -s 1": LinearSVC(C=C, tol=1e-3, dual=True, max_iter=20000),
            "liblinear -s 2": LinearSVC(C=C, tol=1e-3, dual=False, max_iter=20000)}


def compare(name, x, y, kind, C):
    data = clf.Dataset(x, y.astype(np.int32), on=on.handle)
    x64 = x.astype(np.float64)
    times, values = {}, {}
    for _ in range(options.runs):
        seconds, w = ours(kind, data, C, options.tolerance)
        times.setdefault("ours", []).append(seconds)
        values["ours"] = objective(kind, x64, y, w, C)
        for peer, model in (theirs(kind, C).items() if options.peers else ()):
            seconds = results.timed(lambda: model.fit(x, y))[:2]
            times.setdefault(peer, []).append(seconds)
            values[peer] = objective(kind, x64, y, (model.coef_[0].astype(float), model.intercept_[0]), C)
    best = min(values.values())
    line = [f"{name} {kind} C={C:g}:"]
    for peer, all_seconds in times.items():
        wall, cpu = (statistics.median(part) for part in zip(*all_seconds))
        keep(name, f"{kind} C={C:g}", peer, wall, cpu, values[peer] / best - 1)
        line.append(f"{peer} {cpu:.3f} s (wall {wall:.3f}, +{values[peer] / best - 1:.1e})")
    print("  ".join(line), flush=True)


def keep(name, model, by, wall, cpu, excess=None):
    kept.add(set=name, model=model, by="libclassify" if by == "ours" else by, threads=options.threads,
             fit_seconds=wall, fit_cpu_seconds=cpu, **({} if excess is None else {"objective_excess": excess}))


def ridge(rows=10000, columns=100000, entries=20):
    rng = np.random.default_rng(0)
    index = (columns * rng.random((rows, entries)) ** 2).astype(np.int32)
    x = sparse.csr_matrix((rng.normal(0, 1, rows * entries).astype(np.float32), index.ravel(),
                           np.arange(0, rows * entries + 1, entries)), shape=(rows, columns))
    x.sum_duplicates()
    t = x @ rng.normal(0, 1, columns) + rng.normal(0, 1, rows)
    data = clf.Dataset(x, targets=t[:, None], on=on.handle)
    x64 = x.astype(np.float64)

    def value(w, b):
        return ((x64 @ w + b - t) ** 2).sum() + w @ w
    found = {}
    model = clf.Model("ridge", "", on=on.handle)
    seconds = results.timed(lambda: model.fit(data))[:2]
    found["ours"] = seconds, value(model.tensor("weights_f64")[0], model.tensor("intercept_f64")[0])
    for solver in ("lsqr", "sparse_cg") if options.peers else ():
        peer = Ridge(solver=solver, tol=1e-4)
        found[solver] = (results.timed(lambda: peer.fit(x, t))[:2], value(peer.coef_.ravel(), float(peer.intercept_)))
    best = min(v for _, v in found.values())
    for peer, (seconds, v) in found.items():
        keep(f"{rows} x {columns}, {entries} a row", "ridge", peer, *seconds, v / best - 1)
    print(f"ridge {rows} x {columns}: " + "  ".join(
        f"{k} {s[1]:.3f} s (wall {s[0]:.3f}, +{v / best - 1:.1e})" for k, (s, v) in found.items()), flush=True)


def softmax_objective(x, y, w, b):
    z = x @ w.T + b
    z -= z.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).sum() + (w ** 2).sum() / 2


def many_classes(rows, columns, classes):
    rng = np.random.default_rng(0)
    centers = rng.normal(0, 1, (classes, columns))
    y = rng.integers(0, classes, rows)
    x = (centers[y] * 0.5 + rng.normal(0, 1, (rows, columns))).astype(np.float32)
    x64 = x.astype(np.float64)
    measure = softmax_objective if classes > 2 else lambda *of: objective("logistic", *of[:2], of[2:], 1)
    data = clf.Dataset(x, y.astype(np.int32), on=on.handle)
    model = clf.Model("logistic", "", on=on.handle)
    found = {"ours": results.timed(lambda: model.fit(data))[:2]}
    w, b = model.tensor("weights_f64"), model.tensor("intercept_f64")
    values = {"ours": measure(x64, y, *((w, b) if classes > 2 else (w[1] - w[0], b[1] - b[0])))}
    for peer, tolerance in (("lbfgs", 1e-4), ("lbfgs tol=1e-5", 1e-5)) if options.peers else ():
        other = LogisticRegression(max_iter=1000, tol=tolerance)
        found[peer] = results.timed(lambda: other.fit(x, y))[:2]
        w, b = other.coef_.astype(float), other.intercept_
        values[peer] = measure(x64, y, *((w, b) if classes > 2 else (w[0], b[0])))
    best = min(values.values())
    for by, times in found.items():
        keep(f"{rows} x {columns}, {classes} classes", "logistic", by, *times, values[by] / best - 1)
    print(f"logistic {rows} x {columns}, {classes} classes: " + "  ".join(
        f"{k} {s[1]:.3f} s (wall {s[0]:.3f}, +{values[k] / best - 1:.1e})" for k, s in found.items()), flush=True)


for name in options.sets.split(","):
    if name == "ridge":
        ridge()
        continue
    if name == "classes":
        many_classes(20000, 100, 1000)
        many_classes(1000, 10000, 2)
        continue
    sets = {f"dense {n}": (lambda n=n: dense(n)) for n in map(int, options.rows.split(","))} \
        if name == "dense" else {name: globals()[name]}
    for label, make in sets.items():
        x, y = make()
        for kind in options.models.split(","):
            for C in map(float, options.C.split(",")):
                compare(label, x, y, kind, C)
