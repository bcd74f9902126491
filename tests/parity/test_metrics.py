"""Measures against sklearn.metrics on random predictions."""

import ctypes as C

import classify as clf
import numpy as np

clf.sklearn()
from sklearn import metrics

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


def confusion_matrix__agrees():
    for rows, classes in CASES:
        truth, predicted = labels(rows, classes, 2)
        found = np.zeros((classes, classes), np.int64)
        clf.call("clf_confusion_matrix", address(truth), address(predicted), clf.i64(rows),
                 clf.i64(classes), address(found))
        expected = metrics.confusion_matrix(truth, predicted, labels=range(classes))
        assert np.array_equal(found, expected)


def class_scores__agree():
    for rows, classes in CASES:
        truth, predicted = labels(rows, classes, 3)
        found = [np.zeros(classes) for _ in range(3)] + [np.zeros(classes, np.int64)]
        clf.call("clf_class_scores", address(truth), address(predicted), clf.i64(rows),
                 clf.i64(classes), *map(address, found))
        expected = metrics.precision_recall_fscore_support(truth, predicted, labels=range(classes),
                                                           zero_division=0)
        for ours, theirs, what in zip(found, expected, ("precision", "recall", "F1", "support")):
            clf.close(ours, theirs, 1e-12, what)


def average_scores__agree():
    for rows, classes in CASES:
        truth, predicted = labels(rows, classes, 4)
        for number, name in ((MACRO, "macro"), (MICRO, "micro"), (WEIGHTED, "weighted")):
            found = [clf.f64() for _ in range(3)]
            clf.call("clf_average_scores", address(truth), address(predicted), clf.i64(rows),
                     clf.i64(classes), clf.i32(number), *map(C.byref, found))
            expected = metrics.precision_recall_fscore_support(truth, predicted, average=name,
                                                               zero_division=0)
            clf.close([f.value for f in found], expected[:3], 1e-12, name)


def log_loss__agrees():
    for rows, classes in CASES:
        truth, _ = labels(rows, classes, 5)
        p = np.random.default_rng(6).dirichlet(np.full(classes, 0.3), rows)
        p = np.maximum(p, 1e-6).astype(np.float32)
        p = (p / p.sum(1, keepdims=True)).astype(np.float32)
        found = one("clf_log_loss", address(truth), address(p), clf.i64(rows), clf.i64(classes))
        expected = metrics.log_loss(truth, p.astype(float), labels=range(classes))
        clf.close([found], [expected], 1e-6, "log loss")  # rows of f32 sum to 1 only so nearly


def scores(rows, classes, seed):
    """Scores rounded so that a good part of them are tied."""
    return np.random.default_rng(seed).normal(size=(rows, classes)).round(1).astype(np.float32)


def roc_auc__agrees_with_ties():
    for rows, _ in CASES:
        truth, _ = labels(rows, 2, 7)
        values = scores(rows, 1, 8)
        found = one("clf_roc_auc", address(truth), address(values), clf.i64(rows))
        clf.close([found], [metrics.roc_auc_score(truth, values[:, 0])], 1e-12, "area")


def roc_auc_classes__is_the_mean_of_one_against_the_rest():
    for rows, classes in CASES:
        truth, _ = labels(rows, classes, 9)
        values = scores(rows, classes, 10)
        found = one("clf_roc_auc_classes", address(truth), address(values), clf.i64(rows),
                    clf.i64(classes))
        expected = np.mean([metrics.roc_auc_score(truth == k, values[:, k])
                            for k in np.unique(truth)])
        clf.close([found], [expected], 1e-12, "area")


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
