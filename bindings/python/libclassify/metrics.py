"""Measures of predictions, with scikit-learn's names where they are the same.

Labels are of any kind that a :class:`~libclassify.Dataset` takes; classes are in ascending order.
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np

from . import _arrays, errors
from ._declarations import CONSTANTS
from ._library import check, lib

_AVERAGES = {
    "macro": CONSTANTS["CLF_AVERAGE_MACRO"],
    "micro": CONSTANTS["CLF_AVERAGE_MICRO"],
    "weighted": CONSTANTS["CLF_AVERAGE_WEIGHTED"],
}


class Scores(NamedTuple):
    """Precision, recall, F1, and true rows, of each class or averaged over the classes."""

    precision: Any
    recall: Any
    fscore: Any
    support: Optional[np.ndarray]


def _indices(y_true: Any, y_pred: Any, labels: Any = None) -> Tuple[np.ndarray, np.ndarray, int]:
    """Return truth and prediction as class indices, and the number of classes."""
    true, predicted = _column(y_true, "y_true"), _column(y_pred, "y_pred")
    if true.shape != predicted.shape:
        raise errors.ShapeError(f"y_true has {len(true)} rows, y_pred {len(predicted)}")
    if true.dtype.kind in "USO" or predicted.dtype.kind in "USO":
        true, predicted = true.astype(str), predicted.astype(str)
    classes = np.union1d(true, predicted) if labels is None else np.asarray(labels)
    if labels is not None and true.dtype.kind == "U":
        classes = classes.astype(str)
    order = np.argsort(classes, kind="stable")
    found = [_find(values, classes, order) for values in (true, predicted)]
    return found[0], found[1], len(classes)


def _column(values: Any, what: str) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise errors.ShapeError(f"{what} has shape {list(array.shape)}; it must be [rows]")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise errors.DataError(f"{what}: row {int(np.isnan(array).argmax())} is NaN")
    if array.dtype.kind not in "iubfUSO":
        raise errors.TypeMismatch(f"{what} is of dtype {array.dtype}; labels are numbers or texts")
    return array


def _find(values: np.ndarray, classes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the index of each value among the classes; -1 for others."""
    if len(classes) == 0:
        return np.full(len(values), -1, np.int32)
    at = order[np.minimum(np.searchsorted(classes, values, sorter=order), len(classes) - 1)]
    return np.where(classes[at] == values, at, -1).astype(np.int32)


def accuracy_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Compute the share of rows that were predicted right.

    Parameters
    ----------
    y_true, y_pred : array_like of shape [rows]
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    """
    true, predicted, _ = _indices(y_true, y_pred)
    weights = None
    if sample_weight is not None:
        weights = np.ascontiguousarray(_arrays.column(sample_weight, "sample_weight"), np.float32)
        if weights.shape != true.shape:
            raise errors.ShapeError(f"{len(weights)} weights for {len(true)} rows")
    out = ctypes.c_double()
    check(lib.clf_accuracy(true.ctypes.data, predicted.ctypes.data,
                           None if weights is None else weights.ctypes.data, len(true),
                           ctypes.byref(out)))
    return out.value


def confusion_matrix(y_true: Any, y_pred: Any, *, labels: Any = None) -> np.ndarray:
    """Count the pairs of true and predicted classes.

    Parameters
    ----------
    y_true, y_pred : array_like of shape [rows]
    labels : array_like, optional
        The classes, in the order of the result; rows with a true label that is not among them are
        left out. Otherwise all that occur.

    Returns
    -------
    ndarray of int64, [classes, classes]
        A row for each true class, a column for each predicted one.
    """
    true, predicted, classes = _indices(y_true, y_pred, labels)
    true, predicted = _known(true, predicted)
    out = np.zeros((classes, classes), np.int64)
    check(lib.clf_confusion_matrix(true.ctypes.data, predicted.ctypes.data, len(true), classes,
                                   out.ctypes.data))
    return out


def _known(true: np.ndarray, predicted: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return the rows whose true class is among the labels."""
    known = true >= 0
    return (true, predicted) if known.all() else (true[known], predicted[known])


def precision_recall_fscore_support(y_true: Any, y_pred: Any, *,
                                    average: Optional[str] = None) -> Scores:
    """Compute precision, recall and F1; where a ratio is 0/0, it is 0.

    Parameters
    ----------
    y_true, y_pred : array_like of shape [rows]
    average : {"macro", "micro", "weighted"}, optional
        Over the classes that occur. None gives the figures of each class, and its true rows.
    """
    true, predicted, classes = _indices(y_true, y_pred)
    if average is None:
        values = np.empty((3, classes))
        support = np.empty(classes, np.int64)
        check(lib.clf_class_scores(true.ctypes.data, predicted.ctypes.data, len(true), classes,
                                   *(row.ctypes.data for row in values), support.ctypes.data))
        return Scores(values[0], values[1], values[2], support)
    if average not in _AVERAGES:
        raise errors.ArgumentError(
            f"average is {average!r}; it must be None or one of {', '.join(_AVERAGES)}"
        )
    figures = [ctypes.c_double() for _ in range(3)]
    check(lib.clf_average_scores(true.ctypes.data, predicted.ctypes.data, len(true), classes,
                                 _AVERAGES[average], *map(ctypes.byref, figures)))
    return Scores(*(figure.value for figure in figures), None)


