"""All plots of the package on one page, with the code that draws each.

    python gallery.py FILE.html
"""

from __future__ import annotations

import argparse
import html
import inspect
import io
import pathlib

import matplotlib
import numpy as np

import libclassify as clf
from libclassify import plots

matplotlib.use("svg")
SAMPLE = pathlib.Path(__file__).resolve().parents[1] / "data"


def moons(rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, np.pi, rows)
    second = np.arange(rows) % 2
    X = np.column_stack([np.cos(angle), np.sin(angle)]) * (1 - 2 * second)[:, None]
    return X + second[:, None] * (1, 0.4) + rng.normal(0, 0.15, (rows, 2)), second


def digits(part: str) -> tuple[np.ndarray, np.ndarray]:
    data = clf.Dataset.load("idx", SAMPLE / part)
    return data.tensor("x").reshape(len(data), -1), data.classes[data.tensor("labels")]


def decision_boundary():
    X, y = moons()
    model = clf.Model("svm", kernel="rbf", C=10, gamma=2).fit(X, y)
    return plots.plot_decision_boundary(model, X, y)


def roc_curve():
    X, y = moons()
    model = clf.Model("logistic").fit(X[:150], y[:150])
    return plots.plot_roc_curve(model, X[150:], y[150:])


def learning_curve():
    X, y = moons()
    model = clf.Network("dense units=32 activation=relu; dense units=2", epochs=60)
    model.fit(X[:150], y[:150], optimizer=clf.Optimizer("adam", learning_rate=0.01),
              validation=(X[150:], y[150:]))
    return plots.plot_learning_curve(model)


def confusion_matrix():
    model = clf.Model("logistic", C=0.01).fit(*digits("train"))
    return plots.plot_confusion_matrix(model, *digits("t10k"))


def weights():
    model = clf.Model("logistic", C=0.001).fit(*digits("train"))
    return plots.plot_weights(model, (28, 28))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", metavar="FILE.html")
    options = parser.parse_args()
    parts = []
    for draw in (decision_boundary, roc_curve, learning_curve, confusion_matrix, weights):
        drawn, buffer = draw(), io.StringIO()
        getattr(drawn, "figure", drawn).savefig(buffer, format="svg")
        svg = buffer.getvalue()[buffer.getvalue().index("<svg"):]
        title = draw.__name__.replace("_", " ").capitalize().replace("Roc", "ROC")
        parts.append(f"<h2>{title}</h2>{svg}"
                     f"<pre>{html.escape(inspect.getsource(draw))}</pre>")
    pathlib.Path(options.file).write_text(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Plots of libclassify</title>'
        "<style>body { font: 15px system-ui, sans-serif; max-width: 50em; margin: 2em auto }</style>"
        "<h1>Plots of libclassify</h1>" + "".join(parts), encoding="utf-8")
    print(f"{len(parts)} plots in {options.file}")


if __name__ == "__main__":
    main()
