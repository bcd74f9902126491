"""What a fitted model is and how it does on rows, as one HTML page or for a notebook.

The functions take a ``libclassify.Model`` or an estimator of ``libclassify.sklearn``.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Any, Iterator, Mapping

import numpy as np

from . import _html, catalog, metrics

MAX_MISTAKES = 25
MAX_CLASSES = 500
PART_VALUES = 1 << 22  # probabilities at a time
CURVES = {"loss": {"training loss": "history_loss", "validation loss": "history_validation_loss"},
          "accuracy": {"training": "history_accuracy", "validation": "history_validation_accuracy"}}


def library_model(model: Any) -> Any:
    """The ``libclassify.Model`` or ``Transform`` inside of an estimator, or the model itself."""
    return getattr(model, "model_", getattr(model, "transform_", model))


def learning_curves(model: Any) -> dict[str, dict[str, np.ndarray]]:
    """The history that a fitted model keeps: name of a measure → name of a curve → values."""
    inner = library_model(model)
    tensors = getattr(inner, "tensors", {}) if getattr(inner, "fitted", False) else {}
    found = {measure: {curve: np.asarray(tensors[name], float).ravel()
                       for curve, name in curves.items() if name in tensors}
             for measure, curves in CURVES.items()}
    return {measure: curves for measure, curves in found.items() if curves}


def class_labels(model: Any) -> list:
    """The labels of the classes of a fitted classifier; empty for a regression."""
    labels = getattr(model, "classes_", None)
    labels = getattr(model, "classes", None) if labels is None else labels
    return [] if labels is None else np.asarray(labels).tolist()


def true_and_predicted(model: Any, X: Any, y: Any) -> tuple[list, np.ndarray, np.ndarray]:
    """The labels of the classes, and indices of them: [rows] true ones and [rows] predicted ones."""
    names = class_labels(model)
    if not names:
        raise ValueError(f"{type(model).__name__} is no fitted classifier")
    place = {label: k for k, label in enumerate(names)}
    true = np.array([place.get(label, -1) for label in np.asarray(y).tolist()], np.int32)
    if (true < 0).any():
        label = np.asarray(y).tolist()[int(np.flatnonzero(true < 0)[0])]
        raise ValueError(f"the model knows no class {label!r}; its classes are {names[:10]}")
    predicted = [place[label] for label in np.asarray(model.predict(X)).tolist()]
    return names, true, np.array(predicted, np.int32)


def parameters(model: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The parameters of a model or estimator, and their defaults."""
    if hasattr(model, "get_params"):
        return model.get_params(deep=False), type(model)().get_params(deep=False)
    return model.params, {p.name: p.default for p in catalog.params("model", model.kind)}


def facts(model: Any) -> list[tuple[str, Any]]:
    """What was fitted, a line each; empty before a fit."""
    inner = library_model(model)
    if not getattr(inner, "fitted", False):
        return []
    lines: list[tuple[str, Any]] = [("kind", inner.kind)]
    if hasattr(inner, "outcome"):
        lines += [("features", inner.n_features), ("fit ended", inner.outcome)]
    names = class_labels(model)
    if names:
        shown = ", ".join(map(str, names[:10])) + (", …" if len(names) > 10 else "")
        lines.append(("classes", f"{len(names)}: {shown}"))
    lines.append(("size of its file", f"{len(inner.to_bytes()) / 1000:,.1f} kB"))
    return lines


def fitted(model: Any) -> str:
    """HTML of what was fitted, and of the learning curve; empty before a fit."""
    lines = facts(model)
    return _html.block(_html.table("Fitted model", lines), *_curves(model)) if lines else ""


def notebook(model: Any) -> str:
    """HTML of a model: its parameters, what was fitted, and its learning curve."""
    return _html.block(_html.parameters(*parameters(model))) + fitted(model)


def _curves(model: Any) -> list[str]:
    return [_html.line_chart(f"Learning curve: {measure}", curves)
            for measure, curves in learning_curves(model).items()]


def report(path: str | os.PathLike, model: Any, X: Any, y: Any, *, title: str | None = None) -> None:
    """Writes a page about a fitted model and its results on rows that it was not fitted on.

    Parameters
    ----------
    path : file to write; it holds the whole page, or what it held before
    model : a fitted ``libclassify.Model`` or estimator
    X : [rows, features], as ``model.predict`` takes them
    y : [rows] labels, or [rows] or [rows, outputs] targets of a regression
    title : headline; the name of the model's class and kind by default
    """
    measured = _classification if class_labels(model) else _regression
    title = title or f"{type(model).__name__} ({library_model(model).kind})"
    text = _html.page(title, _html.parameters(*parameters(model)),
                      _html.table("Fitted model", facts(model)), *measured(model, X, y), *_curves(model))
    _replace(Path(path), text)


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole. It keeps its permissions; a new one has those of any new file."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(new, "x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.close()
            if path.exists():
                os.chmod(new, stat.S_IMODE(path.stat().st_mode))
            os.replace(new, path)
        except BaseException:
            os.unlink(new)
            raise