def precision_score(y_true: Any, y_pred: Any, *, average: Optional[str] = "macro") -> Any:
    """Compute the precision; see :func:`precision_recall_fscore_support`."""
    return precision_recall_fscore_support(y_true, y_pred, average=average).precision


def recall_score(y_true: Any, y_pred: Any, *, average: Optional[str] = "macro") -> Any:
    """Compute the recall; see :func:`precision_recall_fscore_support`."""
    return precision_recall_fscore_support(y_true, y_pred, average=average).recall


def f1_score(y_true: Any, y_pred: Any, *, average: Optional[str] = "macro") -> Any:
    """Compute F1; see :func:`precision_recall_fscore_support`."""
    return precision_recall_fscore_support(y_true, y_pred, average=average).fscore


def _truth(y_true: Any, labels: Any, columns: int) -> Tuple[np.ndarray, int]:
    true = _column(y_true, "y_true")
    classes = np.unique(true) if labels is None else np.asarray(labels)
    if len(classes) != columns:
        raise errors.ShapeError(
            f"{columns} columns for {len(classes)} classes; pass labels= with one for each column"
        )
    found = _find(true, classes, np.argsort(classes, kind="stable"))
    if (found < 0).any():
        row = int((found < 0).argmax())
        raise errors.DataError(f"y_true: the label {true[row]!r} in row {row} is not in labels")
    return found, columns


def log_loss(y_true: Any, y_proba: Any, *, labels: Any = None) -> float:
    """Compute the mean of -ln of the probability of the true class.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_proba : array_like of shape [rows, classes]
        Used as float32; each row is scaled to sum to 1 and clipped to [2^-23, 1 - 2^-23].
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    """
    values = _scores(y_proba, len(_column(y_true, "y_true")), "y_proba")
    true, classes = _truth(y_true, labels, values.shape[1])
    values = np.ascontiguousarray(values, np.float32)
    out = ctypes.c_double()
    check(lib.clf_log_loss(true.ctypes.data, values.ctypes.data, len(true), classes,
                           ctypes.byref(out)))
    return out.value


def _scores(values: Any, rows: int, what: str) -> np.ndarray:
    array = _arrays.numbers(values, what)
    if array.ndim == 1:
        array = np.column_stack([1 - array.astype(np.float64), array])
    if array.ndim != 2 or len(array) != rows:
        raise errors.ShapeError(f"{what} has shape {list(array.shape)}; it must be [{rows}, classes]")
    return array


def roc_auc_score(y_true: Any, y_score: Any, *, labels: Any = None) -> float:
    """Compute the area under the ROC curve; ties count half.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_score : array_like of shape [rows] or [rows, classes]
        Higher means the higher of two classes; with columns the mean over the classes of each
        against the rest.
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    """
    scores = _arrays.numbers(y_score, "y_score")
    true = _column(y_true, "y_true")
    if len(scores) != len(true):
        raise errors.ShapeError(f"y_true has {len(true)} rows, y_score {len(scores)}")
    out = ctypes.c_double()
    if scores.ndim == 1:
        found, _ = _truth(y_true, labels, 2)
        ranks = _ranks(scores)
        check(lib.clf_roc_auc(found.ctypes.data, ranks.ctypes.data, len(found), ctypes.byref(out)))
        return out.value
    found, classes = _truth(y_true, labels, _scores(scores, len(true), "y_score").shape[1])
    ranks = np.ascontiguousarray(np.column_stack([_ranks(column) for column in scores.T]))
    check(lib.clf_roc_auc_classes(found.ctypes.data, ranks.ctypes.data, len(found), classes,
                                  ctypes.byref(out)))
    return out.value


def _ranks(scores: np.ndarray) -> np.ndarray:
    """Return float32 in the order of the scores: the area depends on nothing else.

    Scores of float64 that float32 cannot tell apart would become ties.
    """
    if scores.dtype == np.float32 or np.isnan(scores.astype(np.float64)).any():
        return np.ascontiguousarray(scores, np.float32)
    distinct, ranks = np.unique(scores, return_inverse=True)
    if len(distinct) > 2**24:
        return np.ascontiguousarray(scores, np.float32)
    return np.ascontiguousarray(ranks.reshape(scores.shape), np.float32)


