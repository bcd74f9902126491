"""Measures of predictions, with scikit-learn's names where they are the same.

Labels are of any kind that a :class:`~libclassify.Dataset` takes; classes are in ascending order.
Texts, bytes and numbers are not compared with each other: 1 is not "1".
"""

from __future__ import annotations

import ctypes
import operator
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _arrays, _labels, catalog, errors
from ._declarations import CONSTANTS
from ._library import check, lib

_AVERAGES = {
    "macro": CONSTANTS["CLF_AVERAGE_MACRO"],
    "micro": CONSTANTS["CLF_AVERAGE_MICRO"],
    "weighted": CONSTANTS["CLF_AVERAGE_WEIGHTED"],
}

_DISAGREEMENTS = {
    None: CONSTANTS["CLF_DISAGREEMENT_EQUAL"],
    "linear": CONSTANTS["CLF_DISAGREEMENT_LINEAR"],
    "quadratic": CONSTANTS["CLF_DISAGREEMENT_QUADRATIC"],
}

_MEASURE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p,
                            ctypes.POINTER(ctypes.c_double))

_NORMAL, _NORMAL_END = 0x00800000, 0x7F800000  # the bits of positive normal float32


class Scores(NamedTuple):
    """Precision, recall, F1, and true rows, of each class or averaged over the classes."""

    precision: Any
    recall: Any
    fscore: Any
    support: Optional[np.ndarray]


class Curve(NamedTuple):
    """Of each bin of a reliability diagram: its share of the rows, their mean confidence (the
    probability of the predicted class), and the share of them that is predicted right."""

    share: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


class _Values(NamedTuple):
    """Labels that can be compared: numbers, or names as bytes; and of which kind they are."""

    array: np.ndarray
    kind: str

    @property
    def shown(self) -> List[Any]:
        """The labels, for a message."""
        return [x.decode() if isinstance(x, bytes) else x for x in self.array.tolist()]

    def alike(self, other: "_Values") -> bool:
        return self.kind == other.kind or 0 in (self.array.size, other.array.size)


def _values(values: Any, what: str) -> _Values:
    found = _labels.labels(values, what)
    if found.names is not None:
        return _Values(np.array(found.names, np.bytes_), "texts" if found.kind[0] == "U" else "bytes")
    whole = found.array.dtype.kind != "f"
    return _Values(found.array.astype(np.int64) if whole else found.array, "numbers")


def _check_alike(first: _Values, second: _Values, names: Tuple[str, str]) -> None:
    if not first.alike(second):
        raise errors.TypeMismatch(
            f"{names[0]} has {first.kind} and {names[1]} has {second.kind}, which are never equal; "
            "pass both as the same kind of label"
        )


def _indices(y_true: Any, y_pred: Any,
             labels: Any = None) -> Tuple[np.ndarray, np.ndarray, _Values]:
    """Return truth and prediction as class indices, and the classes."""
    true, predicted = _values(y_true, "y_true"), _values(y_pred, "y_pred")
    if true.array.shape != predicted.array.shape:
        raise errors.ShapeError(
            f"y_true has {len(true.array)} rows, y_pred {len(predicted.array)}"
        )
    _check_alike(true, predicted, ("y_true", "y_pred"))
    if labels is None:
        classes = _Values(np.union1d(true.array, predicted.array), true.kind)
    else:
        classes = _values(labels, "labels")
        _check_alike(true, classes, ("y_true", "labels"))
    order = np.argsort(classes.array, kind="stable")
    found = [_find(values.array, classes.array, order) for values in (true, predicted)]
    return found[0], found[1], classes


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
    weights = _weights(sample_weight, len(true))
    out = ctypes.c_double()
    check(lib.clf_accuracy(true.ctypes.data, predicted.ctypes.data, _address(weights), len(true),
                           ctypes.byref(out)))
    return out.value


def _weights(sample_weight: Any, rows: int) -> Optional[np.ndarray]:
    if sample_weight is None:
        return None
    weights = np.ascontiguousarray(_arrays.column(sample_weight, "sample_weight"), np.float32)
    if weights.shape != (rows,):
        raise errors.ShapeError(f"{len(weights)} weights for {rows} rows")
    return weights


def _address(array: Optional[np.ndarray]) -> Optional[int]:
    return None if array is None else array.ctypes.data


