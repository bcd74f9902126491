"""Cross-validation and grid search against the loop that they stand for, and scikit-learn's."""

import ctypes as C

import classify as clf
import numpy as np

clf.sklearn()
from sklearn import datasets
from sklearn.linear_model import RidgeClassifier

FOLDS, SEED = 5, 3


def data_of(load):
    x, y = load(return_X_y=True)
    return x.astype(np.float32), y


def fold(data, index, folds=FOLDS, seed=SEED):
    train, test = clf.Dataset(), clf.Dataset()
    clf.call("clf_dataset_fold", C.byref(train.handle), C.byref(test.handle), data, clf.i64(folds),
             clf.i64(index), C.c_uint64(seed))
    return train, test


def cross_validate(model, data, folds=FOLDS, seed=SEED):
    scores = np.full(folds, np.nan)
    clf.call("clf_cross_validate", model, data, clf.i64(folds), C.c_uint64(seed),
             clf.ptr(scores.ctypes.data))
    return scores


def loop(kind, params, data, on=None):
    pairs = [fold(data, k) for k in range(FOLDS)]
    return np.array([clf.Model(kind, params, on).fit(train).score(test) for train, test in pairs])


def cross_validate__equals_the_loop_over_folds():
    kinds = [clf.lib.clf_kind_name(b"model", clf.i64(i)).decode()
             for i in range(clf.lib.clf_kind_count(b"model"))]
    x, y = data_of(datasets.load_iris)
    for threads in (1, 2, 4):
        on = clf.context(f"threads={threads}")
        data = clf.Dataset(x, y, on=on)
        for kind in kinds:
            found = cross_validate(clf.Model(kind, None, on), data)
            assert np.array_equal(found, loop(kind, None, data, on)), (kind, threads, found)


def cross_validate__scores_a_regression():
    x, y = datasets.load_diabetes(return_X_y=True)
    data = clf.Dataset(x.astype(np.float32), targets=y)
    found = cross_validate(clf.Model("ridge", "alpha=0.1"), data)
    assert np.array_equal(found, loop("ridge", "alpha=0.1", data)), found


def cross_validate__agrees_with_scikit_learn_on_the_same_folds():
    x, y = data_of(datasets.load_digits)
    x = x / 16
    data = clf.Dataset(x, y)
    found = cross_validate(clf.Model("ridge", "alpha=2"), data)
    expected = []
    for k in range(FOLDS):
        train, test = fold(data, k)
        reference = RidgeClassifier(alpha=2.0).fit(train.tensor("x"), train.tensor("labels"))
        expected.append(reference.score(test.tensor("x"), test.tensor("labels")))
    clf.close(found, expected, 2 / len(test.tensor("labels")), "scores")  # at most a row or two


def grid_search__scores_each_combination_as_cross_validation_does():
    x, y = data_of(datasets.load_wine)
    data = clf.Dataset(x, y)
    model = clf.Model("ridge").add("standardize")
    search = clf.Handle("clf_search_free")
    clf.call("clf_search_create", C.byref(search.handle), model, data, clf.i64(FOLDS),
             C.c_uint64(SEED), "alpha=0.01|1|1000 fit_intercept=true|false", None)
    assert clf.lib.clf_search_count(search.handle) == 6
    means = []
    for i in range(6):
        params = clf.lib.clf_search_combination(search.handle, clf.i64(i)).decode()
        alpha, intercept = (0.01, 1, 1000)[i // 2], ("true", "false")[i % 2]
        assert params == f"alpha={alpha} fit_intercept={intercept}", params
        scores = cross_validate(clf.Model("ridge", params).add("standardize"), data)
        means.append(clf.lib.clf_search_mean(search.handle, clf.i64(i)))
        deviation = clf.lib.clf_search_deviation(search.handle, clf.i64(i))
        clf.close([means[-1], deviation], [scores.mean(), scores.std()], 1e-14, params)
    assert clf.lib.clf_search_best(search.handle) == np.argmax(means)


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
