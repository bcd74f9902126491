"""Logistic regression against scikit-learn's, both run to high precision, on its small data sets."""

import warnings

import classify as clf
import numpy as np

clf.sklearn()
from scipy import sparse
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

SETS = [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_digits]
# Relative to the largest weight. Ours is found in single precision, from a gradient good to 1e-7.
CLOSE = 1e-3


def standardized(load):
    x, y = load(return_X_y=True)
    deviation = x.std(0)
    return ((x - x.mean(0)) / np.where(deviation > 0, deviation, 1)).astype(np.float32), y


def reference(**params):
    return LogisticRegression(solver="newton-cg", tol=1e-8, max_iter=10000, **params)


def dense(x):
    return x.toarray().astype(float) if sparse.issparse(x) else x.astype(float)


def weights_of(classifier):
    """[classes, features] and [classes]; of two classes ours has 0 for the first."""
    if isinstance(classifier, OneVsRestClassifier):
        parts = classifier.estimators_
        coefficients = np.vstack([p.coef_ for p in parts])
        intercepts = np.hstack([p.intercept_ for p in parts])
    else:
        coefficients, intercepts = classifier.coef_, classifier.intercept_
    if len(coefficients) == 1:
        coefficients = np.vstack([0 * coefficients, coefficients])
        intercepts = np.hstack([0 * intercepts, intercepts])
    return coefficients, intercepts


def centred(weights, intercept):
    """Softmax does not change when a number is added to all intercepts."""
    return np.column_stack([weights, intercept - intercept.mean()])


def compare(x, y, params, classifier, what, weights=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if weights is None:
            classifier.fit(dense(x), y)
        else:
            classifier.fit(dense(x), y, sample_weight=weights)
    data = clf.Dataset(x, y, weights=weights)
    model = clf.Model("logistic", params).fit(data)
    coefficients, intercepts = weights_of(classifier)
    assert model.outcome() == 0, what
    clf.close(centred(model.tensor("weights"), model.tensor("intercept")),
              centred(coefficients, intercepts), CLOSE, "weights, " + what)
    clf.close(model.predict_proba(data), classifier.predict_proba(dense(x)), CLOSE,
              "probabilities, " + what)


def logistic__has_the_weights_of_logistic_regression():
    for load in SETS:
        x, y = standardized(load)
        for C in (0.01, 1.0, 20.0):
            compare(x, y, f"C={C}", reference(C=C), f"{load.__name__} C={C}")


def logistic__without_intercept():
    for load in SETS:
        x, y = standardized(load)
        compare(x, y, "fit_intercept=no", reference(fit_intercept=False), load.__name__)


def logistic__one_vs_rest_is_a_fit_a_class():
    for load in SETS:
        x, y = standardized(load)
        compare(x, y, "multiclass=one_vs_rest", OneVsRestClassifier(reference())
                if len(set(y)) > 2 else reference(), load.__name__)


def logistic__takes_weights_as_logistic_regression_does():
    rng = np.random.default_rng(0)
    for load in SETS:
        x, y = standardized(load)
        weights = rng.random(len(y)).astype(np.float32)
        weights[::7] = 0
        compare(x, y, None, reference(), load.__name__, weights)
        compare(x, y, "class_weight=balanced", reference(class_weight="balanced"), load.__name__)


def logistic__sparse_and_raw_rows():
    x, y = datasets.load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    compare(sparse.csr_matrix(x), y, None, reference(), "sparse digits")
    for load in (datasets.load_iris, datasets.load_wine):
        x, y = load(return_X_y=True)
        compare(x.astype(np.float32), y, None, reference(),
                "raw " + load.__name__)


def logistic__more_features_than_rows():
    x, y = standardized(datasets.load_digits)
    compare(x[:40], y[:40], None, reference(), "40 digits")
    rng = np.random.default_rng(1)
    x = sparse.random(200, 3000, 0.01, "csr", np.float32, rng)
    y = rng.integers(0, 3, 200)
    compare(x, y, "C=10", reference(C=10), "sparse, 3000 features")


def logistic__objective_is_not_above():
    """On raw features the weights are hard to find; the objective is what counts."""
    for load in SETS:
        x, y = load(return_X_y=True)
        x = x.astype(np.float32)
        classes = len(set(y))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = LogisticRegression(max_iter=1000).fit(x.astype(float), y)
        ours = clf.Model("logistic").fit(clf.Dataset(x, y))

        def objective(w, b):
            z = x.astype(float) @ w.T + b
            top = z.max(1, keepdims=True)
            log_sum = np.log(np.exp(z - top).sum(1)) + top[:, 0]
            return (log_sum - z[np.arange(len(y)), y]).sum() + 0.5 * (w ** 2).sum()

        found = objective(ours.tensor("weights").astype(float),
                          ours.tensor("intercept").astype(float))
        expected = objective(*weights_of(theirs))
        assert found <= expected * (1 + 1e-6), f"{load.__name__}: {found}, theirs {expected}"


clf.run([logistic__has_the_weights_of_logistic_regression, logistic__without_intercept,
         logistic__one_vs_rest_is_a_fit_a_class, logistic__takes_weights_as_logistic_regression_does,
         logistic__sparse_and_raw_rows, logistic__more_features_than_rows,
         logistic__objective_is_not_above])
