"""Support vector machines of every type beside LIBSVM (scikit-learn's), and beside the C-SVC on the same rows.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/svm_types.py --data DIR [--rows 5000,60000]
        [--peer-rows 5000] [--cache 2000] [--types epsilon_svr,…] [--json FILE]

Rows are MNIST's digits as bytes: epsilon_svr and nu_svr learn the digit as a number, one_class the digits, nu_svc the
classes. With --made the rows are 20 normal features. Both libraries run in turns, on one thread, each with a cache of
--cache MB. The objectives of the dual are compared as well: of the nu_svc of the first pair.
LIBSVM takes hours for 60,000 rows, so --peer-rows limits what it fits.
"""

import argparse
import os
import pathlib
import sys

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", default=os.environ.get("CLASSIFY_DATA"))
parser.add_argument("--made", action="store_true")
parser.add_argument("--rows", default="5000")
parser.add_argument("--peer-rows", type=int, default=5000)
parser.add_argument("--cache", type=float, default=2000)
parser.add_argument("--types", default="c_svc,nu_svc,epsilon_svr,nu_svr,one_class")
results.add_option(parser)
options = parser.parse_args()
if options.data is None and not options.made:
    parser.error("--data names no folder, nor does CLASSIFY_DATA; --made needs none")

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM  # noqa: E402

PEERS = {"c_svc": SVC, "nu_svc": NuSVC, "epsilon_svr": SVR, "nu_svr": NuSVR, "one_class": OneClassSVM}
SETTINGS = {"c_svc": {"C": 5.0}, "nu_svc": {"nu": 0.1}, "epsilon_svr": {"C": 5.0, "epsilon": 0.5},
            "nu_svr": {"C": 5.0, "nu": 0.3}, "one_class": {"nu": 0.1}}


def rows_of(count):
    """x, what a fit of ours gets for it with its scale, classes and targets, and gamma."""
    if options.made:
        random = np.random.default_rng(0)
        x = random.normal(size=(count, 20)).astype(np.float32)
        target = np.sin(x[:, 0]) + x[:, 1] * x[:, 2] + 0.3 * random.normal(size=count)
        return x.astype(float), x, 1.0, (target > 0).astype(np.int32), target, 0.05
    data = clf.Dataset.load("idx", os.path.join(options.data, "train"))
    pixels, labels = data.tensor("x"), data.tensor("labels")
    pixels = pixels.reshape(len(pixels), -1)[:count]
    return pixels / 255.0, pixels, 1 / 255.0, labels[:count], labels[:count].astype(float), 0.02


def objective(peer, kind, x, target, gamma):
    """The dual's objective of a peer with one machine, from its coefficients."""
    z, b = x[peer.support_], peer.dual_coef_[0]
    square = (z ** 2).sum(1)
    total = 0.0
    for first in range(0, len(z), 2000):
        part = slice(first, first + 2000)
        K = np.exp(-gamma * np.maximum(square[part, None] + square[None] - 2 * z[part] @ z.T, 0))
        total += 0.5 * b[part] @ (K @ b)
    if kind in ("epsilon_svr", "nu_svr"):
        total -= target[peer.support_] @ b
    return total + (SETTINGS[kind]["epsilon"] * np.abs(b).sum() if kind == "epsilon_svr" else 0)


def compare(kind, count, kept):
    x, own, scale, labels, target, gamma = rows_of(count)
    context = clf.context("threads=1")
    needs = {"targets": target} if kind.endswith("svr") else {} if kind == "one_class" else {"y": labels}
    data = clf.Dataset(own, scale=scale, on=context, **needs)
    params = " ".join(f"{name}={value}" for name, value in SETTINGS[kind].items())
    model = clf.Model("svm", f"type={kind} {params} gamma={gamma} cache_mb={options.cache}", on=context)
    works = {"libclassify": lambda: model.fit(data)}
    if count <= options.peer_rows:
        peer = PEERS[kind](gamma=gamma, cache_size=options.cache, **SETTINGS[kind])
        wanted = () if kind == "one_class" else (target if kind.endswith("svr") else labels,)
        works["sklearn"] = lambda: peer.fit(x, *wanted)
    for by, (runs, _) in results.in_turns(works, 1).items():
        row = {"type": kind, "params": params, "rows": count, "by": by, "threads": 1, **results.times("fit", runs)}
        if kind not in ("c_svc", "nu_svc"):
            row["objective"] = (float(model.tensor("objective")[0]) if by == "libclassify" else
                                objective(peer, kind, x, target, gamma))
        kept.add(**row)
        print(f"{kind:<12}{count:>7} rows {by:<12}{row['fit_seconds']:9.2f} s{row['fit_cpu_seconds']:9.2f} s CPU  "
              f"{row.get('objective', '')}", flush=True)


kept = results.Results(options.json)
for count in map(int, options.rows.split(",")):
    for kind in options.types.split(","):
        compare(kind, count, kept)