def confusion_matrix(y_true: Any, y_pred: Any, *, labels: Any = None,
                     sample_weight: Any = None) -> np.ndarray:
    """Count the pairs of true and predicted classes.

    Parameters
    ----------
    y_true, y_pred : array_like of shape [rows]
    labels : array_like, optional
        The classes, in the order of the result; rows with a true or a predicted label that is not
        among them are left out. Otherwise all that occur.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.

    Returns
    -------
    ndarray of int64, with weights of float64, [classes, classes]
        A row for each true class, a column for each predicted one.
    """
    true, predicted, values = _indices(y_true, y_pred, labels)
    weights = _weights(sample_weight, len(true))
    known, classes = (true >= 0) & (predicted >= 0), len(values.array)
    true, predicted = true[known], predicted[known]
    weights = None if weights is None else weights[known]
    out = np.zeros((classes, classes))
    check(lib.clf_confusion_matrix(true.ctypes.data, predicted.ctypes.data, _address(weights),
                                   len(true), classes, out.ctypes.data))
    return out if weights is not None else _whole(out)


def _whole(counts: np.ndarray) -> np.ndarray:
    """Make integers of counts in their memory, row by row: a matrix of thousands of classes is large."""
    whole = counts.view(np.int64)
    for to, row in zip(whole, counts):
        to[:] = row.astype(np.int64)
    return whole


def precision_recall_fscore_support(y_true: Any, y_pred: Any, *, pos_label: Any = 1,
                                    average: Optional[str] = None,
                                    sample_weight: Any = None) -> Scores:
    """Compute precision, recall and F1; where a ratio is 0/0, it is 0.

    Parameters
    ----------
    y_true, y_pred : array_like of shape [rows]
    pos_label : label
        The class that "binary" is of.
    average : {"binary", "macro", "micro", "weighted"}, optional
        "binary" gives the figures of `pos_label` among two classes, the others those over the
        classes that occur. None gives the figures of each class, and its true rows.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    """
    true, predicted, values = _indices(y_true, y_pred)
    classes, weights = len(values.array), _weights(sample_weight, len(true))
    if average is None or average == "binary":
        scores = _of_classes(true, predicted, weights, classes)
        return scores if average is None else _of_class(scores, values, pos_label)
    if average not in _AVERAGES:
        raise errors.ArgumentError(
            f"average is {average!r}; it must be None, binary or one of {', '.join(_AVERAGES)}"
        )
    figures = np.empty(3)
    check(lib.clf_average_scores(true.ctypes.data, predicted.ctypes.data, _address(weights),
                                 len(true), classes, _AVERAGES[average], figures.ctypes.data))
    return Scores(*figures.tolist(), None)


def _of_classes(true: np.ndarray, predicted: np.ndarray, weights: Optional[np.ndarray],
                classes: int) -> Scores:
    scores = np.empty((classes, 4))
    check(lib.clf_class_scores(true.ctypes.data, predicted.ctypes.data, _address(weights),
                               len(true), classes, scores.ctypes.data))
    precision, recall, fscore, support = np.ascontiguousarray(scores.T)
    return Scores(precision, recall, fscore,
                  support.astype(np.int64) if weights is None else support)


def _of_class(scores: Scores, classes: _Values, pos_label: Any) -> Scores:
    """Return the figures of one of at most two classes; 0 of one that does not occur."""
    if len(classes.array) > 2:
        raise errors.ArgumentError(
            f"average='binary' is of two classes, not of {len(classes.array)}; pass average=None, "
            "'macro', 'micro' or 'weighted'"
        )
    positive = _values([pos_label], "pos_label")
    alike = positive.alike(classes)
    found = np.flatnonzero(classes.array == positive.array[0]) if alike else ()
    if len(found):
        return Scores(*(float(figures[found[0]]) for figures in scores[:3]), None)
    if alike and len(classes.array) < 2:
        return Scores(0.0, 0.0, 0.0, None)
    raise errors.ArgumentError(
        f"pos_label={pos_label!r} is none of the classes {classes.shown}; pass the one that is positive, "
        "or average='macro'"
    )


def precision_score(y_true: Any, y_pred: Any, *, pos_label: Any = 1,
                    average: Optional[str] = "binary", sample_weight: Any = None) -> Any:
    """Compute the precision; see :func:`precision_recall_fscore_support`."""
    return precision_recall_fscore_support(
        y_true, y_pred, pos_label=pos_label, average=average, sample_weight=sample_weight).precision


def recall_score(y_true: Any, y_pred: Any, *, pos_label: Any = 1,
                 average: Optional[str] = "binary", sample_weight: Any = None) -> Any:
    """Compute the recall; see :func:`precision_recall_fscore_support`."""
    return precision_recall_fscore_support(
        y_true, y_pred, pos_label=pos_label, average=average, sample_weight=sample_weight).recall