def _classification(model: Any, X: Any, y: Any) -> list[str]:
    names, true, predicted = true_and_predicted(model, X, y)
    support, taken, right = (np.bincount(labels, minlength=len(names)) for labels in
                             (true, predicted, true[true == predicted]))
    precision, recall = right / np.maximum(taken, 1), right / np.maximum(support, 1)
    f1 = 2 * right / np.maximum(taken + support, 1)
    lines = [("rows", len(true)), ("accuracy", metrics.accuracy_score(true, predicted)),
             ("F1, mean over the classes", float(np.mean(f1)))]
    of_probabilities, sure = _of_probabilities(model, X, true, predicted, len(names))
    lines += of_probabilities
    shown = np.arange(len(names))
    caption = "Classes"
    if len(names) > MAX_CLASSES:
        shown = np.argsort(right - support, kind="stable")[:MAX_CLASSES]
        caption = f"The {MAX_CLASSES} of {len(names)} classes with the most wrong rows"
    classes = _html.table(caption, ((str(names[k]), precision[k], recall[k], f1[k], support[k])
                                    for k in shown), ("class", "precision", "recall", "F1", "rows"))
    return [_html.table("Measures", lines), classes, _confusions(names, true, predicted),
            _mistakes(names, true, predicted, sure)]


def _confusions(names: list, true: np.ndarray, predicted: np.ndarray) -> str:
    """A matrix of few classes; of many the pairs that occur, since their matrix may not fit."""
    if len(names) <= _html.MAX_MATRIX_CLASSES:
        return _html.confusion_matrix(
            metrics.confusion_matrix(true, predicted, labels=range(len(names))), names)
    pairs, counts = np.unique(true * np.int64(len(names)) + predicted, return_counts=True)
    return _html.confusions(pairs // len(names), pairs % len(names), counts, names)


def _of_probabilities(model: Any, X: Any, true: np.ndarray, predicted: np.ndarray, classes: int
                      ) -> tuple[list[tuple[str, float]], np.ndarray | None]:
    """Measures of the probabilities, and [rows] that of each predicted class.

    Of a model that has none: no measures and None. The rows are taken in parts, since the
    probabilities of thousands of classes may not fit.
    """
    labels, rows = range(classes), len(true)
    sure, bins = np.empty(rows), np.zeros((1, 3))
    log_loss = brier = 0.0
    for part, of in _parts(X, rows, max(PART_VALUES // classes, 1)):
        try:
            found = np.asarray(model.predict_proba(part))
        except (AttributeError, NotImplementedError):
            return [], None
        share = len(found) / rows
        sure[of] = found[np.arange(len(found)), predicted[of]]
        log_loss += share * metrics.log_loss(true[of], found, labels=labels)
        brier += share * metrics.brier_score_loss(true[of], found, labels=labels)
        curve = metrics._calibration_bins(true[of], found, labels=labels)[1]
        bins = bins + share * curve[:, :1] * curve
    return [("log loss", log_loss), ("Brier score", brier),
            ("calibration error", float(np.abs(bins[:, 1] - bins[:, 2]).sum()))], sure


def _parts(X: Any, rows: int, size: int) -> Iterator[tuple[Any, slice]]:
    """Parts of rows that can be sliced, and where they are; others as a whole."""
    by_place = getattr(X, "iloc", X)
    if size >= rows or not (by_place is not X or isinstance(X, (np.ndarray, list))
                            or hasattr(X, "tocsr")):
        yield X, slice(0, rows)
        return
    by_place = X.tocsr() if hasattr(X, "tocsr") else by_place
    for first in range(0, rows, size):
        of = slice(first, min(first + size, rows))
        yield by_place[of], of


def _mistakes(names: list, true: np.ndarray, predicted: np.ndarray, sure: np.ndarray | None) -> str:
    """The rows that were predicted wrong, the surest ones first; `sure` has their probabilities."""
    wrong = np.flatnonzero(true != predicted)
    if wrong.size == 0:
        return ""
    head = ["row", "true class", "predicted class"]
    if sure is not None:
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
        head.append("probability of it")
    rows = [[int(i), str(names[true[i]]), str(names[predicted[i]])]
            + ([] if sure is None else [float(sure[i])])
            for i in wrong[:MAX_MISTAKES]]
    caption = "Rows that were predicted wrong"
    return _html.table(caption if len(wrong) <= MAX_MISTAKES
                       else f"{caption}: {MAX_MISTAKES} of {len(wrong)}", rows, head)


def _regression(model: Any, X: Any, y: Any) -> list[str]:
    true = np.asarray(y, float)
    predicted = np.asarray(model.predict(X), float).reshape(true.shape)
    true, predicted = (a.reshape(len(a), -1) for a in (true, predicted))
    error = ((true - predicted) ** 2).mean(axis=0)
    variance = true.var(axis=0)
    r2 = np.where(variance > 0, 1 - error / np.where(variance > 0, variance, 1), 0.0)
    return [_html.table("Measures", [("rows", len(true))] + [
        row for k in range(true.shape[1]) for row in
        ((f"R² of output {k}", float(r2[k])), (f"RMSE of output {k}", float(np.sqrt(error[k]))))])]
