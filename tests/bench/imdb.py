"""Movie reviews as sparse tf-idf: a linear support vector machine of some 75,000 columns.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/imdb.py --data aclImdb
        [--peers linearsvc,svc] [--threads N] [--json FILE]

--data names the folder of the Large Movie Review Dataset. Needs NumPy and scikit-learn, whose
CountVectorizer and TfidfTransformer make the rows. C is chosen on a fifth of the training rows that
is held out; then every program learns from all of them with its own best C. Memory is the peak held
while fitting, above what the process held before: of this library as its context counts it too.
"""

import argparse
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", required=True)
parser.add_argument("--peers", default="linearsvc", help="of linearsvc, svc; or none")
parser.add_argument("--grid", default="0.1,0.2,0.5,1,2", help="values of C to choose from")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--json")
options = parser.parse_args()

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer  # noqa: E402
from sklearn.svm import SVC, LinearSVC  # noqa: E402

GRID = [float(C) for C in options.grid.split(",")]
clf.lib.clf_context_memory_peak.restype = clf.C.c_uint64


def read(split):
    texts, labels = [], []
    for label, side in enumerate(("neg", "pos")):
        for path in sorted((pathlib.Path(options.data) / split / side).glob("*.txt")):
            texts.append(path.read_text().replace("<br />", " "))
            labels.append(label)
    return texts, np.array(labels, np.int32)


class Ours:
    """With a context of its own, which counts the memory of this model alone."""

    def __init__(self, C):
        self.on = clf.context(f"threads={options.threads}")
        self.model = clf.Model("svm", f"kernel=linear C={C}", on=self.on.handle)

    def fit(self, x, y):
        self.model.fit(clf.Dataset(x.astype(np.float32), y, on=self.on.handle))

    def predict(self, x):
        return self.model.predict(clf.Dataset(x.astype(np.float32), on=self.on.handle))

    def memory_peak(self):
        return int(clf.lib.clf_context_memory_peak(self.on.handle))


MODELS = {"libclassify": Ours, "linearsvc": lambda C: LinearSVC(C=C),
          "svc": lambda C: SVC(kernel="linear", C=C)}


def resident(name):
    """VmHWM or VmRSS of this process, in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().split("\n"):
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def timed(function):
    """Wall and processor seconds, bytes resident above those at the start, and the result."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = resident("VmRSS")
    began, cpu = time.perf_counter(), time.process_time()
    result = function()
    return (time.perf_counter() - began, time.process_time() - cpu,
            resident("VmHWM") - before, result)


def choose(make, x, y, held):
    """The C that is most often right on the rows held out."""
    scores = {}
    for C in GRID:
        model = make(C)
        model.fit(x[~held], y[~held])
        scores[C] = float((model.predict(x[held]) == y[held]).mean())
    return max(scores, key=scores.get), scores


def measure(name, train, test, held):
    C, scores = choose(MODELS[name], *train, held) if name != "svc" else (chosen["libclassify"], {})
    chosen[name] = C
    model = MODELS[name](C)
    fit, fit_cpu, memory, _ = timed(lambda: model.fit(*train))
    memory = model.memory_peak() if name == "libclassify" else memory
    predict, predict_cpu, _, labels = timed(lambda: model.predict(test[0]))
    row = {"by": name, "C": C, "held_out": scores, "fit_seconds": fit, "fit_cpu_seconds": fit_cpu,
           "predict_seconds": predict, "predict_cpu_seconds": predict_cpu,
           "memory_bytes": memory, "test_accuracy": float((labels == test[1]).mean())}
    if name == "libclassify":
        row.update(objective=float(model.model.tensor("objective").sum()),
                   iterations=int(model.model.tensor("iterations").sum()),
                   support_vectors=len(model.model.tensor("support")))
    print(f"{name:<13}{C:>6g}{scores.get(C, float('nan')):>10.4f}{row['test_accuracy']:>10.4f}"
          f"{fit:>9.2f}{fit_cpu:>9.2f}{predict:>11.3f}{predict_cpu:>9.3f}{memory / 1e6:>9.0f} MB",
          flush=True)
    return row


texts, y = read("train")
test_texts, y_test = read("test")
counter, weigher = CountVectorizer(), TfidfTransformer()
x = weigher.fit_transform(counter.fit_transform(texts)).astype(np.float32)
x_test = weigher.transform(counter.transform(test_texts)).astype(np.float32)
held = np.random.default_rng(0).random(len(y)) < 0.2
chosen = {}
print(f"{x.shape[0]} x {x.shape[1]} and {x_test.shape[0]} rows, {x.nnz} non-zeros "
      f"({(x.data.nbytes + x.indices.nbytes) / 1e6:.0f} MB), {options.threads} threads")
print(f"{'by':<13}{'C':>6}{'held out':>10}{'test':>10}{'fit s':>9}{'CPU s':>9}{'predict s':>11}"
      f"{'CPU s':>9}{'held':>12}")
rows = [measure(name, (x, y), (x_test, y_test), held)
        for name in ["libclassify", *filter(None, options.peers.replace("none", "").split(","))]]
if options.json:
    pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
