"""Handwritten digits: trains classifiers on MNIST, and keeps the best one.

    python digits.py [FOLDER] [--save FILE.clf] [--report FILE.html]

FOLDER has the files of MNIST; examples/data of the source has a sample of them.
"""

from __future__ import annotations

import argparse
import pathlib
import time

import libclassify as clf

SAMPLE = pathlib.Path(__file__).resolve().parents[1] / "data"


def labels(data: clf.Dataset):
    """[rows] labels of a dataset, as they were given."""
    return data.classes[data.tensor("labels")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=SAMPLE)
    parser.add_argument("--save", metavar="FILE.clf")
    parser.add_argument("--report", metavar="FILE.html")
    options = parser.parse_args()

    train = clf.Dataset.load("idx", options.folder / "train")
    test = clf.Dataset.load("idx", options.folder / "t10k")
    fit_rows, validation = train.split(0.8, seed=0)
    candidates = {
        "logistic regression": clf.Model("logistic", C=0.01),
        "Fisher's discriminant": clf.Model("fisher"),
        "svm": clf.Model("svm", kernel="rbf", C=5, gamma=0.02),
        "multilayer network": clf.Network("flatten; dense units=128 activation=relu; dense units=10",
                                          epochs=10),
    }
    scores = {}
    for name, model in candidates.items():
        began = time.perf_counter()
        model.fit(fit_rows)
        scores[name] = model.score(validation)
        print(f"{name:21} {100 * scores[name]:6.2f} % of {len(validation)} validation digits, "
              f"{time.perf_counter() - began:.2f} s")

    # The choice is made on validation rows; the test rows only say how good it is.
    name = max(scores, key=scores.get)
    best = candidates[name].fit(train)
    print(f"{name} on all training rows: {100 * best.score(test):.2f} % of {len(test)} test digits")
    if options.save:
        best.save(options.save)
    if options.report:
        clf.report(options.report, best, test, labels(test), title=f"Digits by {name}")


if __name__ == "__main__":
    main()
