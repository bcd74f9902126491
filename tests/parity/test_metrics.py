"""Measures against sklearn.metrics on random predictions."""

import ctypes as C

import classify as clf
import numpy as np

clf.sklearn()
from sklearn import calibration, metrics

MACRO, MICRO, WEIGHTED = 1, 2, 3
CASES = [(10, 2), (40, 3), (500, 7), (5000, 30)]


def labels(rows, classes, seed):
    """True and predicted classes; some classes occur in one of the two only."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, rows).astype(np.int32)
    wrong = rng.random(rows) < 0.4
    predicted = np.where(wrong, rng.integers(0, classes, rows), truth).astype(np.int32)
    if classes > 2:
        truth[truth == 1] = 0
        predicted[predicted == 2] = 0
    return truth, predicted


def address(array):
    return clf.ptr(array.ctypes.data)


def one(function, *arguments):
    out = clf.f64()
    clf.call(function, *arguments, C.byref(out))
    return out.value


def accuracy__agrees_with_and_without_weights():
    for rows, classes in CASES:
        truth, predicted = labels(rows, classes, 0)
        weights = np.random.default_rng(1).random(rows).astype(np.float32)
        for w in (None, weights):
            found = one("clf_accuracy", address(truth), address(predicted),
                        None if w is None else address(w), clf.i64(rows))
            clf.close([found], [metrics.accuracy_score(truth, predicted, sample_weight=w)], 1e-12,
                      "accuracy")


def weights(rows):
    """None, and weights of which some are 0."""
    values = np.random.default_rng(11).random(rows).astype(np.float32)
    values[:: 7] = 0
    return None, values


def optional(array):
    return None if array is None else address(array)


def predictions():
    for seed, (rows, classes) in enumerate(CASES):
        for w in weights(rows):
            yield rows, classes, *labels(rows, classes, seed), w


def confusion_matrix__agrees():
    for rows, classes, truth, predicted, w in predictions():
        found = np.zeros((classes, classes))
        clf.call("clf_confusion_matrix", address(truth), address(predicted), optional(w),
                 clf.i64(rows), clf.i64(classes), address(found))
        expected = metrics.confusion_matrix(truth, predicted, labels=range(classes),
                                            sample_weight=w)
        clf.close(found, expected, 0 if w is None else 1e-12, "confusion matrix")


def class_scores__agree():
    for rows, classes, truth, predicted, w in predictions():
        found = np.zeros((classes, 4))
        clf.call("clf_class_scores", address(truth), address(predicted), optional(w),
                 clf.i64(rows), clf.i64(classes), address(found))
        expected = metrics.precision_recall_fscore_support(
            truth, predicted, labels=range(classes), zero_division=0, sample_weight=w)
        for ours, theirs, what in zip(found.T, expected, ("precision", "recall", "F1", "support")):
            clf.close(ours, theirs, 1e-12, what)


def average_scores__agree():
    for rows, classes, truth, predicted, w in predictions():
        for number, name in ((MACRO, "macro"), (MICRO, "micro"), (WEIGHTED, "weighted")):
            found = np.zeros(3)
            clf.call("clf_average_scores", address(truth), address(predicted), optional(w),
                     clf.i64(rows), clf.i64(classes), clf.i32(number), address(found))
            present = np.union1d(truth if w is None else truth[w > 0],
                                 predicted if w is None else predicted[w > 0])
            expected = metrics.precision_recall_fscore_support(
                truth, predicted, labels=present, average=name, zero_division=0, sample_weight=w)
            clf.close(found, expected[:3], 1e-12, name)


def agreement__agrees():
    for rows, classes, truth, predicted, w in predictions():
        given = (address(truth), address(predicted), optional(w), clf.i64(rows), clf.i64(classes))
        if w is None or set(predicted) <= set(truth[w > 0]):
            clf.close([one("clf_balanced_accuracy", *given)], [metrics.balanced_accuracy_score(
                truth, predicted, sample_weight=w)], 1e-12, "balanced accuracy")
        clf.close([one("clf_matthews_correlation", *given)],
                  [metrics.matthews_corrcoef(truth, predicted, sample_weight=w)], 1e-12, "Matthews")
        for number, name in enumerate((None, "linear", "quadratic"), 1):
            expected = metrics.cohen_kappa_score(truth, predicted, weights=name, sample_weight=w,
                                                 labels=range(classes))
            clf.close([one("clf_cohen_kappa", *given, clf.i32(number))], [expected], 1e-12,
                      f"kappa {name}")


def top_k_accuracy__agrees():
    for rows, classes, truth, _, w in predictions():
        values = np.random.default_rng(4).random((rows, classes)).astype(np.float32)
        for k in {1, min(2, classes - 1), max(1, classes - 1)}:
            found = one("clf_top_k_accuracy", address(truth), address(values), optional(w),
                        clf.i64(rows), clf.i64(classes), clf.i64(k))
            expected = metrics.top_k_accuracy_score(
                truth, (values[:, 1] - values[:, 0]) / 2 + 0.5 if classes == 2 else values, k=k,
                labels=range(classes), sample_weight=w)
            clf.close([found], [expected], 1e-12, f"top {k}")


def forecasts():
    for rows, classes in CASES:
        truth, _ = labels(rows, classes, 5)
        p = np.random.default_rng(6).dirichlet(np.full(classes, 0.3), rows)
        p = np.maximum(p, 1e-6).astype(np.float32)
        p = (p / p.sum(1, keepdims=True)).astype(np.float32)
        for w in weights(rows):
            yield rows, classes, truth, p, w


def log_loss__agrees():
    for rows, classes, truth, p, w in forecasts():
        found = one("clf_log_loss", address(truth), address(p), optional(w), clf.i64(rows),
                    clf.i64(classes))
        expected = metrics.log_loss(truth, p.astype(float), labels=range(classes), sample_weight=w)
        clf.close([found], [expected], 1e-6, "log loss")  # rows of f32 sum to 1 only so nearly


def brier_score__agrees():
    for rows, classes, truth, p, w in forecasts():
        found = one("clf_brier_score", address(truth), address(p), optional(w), clf.i64(rows),
                    clf.i64(classes))
        if classes == 2:
            expected = metrics.brier_score_loss(truth, p[:, 1].astype(float), sample_weight=w)
        else:  # by the definition: scikit-learn 1.2 has it of two classes only
            exact = p / p.sum(1, keepdims=True, dtype=float)
            expected = np.average(((exact - np.eye(classes)[truth]) ** 2).sum(1), weights=w)
        clf.close([found], [expected], 1e-6, "Brier score")


def calibration_error__agrees_with_the_curve():
    for rows, classes, truth, p, _ in forecasts():
        exact = p / p.sum(1, keepdims=True, dtype=float)
        confidence, right = exact.max(1), exact.argmax(1) == truth
        for bins in (1, 4, 16):
            curve = np.zeros((bins, 3))
            found = clf.f64()
            clf.call("clf_calibration_error", address(truth), address(p), None, clf.i64(rows),
                     clf.i64(classes), clf.i64(bins), C.byref(found), address(curve))
            shares, means = calibration.calibration_curve(right, confidence, n_bins=bins)
            filled = curve[curve[:, 0] > 0]
            clf.close(filled[:, 1], means, 1e-12, "confidence")
            clf.close(filled[:, 2], shares, 1e-12, "share of right rows")
            clf.close([found.value], [np.sum(filled[:, 0] * np.abs(shares - means))], 1e-12,
                      "calibration error")


def scores(rows, classes, seed):
    """Scores rounded so that a good part of them are tied."""
    return np.random.default_rng(seed).normal(size=(rows, classes)).round(1).astype(np.float32)


AREAS = [("clf_roc_auc", metrics.roc_auc_score),
         ("clf_average_precision", metrics.average_precision_score)]


def areas__agree_with_ties():
    for rows, _ in CASES:
        truth, _ = labels(rows, 2, 7)
        values = scores(rows, 1, 8)
        for name, measure in AREAS:
            for w in weights(rows):
                found = one(name, address(truth), address(values), optional(w), clf.i64(rows))
                clf.close([found], [measure(truth, values[:, 0], sample_weight=w)], 1e-12, name)


def areas_of_classes__are_the_mean_of_one_against_the_rest():
    for rows, classes in CASES:
        truth, _ = labels(rows, classes, 9)
        values = scores(rows, classes, 10)
        for name, measure in AREAS:
            for w in weights(rows):
                found = one(name + "_classes", address(truth), address(values), optional(w),
                            clf.i64(rows), clf.i64(classes))
                present = np.unique(truth if w is None else truth[w > 0])
                expected = np.mean([measure(truth == k, values[:, k], sample_weight=w)
                                    for k in present])
                clf.close([found], [expected], 1e-12, name)


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
