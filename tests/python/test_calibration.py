"""Probabilities that are calibrated: the predicted class is their first maximum, and they are as good as
scikit-learn's."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss

import libclassify as clf
from libclassify.sklearn import (LinearSVC, LogisticRegression, MLPClassifier, Perceptron,
                                 RidgeClassifier, SVC)

METHODS = ("sigmoid", "temperature", "isotonic")
ESTIMATORS = [RidgeClassifier(), Perceptron(), SVC(), SVC(probability=True), LogisticRegression(),
              LinearSVC(), MLPClassifier(hidden_layer_sizes=4, max_iter=3, random_state=0)]


def rows(classes, count=600, seed=0):
    r = np.random.default_rng(seed)
    y = np.arange(count) % classes
    centers = np.random.default_rng(9).normal(size=(classes, 8))
    return 0.8 * centers[y] + r.normal(size=(count, 8)), np.array(["a", "b", "c", "d"])[y]


@pytest.mark.parametrize("kind", [kind for kind in clf.kinds("model")])
@pytest.mark.parametrize("method", METHODS)
def test_models_of_every_kind(kind, method):
    X, y = rows(3)
    new, _ = rows(3, seed=1)
    params = {"epochs": 3} if kind == "network" else {}
    inside = clf.Model(kind, calibration=method, calibration_folds=3, **params).fit(X, y)
    held_out = clf.Model(kind, **params).fit(X[:300], y[:300]).calibrate(X[300:], y[300:], method=method)
    for model in inside, held_out, clf.Model.load(held_out.to_bytes()):
        p = model.predict_proba(new)
        assert np.allclose(p.sum(axis=1), 1)
        assert (model.classes[p.argmax(axis=1)] == model.predict(new)).all()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_estimators(estimator, dtype):
    for classes in 2, 4:
        X, y = rows(classes)
        X = X.astype(dtype)
        fitted = clone(estimator).fit(X[:200], y[:200])
        for method in METHODS:
            fitted.calibrate(X[200:400], y[200:400], method=method)
            p = fitted.predict_proba(X[400:])
            assert p.dtype == dtype
            assert (fitted.classes_[p.argmax(axis=1)] == fitted.predict(X[400:])).all()
        fitted.fit(X[:200], y[:200])
        assert hasattr(fitted, "predict_proba") == hasattr(clone(estimator).fit(X[:200], y[:200]), "predict_proba")


def test_estimators_decide_as_their_model():
    X, y = rows(2)
    fitted = LinearSVC().fit(X[:300], y[:300]).calibrate(X[300:], y[300:])
    fitted.set_costs([[0, 1], [100, 0]])
    assert (fitted.predict(X) == fitted.classes_[fitted.model_.predict_indices(X)]).all()
    assert (fitted.predict(X) == "b").mean() > 0.8
    for estimator in RidgeClassifier(), SVC(), LinearSVC():
        fitted = estimator.fit(X, y)
        fitted.model_.set_reject(X, y, rate=0.1)
        found = fitted.predict(np.vstack([X, X + 1000]))
        assert (found[600:] == None).all() and (found[:600] != None).mean() > 0.8  # noqa: E711


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_as_scikit_learn(method):
    """One calibration of the scores of a cross-validation, of the same model."""
    X, y = rows(3, 900)
    own = clf.Model("ridge", calibration=method).fit(X[:600], y[:600])
    theirs = CalibratedClassifierCV(RidgeClassifier(), method=method, ensemble=False).fit(X[:600], y[:600])
    loss = [log_loss(y[600:], model.predict_proba(X[600:])) for model in (own, theirs)]
    assert loss[0] < loss[1] + 0.01


def test_refusals():
    X, y = rows(2)
    model = clf.Model("ridge").fit(X, y)
    with pytest.raises(clf.Unsupported, match="calibration=sigmoid"):
        model.predict_proba(X)
    with pytest.raises(clf.ArgumentError, match="method"):
        model.calibrate(X, y, method="platt")
    with pytest.raises(clf.DataError, match="two classes"):
        model.calibrate(X[y == "a"], y[y == "a"])
    with pytest.raises(AttributeError, match="calibrate"):
        RidgeClassifier().fit(X, y).predict_proba
