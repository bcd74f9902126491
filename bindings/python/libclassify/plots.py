"""Plots on matplotlib: of what a model learned, and of how it does on rows.

Every function draws on ``ax``, or on a new figure, and returns the axes. The models may be
estimators of ``libclassify.sklearn`` or a ``libclassify.Model``. matplotlib is imported by the
first call.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, List, Sequence

import numpy as np

from . import detect, metrics
from ._report import class_labels, learning_curves, library_model, true_and_predicted

MAX_MATRIX_CLASSES = 100

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _axes(ax: Axes | None, **figure: Any) -> Axes:
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install matplotlib") from error
    return pyplot.subplots(layout="constrained", **figure)[1]


def plot_learning_curve(model: Any, ax: Axes | None = None) -> Axes:
    """Losses after each epoch or iteration of a fitted model that keeps its history."""
    curves = learning_curves(model)
    if not curves:
        raise ValueError(f"{type(model).__name__} keeps no history of its fit")
    ax = _axes(ax)
    for name, values in next(iter(curves.values())).items():
        ax.plot(np.arange(1, len(values) + 1), values, label=name)
    ax.set(xlabel="epoch", ylabel=next(iter(curves)))
    ax.legend()
    return ax


def plot_confusion_matrix(model: Any, X: Any, y: Any, ax: Axes | None = None) -> Axes:
    """How many rows of each true class were predicted as each class."""
    names, true, predicted = true_and_predicted(model, X, y)
    if len(names) > MAX_MATRIX_CLASSES:
        raise ValueError(f"a picture shows at most {MAX_MATRIX_CLASSES} classes, and the model has "
                         f"{len(names)}; libclassify.metrics.confusion_matrix() counts the pairs")
    counts = metrics.confusion_matrix(true, predicted, labels=range(len(names)))
    ax = _axes(ax, figsize=(3 + 0.4 * len(names), 2.4 + 0.4 * len(names)))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (i, j), value in np.ndenumerate(counts):
        if value:
            ax.text(j, i, f"{value:g}", ha="center", va="center", fontsize="small",
                    color="white" if share[i, j] > 0.5 else "black")
    ax.set(xlabel="predicted class", ylabel="true class", xticks=range(len(names)),
           yticks=range(len(names)), xticklabels=names, yticklabels=names)
    return ax


def plot_roc_curve(model: Any, X: Any, y: Any, ax: Axes | None = None) -> Axes:
    """True against false positive rate of a model of two classes; the second one is positive."""
    names, true, _ = true_and_predicted(model, X, y)
    if len(names) != 2:
        raise ValueError(f"a ROC curve needs two classes, and the model has {len(names)}")
    scores = np.asarray(model.decision_function(X), float)
    scores = scores if scores.ndim == 1 else scores[:, -1]
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # equal scores are one point of the curve
    positive = np.asarray(true)[order] == 1
    hits = np.concatenate([[0], np.cumsum(positive)[last]])
    alarms = np.concatenate([[0], np.cumsum(~positive)[last]])
    ax = _axes(ax)
    ax.plot(alarms / max(alarms[-1], 1), hits / max(hits[-1], 1),
            label=f"area {metrics.roc_auc_score(positive, scores[order]):.4f}")
    ax.plot([0, 1], [0, 1], color="gray", linewidth=0.8)
    ax.set(xlabel="false positive rate", ylabel=f"true positive rate of {names[1]}", aspect="equal")
    ax.legend()
    return ax


def plot_decision_boundary(model: Any, X: Any, y: Any, ax: Axes | None = None, *,
                           resolution: int = 200) -> Axes:
    """The classes that a classifier of two features gives to the plane, and the rows on it."""
    X = np.asarray(X, float)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"a decision boundary needs rows of 2 features, not {X.shape}")
    names, true, _ = true_and_predicted(model, X, y)
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.05 * np.where(high > low, high - low, 1)
    across, up = (np.linspace(l - m, h + m, resolution) for l, h, m in zip(low, high, margin))
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    place = {name: k for k, name in enumerate(names)}
    regions = np.array([place[label] for label in np.asarray(model.predict(plane)).tolist()])
    ax = _axes(ax)
    ax.imshow(regions.reshape(resolution, resolution) % 10, origin="lower", aspect="auto",
              alpha=0.3, cmap="tab10", vmin=0, vmax=9, interpolation="nearest",
              extent=(across[0], across[-1], up[0], up[-1]))
    for k, name in enumerate(names):
        ax.scatter(*X[np.asarray(true) == k].T, s=12, label=str(name), color=f"C{k % 10}")
    ax.legend()
    return ax


def plot_weights(model: Any, shape: Sequence[int], *, columns: int = 5) -> Any:
    """The weights of a linear model as pictures of ``shape`` (height, width): one for each class,
    pair of classes (of an SVC) or output. Returns the figure."""
    weights = model.coef_ if hasattr(model, "coef_") else model.tensors["weights"]
    weights = np.atleast_2d(np.asarray(weights, float))
    if weights.shape[1] != int(np.prod(shape)):
        raise ValueError(f"{weights.shape[1]} weights are no picture of {tuple(shape)}")
    titles = _titles(model, len(weights))
    rows = -(-len(weights) // columns)
    grid = _axes(None, nrows=rows, ncols=min(columns, len(weights)), squeeze=False)
    limit = np.percentile(np.abs(weights), 99) or np.abs(weights).max() or 1
    for k, ax in enumerate(grid.flat):
        ax.axis("off")
        if k < len(weights):
            ax.imshow(weights[k].reshape(shape), cmap="RdBu", vmin=-limit, vmax=limit)
            ax.set_title(titles[k])
    return grid.flat[0].figure


def _titles(model: Any, count: int) -> List[str]:
    """What each row of the weights decides: a class, between two classes, or an output."""
    names = class_labels(model)
    pairs = [f"{a} or {b}" for a, b in combinations(names, 2)]
    of_pairs = count == 1 or library_model(model).kind == "svm"
    titles = pairs if names and of_pairs else list(map(str, names or range(count)))
    if len(titles) != count:
        raise ValueError(f"{count} rows of weights are not those of {len(names)} classes")
    return titles


def plot_boxes(image: Any, boxes: Any, labels: Sequence[object] = (), ax: Axes | None = None) -> Axes:
    """A picture [height, width] or [height, width, channels] with boxes drawn on it, as
    ``detect.boxes`` takes them: top, left, height, width in pixels, or what a Detector found.
    ``labels`` are the texts at the boxes."""
    from matplotlib.patches import Rectangle

    pixels = np.asarray(image)
    ax = _axes(ax)
    ax.imshow(pixels.squeeze(), cmap="gray")
    for k, box in enumerate(detect.boxes(boxes)):
        left, top = box["left"], box["top"]
        ax.add_patch(Rectangle((left, top), box["width"], box["height"], fill=False, color="C1", lw=2))
        if k < len(labels):
            ax.text(left, top - 2, str(labels[k]), color="C1", va="bottom")
    ax.axis("off")
    return ax
