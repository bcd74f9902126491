"""Movie reviews from text files to accuracy: reading, words, tf-idf rows, linear models, each timed.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/imdb.py --data aclImdb
        [--models svm,logistic] [--vocabulary PARAMS] [--peers linearsvc,svc,lbfgs] [--choose]
        [--threads N] [--json FILE]

--data names the folder of the Large Movie Review Dataset. Needs NumPy; the peers need scikit-learn and
get the same rows. The defaults of C are what --choose finds: each value of --grid is fitted on four
fifths of the training rows and scored on the fifth that is held out; the test rows are not looked at
before the last step. Memory is the peak held while fitting, above what the process held before. Processor seconds are those of all threads.
"""

import argparse
import pathlib
import sys

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", required=True)
parser.add_argument("--vocabulary", default="encoding=tf_idf ngrams=1,2 min_count=2 sublinear=true")
parser.add_argument("--models", default="svm,logistic", help="of svm, logistic")
parser.add_argument("--peers", default="none", help="of linearsvc, svc, lbfgs; or none")
parser.add_argument("--choose", action="store_true", help="choose C on held-out training rows")
parser.add_argument("--grid", default="0.5,1,2,10,50", help="values of C to choose from")
parser.add_argument("--threads", type=int, default=2)
results.add_option(parser)
options = parser.parse_args()

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402

on = clf.context(f"threads={options.threads}")
CHOSEN = {"svm": 1, "logistic": 50, "linearsvc": 1, "svc": 1, "lbfgs": 50}
PEERS = {"linearsvc": "svm", "svc": "svm", "lbfgs": "logistic"}  # and the model of ours that is the same
names = [name for name in (options.models + "," + options.peers).split(",") if name in CHOSEN]
kept = results.Results(options.json)


class Ours:
    def __init__(self, kind, C):
        self.model = clf.Model(kind, f"C={C}" + (" kernel=linear" if kind == "svm" else ""),
                               on=on.handle)

    def fit(self, rows):
        self.model.fit(rows)

    def score(self, rows):
        return self.model.score(rows)


class Peer:
    def __init__(self, kind, C):
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import SVC, LinearSVC
        self.model = {"linearsvc": lambda: LinearSVC(C=C, loss="hinge", tol=1e-3), "svc": lambda: SVC(kernel="linear", C=C),
                      "lbfgs": lambda: LogisticRegression(C=C, max_iter=1000, tol=1e-6)}[kind]()

    def fit(self, rows):
        self.model.fit(*arrays(rows))

    def score(self, rows):
        return float(self.model.score(*arrays(rows)))


def arrays(rows):
    from scipy.sparse import csr_matrix
    if not hasattr(rows, "arrays"):
        parts = [rows.tensor(name) for name in ("value", "column", "row_start")]
        rows.arrays = csr_matrix(tuple(parts), (rows.rows, columns)), rows.tensor("labels")
    return rows.arrays


def subset(rows, chosen):
    out, chosen = clf.Dataset(), np.ascontiguousarray(chosen, np.int64)
    clf.call("clf_dataset_subset", clf.C.byref(out.handle), rows, clf.ptr(chosen.ctypes.data),
             clf.i64(len(chosen)))
    return out


def measured(step, function):
    """The result; the times of the step, and the bytes that it held, as members of a row."""
    (wall, cpu, result), held = results.peak_memory(lambda: results.timed(function))
    return result, {**results.times(step, [(wall, cpu)]), "memory_bytes": held}


def step(name, function):
    result, took = measured("step", function)
    kept.add(step=name, by="libclassify", threads=options.threads, **took)
    print(f"{name:<22}{took['step_seconds']:>9.2f} s{took['step_cpu_seconds']:>9.2f} s CPU", flush=True)
    return result


def make(kind, C):
    return (Ours if kind in ("svm", "logistic") else Peer)(kind, C)


def choose(kind, train):
    """The C that is most often right on the rows held out."""
    held = np.random.default_rng(0).random(train.rows) < 0.2
    learn, judge = (subset(train, np.flatnonzero(part)) for part in (~held, held))
    scores = {}
    for C in (float(C) for C in options.grid.split(",")):
        model = make(kind, C)
        model.fit(learn)
        scores[C] = model.score(judge)
        print(f"  {kind} C={C:g}: {scores[C]:.4f} held out", flush=True)
    return max(scores, key=scores.get), scores


def measure(kind):
    C, scores = choose(kind, train) if options.choose else (CHOSEN[kind], {})
    model = make(kind, C)
    _, fit = measured("fit", lambda: model.fit(train))
    accuracy, predict = measured("predict", lambda: model.score(test))
    row = kept.add(model=PEERS.get(kind, kind), by="sklearn" if kind in PEERS else "libclassify", C=C, columns=columns,
                   threads=options.threads, held_out=scores, test_accuracy=accuracy, **{**predict, **fit})
    print(f"{kind:<10}{C:>6g}{accuracy:>10.4f}{row['fit_seconds']:>9.2f}{row['fit_cpu_seconds']:>9.2f}"
          f"{row['predict_seconds']:>11.3f}{row['predict_cpu_seconds']:>9.3f}"
          f"{row['memory_bytes'] / 1e6:>9.0f} MB", flush=True)


def load(split):
    return clf.Documents.load("folder", pathlib.Path(options.data) / split, "folders=neg,pos",
                              on=on.handle)


texts = [step(f"read {split}", lambda: load(split)) for split in ("train", "test")]
sequences = step("words of train", lambda: clf.Vocabulary("max_words=10000 steps=256", texts[0],
                                                          on=on.handle))
for split, documents in zip(("train", "test"), texts):
    step(f"sequences of {split}", lambda: sequences.encode(documents))
vocabulary = step("n-grams of train", lambda: clf.Vocabulary(options.vocabulary, texts[0],
                                                             on=on.handle))
columns = int(clf.lib.clf_vocabulary_count(vocabulary.handle))
train, test = (step(f"rows of {split}", lambda: vocabulary.encode(documents))
               for split, documents in zip(("train", "test"), texts))
print(f"{train.rows} x {columns} and {test.rows} rows, "
      f"{clf.lib.clf_dataset_nonzeros(train.handle)} non-zeros, {options.threads} threads")
print(f"{'by':<10}{'C':>6}{'test':>10}{'fit s':>9}{'CPU s':>9}{'predict s':>11}{'CPU s':>9}{'held':>12}")
for kind in names:
    measure(kind)
