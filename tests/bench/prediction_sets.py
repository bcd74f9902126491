"""Coverage and mean size of prediction sets, with those of MAPIE from the same probabilities.

    CLASSIFY_LIBRARY=build/lib/libclassify.so PYTHONPATH=build/bindings/python
        python3 tests/bench/prediction_sets.py --mnist FOLDER [--imdb aclImdb] [--json FILE]

A model is fitted to one part of the training rows and conformed on another; the test rows measure how
often the true class is in its set, and how many classes a set has. `imbalanced` keeps fewer rows of
each next digit, down to a tenth, in all three parts, and measures coverage of each class; `chance` is
the standard deviation to expect of the rarest one. MAPIE gets
the probabilities as its rows. Needs NumPy; MAPIE 1 is compared where it is installed.
"""

import argparse
import json
import pathlib

import numpy as np

import libclassify as clf

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--mnist", required=True)
parser.add_argument("--imdb")
parser.add_argument("--json")
options = parser.parse_args()
try:
    from mapie.classification import SplitConformalClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin
except ImportError as error:
    print("without MAPIE:", error)
    SplitConformalClassifier = None
else:
    class Given(ClassifierMixin, BaseEstimator):
        """A fitted classifier whose rows are their own probabilities."""

        def __init__(self, classes):
            self.classes_, self.fitted_ = np.arange(classes), True

        def predict_proba(self, X):
            return X

        def predict(self, X):
            return X.argmax(1)


def parts(rows, truth, sizes, share):
    """Splits rows into parts of these sizes, of class k only `share[k]` of the rows."""
    rng = np.random.default_rng(0)
    kept = rng.permutation(np.flatnonzero(rng.random(len(truth)) < share[truth]))
    ends = np.cumsum([round(size * len(kept) / len(truth)) for size in sizes])
    return [np.sort(kept[a:b]) for a, b in zip([0, *ends[:-1]], ends)]


def chance(truth):
    """The standard deviation of the coverage 0.9 of the rarest class, of as many rows held out as tested."""
    rarest = np.unique(truth, return_counts=True)[1].min()
    return np.sqrt(0.9 * 0.1 * 2 / rarest)


def described(sets, truth):
    hit = sets[np.arange(len(truth)), truth]
    of_class = [hit[truth == k].mean() for k in np.unique(truth)]
    return {"coverage": hit.mean(), "lowest": min(of_class), "highest": max(of_class),
            "chance": chance(truth), "size": sets.sum(1).mean(), "empty": (sets.sum(1) == 0).mean()}


def peer(method, coverage, held, tested):
    model = SplitConformalClassifier(Given(held[0].shape[1]), confidence_level=coverage,
                                     conformity_score=method, prefit=True, random_state=0)
    model.conformalize(*held)
    return described(model.predict_set(tested[0])[1][:, :, 0], tested[1])


results = []


def show(data, by, method, coverage, found):
    results.append({"data": data, "by": by, "method": method, "asked": coverage, **found})
    print(f"{data:<18}{by:<10}{method:<14}{coverage:>6}{found['coverage']:>9.4f}"
          f"{found['lowest']:>9.3f}{found['highest']:>9.3f}{found['chance']:>8.3f}{found['size']:>8.3f}"
          f"{found['empty']:>8.3f}", flush=True)


def measure(data, model, held, tested, by_class=False):
    """`held` and `tested`: rows, class indices."""
    indices = [np.searchsorted(model.classes, part[1]) for part in (held, tested)]
    p = [np.asarray(model.predict_proba(part[0])) for part in (held, tested)]
    for method in ("lac", "aps"):
        for own in (False, True) if by_class else (False,):
            model.conform(*held, method=method, by_class=own)
            for coverage in (0.9, 0.95):
                found = described(model.predict_set(tested[0], coverage), indices[1])
                show(data, "ours", method + (" by class" if own else ""), coverage, found)
        for coverage in (0.9, 0.95) if SplitConformalClassifier else ():
            scaled = [part / part.sum(1, keepdims=True) for part in p]
            show(data, "MAPIE", method, coverage, peer(method, coverage, (scaled[0], indices[0]),
                                                       (scaled[1], indices[1])))


def digits(kind, params, share, name, by_class):
    train = clf.Dataset.load("idx", str(pathlib.Path(options.mnist) / "train"))
    test = clf.Dataset.load("idx", str(pathlib.Path(options.mnist) / "t10k"))
    x = np.concatenate([np.asarray(part.X).reshape(len(part), -1) for part in (train, test)])
    x = x.astype(np.float32) / 255
    y = np.concatenate([part.labels for part in (train, test)])
    fitted, held, tested = parts(x, y, (20000, 20000, 30000), share)
    model = clf.Model(kind, **params).fit(x[fitted], y[fitted])
    print(f"{name}: {kind}, {len(fitted)} rows fitted, {len(held)} held out, {len(tested)} tested, "
          f"accuracy {model.score(x[tested], y[tested]):.4f}")
    measure(name, model, (x[held], y[held]), (x[tested], y[tested]), by_class)


def reviews():
    folder = pathlib.Path(options.imdb)
    texts = {split: clf.Documents.load("folder", str(folder / split), folders="neg,pos")
             for split in ("train", "test")}
    words = clf.Vocabulary(encoding="tf_idf", ngrams=(1, 2), min_count=2, sublinear=True)
    words.build(texts["train"])
    train, test = (words.encode(texts[split]) for split in ("train", "test"))
    fitted, held = train.split(0.6, seed=0)
    model = clf.Model("logistic", C=20).fit(fitted)
    print(f"IMDB: logistic, {len(fitted)} rows fitted, {len(held)} held out, {len(test)} tested, "
          f"accuracy {model.score(test):.4f}")
    p = [np.asarray(model.predict_proba(part)) for part in (held, test)]
    labels = [np.asarray(part.labels) for part in (held, test)]
    for method in ("lac", "aps"):
        model.conform(held, method=method)
        for coverage in (0.9, 0.95):
            show("IMDB", "ours", method, coverage,
                 described(model.predict_set(test, coverage), labels[1]))
            if SplitConformalClassifier and method == "lac":  # its aps is not for two classes
                show("IMDB", "MAPIE", method, coverage,
                     peer(method, coverage, (p[0], labels[0]), (p[1], labels[1])))


print(f"{'data':<18}{'by':<10}{'method':<14}{'asked':>6}{'found':>9}{'lowest':>9}{'highest':>9}"
      f"{'chance':>8}{'size':>8}{'empty':>8}")
digits("logistic", {}, np.ones(10), "MNIST", False)
digits("network", {"layers": "dense units=64 activation=relu; dense units=10", "epochs": 5},
       np.ones(10), "MNIST, network", False)
digits("logistic", {}, np.geomspace(1, 0.1, 10), "imbalanced", True)
if options.imdb:
    reviews()
if options.json:
    pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