def f1_score(y_true: Any, y_pred: Any, *, pos_label: Any = 1,
             average: Optional[str] = "binary", sample_weight: Any = None) -> Any:
    """Compute F1; see :func:`precision_recall_fscore_support`."""
    return precision_recall_fscore_support(
        y_true, y_pred, pos_label=pos_label, average=average, sample_weight=sample_weight).fscore


def balanced_accuracy_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None,
                            adjusted: bool = False) -> float:
    """Compute the mean recall of the classes that occur in `y_true`.

    Parameters
    ----------
    y_true, y_pred : array_like of shape [rows]
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    adjusted : bool
        Scale the score so that always predicting one class gives 0, and 1 stays best.
    """
    true, predicted, classes = _indices(y_true, y_pred)
    score = _of_predictions(lib.clf_balanced_accuracy, true, predicted, classes, sample_weight)
    weights = _weights(sample_weight, len(true))
    chance = 1 / len(np.unique(true if weights is None else true[weights > 0]))
    return (score - chance) / (1 - chance) if adjusted else score


def matthews_corrcoef(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Compute the Matthews correlation coefficient, of any number of classes; 0 by chance.

    Parameters
    ----------
    y_true, y_pred : array_like of shape [rows]
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    """
    return _of_predictions(lib.clf_matthews_correlation, *_indices(y_true, y_pred), sample_weight)


def cohen_kappa_score(y1: Any, y2: Any, *, labels: Any = None, weights: Optional[str] = None,
                      sample_weight: Any = None) -> float:
    """Compute Cohen's kappa, the agreement beyond chance; 0 where it is 0/0.

    Parameters
    ----------
    y1, y2 : array_like of shape [rows]
    labels : array_like, optional
        The classes in their order; rows with other ones are left out. Otherwise all that occur.
    weights : {"linear", "quadratic"}, optional
        How the disagreement of two classes grows with their distance in that order; None: all
        disagreements are equal.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    """
    if weights not in _DISAGREEMENTS:
        raise errors.ArgumentError(f"weights is {weights!r}; it must be None, linear or quadratic")
    first, second, classes = _indices(y1, y2, labels)
    of_rows, known = _weights(sample_weight, len(first)), (first >= 0) & (second >= 0)
    return _of_predictions(lib.clf_cohen_kappa, first[known], second[known], classes,
                           None if of_rows is None else of_rows[known], (_DISAGREEMENTS[weights],))


def _of_predictions(measure: Any, true: np.ndarray, predicted: np.ndarray, classes: _Values,
                    sample_weight: Any, inputs: Tuple[int, ...] = ()) -> float:
    weights = _weights(sample_weight, len(true))
    out = ctypes.c_double()
    check(measure(true.ctypes.data, predicted.ctypes.data, _address(weights), len(true),
                  len(classes.array), *inputs, ctypes.byref(out)))
    return out.value


def top_k_accuracy_score(y_true: Any, y_score: Any, *, k: int = 2, sample_weight: Any = None,
                         labels: Any = None) -> float:
    """Compute the share of rows whose class is among the `k` with the highest scores.

    Of equal scores, those of lower columns come first, as in predictions.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_score : array_like of shape [rows, classes]
        Used as float32.
    k : int
        1 is the accuracy.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    """
    return _of_probabilities(lib.clf_top_k_accuracy, y_true, y_score, sample_weight, labels,
                             (operator.index(k),))


def bootstrap_interval(measure: Any, y_true: Any, y_pred: Any, *, sample_weight: Any = None,
                       draws: int = 1000, coverage: float = 0.95,
                       seed: int = 0) -> Tuple[float, float]:
    """Compute a confidence interval of a measure: percentiles of it on rows drawn with replacement.

    Parameters
    ----------
    measure : callable
        ``measure(y_true, y_pred, sample_weight=weights)`` returns a number, as the functions of
        this module do. A :class:`~libclassify.DataError` of it, as where a draw lacks a class,
        counts as not defined.
    y_true, y_pred
        What `measure` takes.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    draws, coverage, seed
        How often rows are drawn, the share of the draws in the interval, and the seed of them.

    Returns
    -------
    (low, high)
        NaN with fewer than 20 draws, or where the measure is not defined for half of them.
    """
    rows = len(_values(y_true, "y_true").array)
    weights = _weights(sample_weight, rows)
    raised: List[BaseException] = []

    def one(_: Any, address: int, values: Any) -> int:
        drawn = np.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(ctypes.c_float)), (rows,))
        try:
            values[0] = measure(y_true, y_pred, sample_weight=drawn.copy())
        except errors.DataError:
            pass
        except BaseException as error:  # it is raised after the call
            raised.append(error)
            return CONSTANTS["CLF_ERROR_CANCELLED"]
        return 0

    ends = (ctypes.c_double * 2)()
    params = catalog.to_text("measure", "bootstrap", {"draws": draws, "coverage": coverage, "seed": seed})
    callback = _MEASURE(one)
    status = lib.clf_bootstrap(ctypes.cast(callback, ctypes.c_void_p), None, _address(weights), rows,
                               1, ends, None, params)
    if raised:
        raise raised[0]
    check(status)
    return ends[0], ends[1]


def _truth(true: _Values, labels: Any, columns: int) -> Tuple[np.ndarray, int]:
    classes = _Values(np.unique(true.array), true.kind) if labels is None else (
        _values(labels, "labels")
    )
    if len(classes.array) != columns:
        raise errors.ShapeError(
            f"{columns} columns for {len(classes.array)} classes; pass labels= with one for each "
            "column"
        )
    _check_alike(true, classes, ("y_true", "labels"))
    found = _find(true.array, classes.array, np.argsort(classes.array, kind="stable"))
    if (found < 0).any():
        row = int((found < 0).argmax())
        raise errors.DataError(
            f"y_true: the label {true.shown[row]!r} in row {row} is not in labels"
        )
    return found, columns


def log_loss(y_true: Any, y_proba: Any, *, sample_weight: Any = None,
             labels: Any = None) -> float:
    """Compute the mean of -ln of the probability of the true class.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_proba : array_like of shape [rows, classes]
        Used as float32; each row is scaled to sum to 1 and clipped to [2^-23, 1 - 2^-23].
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    """
    return _of_probabilities(lib.clf_log_loss, y_true, y_proba, sample_weight, labels)


def brier_score_loss(y_true: Any, y_proba: Any, *, sample_weight: Any = None, labels: Any = None,
                     scale_by_half: Any = "auto") -> float:
    """Compute the mean squared difference of the probabilities from those of certainty.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_proba : array_like of shape [rows] or [rows, classes]
        Used as float32; each row is scaled to sum to 1. One value a row is the probability of the
        higher of two classes.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    scale_by_half : {"auto", True, False}
        Whether the sum of the squares over the classes is halved, so that 1 is the worst score and
        not 2; "auto" does so with two classes.
    """
    if scale_by_half not in ("auto", True, False):
        raise errors.ArgumentError(
            f"scale_by_half is {scale_by_half!r}; it must be 'auto', True or False"
        )
    values = _scores(y_proba, len(_values(y_true, "y_true").array), "y_proba")
    score = _of_probabilities(lib.clf_brier_score, y_true, values, sample_weight, labels)
    halved = values.shape[1] == 2
    wanted = halved if scale_by_half == "auto" else bool(scale_by_half)
    return score * (0.5 if wanted else 1) / (0.5 if halved else 1)


def calibration_error(y_true: Any, y_proba: Any, *, n_bins: int = 15, sample_weight: Any = None,
                      labels: Any = None) -> float:
    """Compute the expected calibration error.

    It is the mean over the bins, by their share of the rows, of the distance between the mean
    probability of the predicted class and the share of the rows predicted right.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_proba : array_like of shape [rows] or [rows, classes]
        Used as float32; each row is scaled to sum to 1. One value a row is the probability of the
        higher of two classes.
    n_bins : int
        Bins of equal width.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    """
    return _calibration_bins(y_true, y_proba, n_bins, sample_weight, labels)[0]


def confidence_curve(y_true: Any, y_proba: Any, *, n_bins: int = 15, sample_weight: Any = None,
                     labels: Any = None) -> Curve:
    """Compute what a reliability diagram shows, of the bins that have rows.

    The parameters are those of :func:`calibration_error`.
    """
    curve = _calibration_bins(y_true, y_proba, n_bins, sample_weight, labels)[1]
    return Curve(*curve[curve[:, 0] > 0].T)


def _calibration_bins(y_true: Any, y_proba: Any, n_bins: int = 15, sample_weight: Any = None,
                     labels: Any = None) -> Tuple[float, np.ndarray]:
    """Return the error and the values of a `Curve` for all bins, [bins, 3]."""
    bins = operator.index(n_bins)
    if not 1 <= bins <= 1000000:
        raise errors.ArgumentError(f"n_bins is {bins}; it must be 1 to 1,000,000")
    curve = np.empty((bins, 3))
    error = _of_probabilities(lib.clf_calibration_error, y_true, y_proba, sample_weight, labels,
                              (bins,), (curve.ctypes.data,))
    return error, curve


def _of_probabilities(measure: Any, y_true: Any, y_proba: Any, sample_weight: Any, labels: Any,
                      inputs: Tuple[int, ...] = (), outputs: Tuple[int, ...] = ()) -> float:
    known = _values(y_true, "y_true")
    values = _scores(y_proba, len(known.array), "y_proba")
    true, classes = _truth(known, labels, values.shape[1])
    values = np.ascontiguousarray(values, np.float32)
    weights = _weights(sample_weight, len(true))
    out = ctypes.c_double()
    check(measure(true.ctypes.data, values.ctypes.data, _address(weights), len(true), classes,
                  *inputs, ctypes.byref(out), *outputs))
    return out.value


def _scores(values: Any, rows: int, what: str) -> np.ndarray:
    array = _arrays.numbers(values, what)
    if array.ndim == 1:
        array = np.column_stack([1 - array.astype(np.float64), array])
    if array.ndim != 2 or len(array) != rows:
        raise errors.ShapeError(f"{what} has shape {list(array.shape)}; it must be [{rows}, classes]")
    return array


def roc_auc_score(y_true: Any, y_score: Any, *, sample_weight: Any = None,
                  labels: Any = None) -> float:
    """Compute the area under the ROC curve; ties count half.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_score : array_like of shape [rows] or [rows, classes]
        Higher means the higher of two classes; with columns the mean over the classes of each
        against the rest.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    """
    return _area(lib.clf_roc_auc, lib.clf_roc_auc_classes, y_true, y_score, sample_weight, labels)


def average_precision_score(y_true: Any, y_score: Any, *, sample_weight: Any = None,
                            labels: Any = None) -> float:
    """Compute the area under the curve of precision by recall, without interpolation.

    Parameters
    ----------
    y_true : array_like of shape [rows]
    y_score : array_like of shape [rows] or [rows, classes]
        Higher means the higher of two classes; with columns the mean over the classes of each
        against the rest.
    sample_weight : array_like of shape [rows], optional
        At least 0, not all 0; used as float32.
    labels : array_like of shape [classes], optional
        The class of each column; otherwise those that occur, in ascending order.
    """
    return _area(lib.clf_average_precision, lib.clf_average_precision_classes, y_true, y_score,
                 sample_weight, labels)


def _area(of_two: Any, of_classes: Any, y_true: Any, y_score: Any, sample_weight: Any,
          labels: Any) -> float:
    scores = _arrays.numbers(y_score, "y_score")
    true = _values(y_true, "y_true")
    rows = len(true.array)
    if len(scores) != rows:
        raise errors.ShapeError(f"y_true has {rows} rows, y_score {len(scores)}")
    weights = _weights(sample_weight, rows)
    out = ctypes.c_double()
    if scores.ndim == 1:
        found, _ = _truth(true, labels, 2)
        ranks = _ranks(scores)
        check(of_two(found.ctypes.data, ranks.ctypes.data, _address(weights), rows,
                     ctypes.byref(out)))
        return out.value
    found, classes = _truth(true, labels, _scores(scores, rows, "y_score").shape[1])
    ranks = (np.ascontiguousarray(scores) if scores.dtype == np.float32 else
             np.ascontiguousarray(np.column_stack([_ranks(column) for column in scores.T])))
    check(of_classes(found.ctypes.data, ranks.ctypes.data, _address(weights), rows, classes,
                     ctypes.byref(out)))
    return out.value


def _ranks(scores: np.ndarray) -> np.ndarray:
    """Return float32 in the order of the scores: the area depends on nothing else.

    Scores of float64 that float32 cannot tell apart would become ties. The bits of normal float32
    above 0 ascend as their values do, so there are 2^31 - 2^24 of them to number scores with.
    """
    if scores.dtype == np.float32 or np.isnan(scores.astype(np.float64)).any():
        return np.ascontiguousarray(scores, np.float32)
    distinct, ranks = np.unique(scores, return_inverse=True)
    if len(distinct) > _NORMAL_END - _NORMAL:
        raise errors.Unsupported(f"{len(distinct)} different scores: float32 has not so many values")
    bits = (ranks.reshape(scores.shape) + _NORMAL).astype(np.uint32)
    return np.ascontiguousarray(bits).view(np.float32)
