"""Costs, thresholds, priors and prediction sets of models as objects."""
import numpy as np
import pytest

import libclassify as clf


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    index = rng.choice(3, 1500, p=[0.6, 0.3, 0.1])
    x = rng.normal(size=(1500, 3)) + 1.5 * np.eye(3)[index]
    return x, np.array(["a", "b", "rare"])[index]


@pytest.fixture
def model(data):
    x, y = data
    return clf.Model("logistic").fit(x[:400], y[:400])


def test_costs(data, model):
    x, _ = data
    plain, p = model.predict(x), model.predict_proba(x)
    costs = np.array([[0, 1, 1], [1, 0, 1], [20, 20, 0]])
    assert model.set_costs(costs) is model
    assert (model.predict(x) == model.classes[(p @ costs).argmin(1)]).mean() > 0.999
    assert (clf.Model.load(model.to_bytes()).predict(x) == model.predict(x)).all()
    assert (model.set_costs(None).predict(x) == plain).all()
    with pytest.raises(clf.ShapeError, match=r"it must be \[3, 3\]"):
        model.set_costs([[0, 1], [1, 0]])
    with pytest.raises(clf.DataError, match="'rare'"):
        model.set_costs(np.where(costs == 20, np.nan, costs))
    with pytest.raises(clf.Unsupported, match="probabilities"):
        clf.Model("ridge").fit(*data).set_costs(costs)


def test_thresholds(data, model):
    x, y = data
    model.tune_threshold(x[400:900], y[400:900], metric="precision", require="recall>=0.9",
                         positive="rare")
    threshold = model.tensors["decision_thresholds"]
    assert (threshold[:2] == 0).all() and 0 < threshold[2] < 0.5
    found = model.predict(x[400:900])
    assert (found[y[400:900] == "rare"] == "rare").mean() >= 0.9
    assert ((model.predict_proba(x)[:, 2] >= threshold[2]) == (model.predict(x) == "rare")).all()
    with pytest.raises(clf.DataError, match="recall>=1.5 is not reached"):
        model.tune_threshold(x, y, require="recall>=1.5")
    with pytest.raises(clf.ArgumentError, match="metric"):
        model.tune_threshold(x, y, metric="loss")
    with pytest.raises(clf.ArgumentError, match="positive='c' is none of the classes"):
        model.tune_threshold(x, y, positive="c")


def test_priors(data, model):
    x, y = data
    p, shares = model.predict_proba(x), model.tensors["decision_class_rows"]
    assert shares.tolist() == [(y[:400] == label).sum() for label in model.classes]
    model.set_priors({"a": 1, "b": 1, "rare": 2})
    wanted = p * [1, 1, 2] / shares
    assert np.allclose(model.predict_proba(x), wanted / wanted.sum(1, keepdims=True), atol=1e-6)
    assert np.allclose(model.set_priors(None).predict_proba(x), p)
    moved = np.concatenate([x[y == label][:100] for label in ("a", "b", "rare")])
    assert np.allclose(model.estimate_priors(moved), 1 / 3, atol=0.08)
    with pytest.raises(clf.ArgumentError, match="priors has the labels"):
        model.set_priors({"a": 1, "b": 1})
    with pytest.raises(clf.ShapeError):
        model.set_priors([0.5, 0.5])


@pytest.mark.parametrize("params", [{}, {"method": "aps"}, {"by_class": True}])
def test_sets(data, model, params):
    x, y = data
    with pytest.raises(clf.Unsupported, match="clf_model_conform"):
        model.predict_set(x)
    model.conform(x[400:900], y[400:900], **params)
    sets = model.predict_set(x[900:], coverage=0.9)
    truth = np.searchsorted(model.classes, y[900:])
    hit = sets[np.arange(len(truth)), truth]
    assert sets.dtype == bool and sets.shape == (600, 3)
    assert hit.mean() == pytest.approx(0.9, abs=0.05)
    if params.get("by_class"):
        assert hit[y[900:] == "rare"].mean() > 0.75
    with pytest.raises(clf.ArgumentError, match="coverage is 1"):
        model.predict_set(x, coverage=1)


@pytest.mark.parametrize("outputs", [1, 2])
def test_intervals(outputs):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(900, 2))
    target = x @ rng.normal(size=(2, outputs)) + rng.normal(size=(900, outputs))
    model = clf.Model("ridge").fit(x[:200], targets=target[:200])
    model.conform(x[200:500], targets=target[200:500])
    bounds = model.predict_interval(x[500:], 0.9)
    assert bounds.shape == ((400, 2) if outputs == 1 else (400, outputs, 2))
    bounds = bounds.reshape(400, outputs, 2)
    inside = (bounds[..., 0] <= target[500:]) & (target[500:] <= bounds[..., 1])
    assert inside.mean() == pytest.approx(0.9, abs=0.05)


def test_estimators(data):
    sk = pytest.importorskip("libclassify.sklearn")
    x, y = data
    for made in (sk.LogisticRegression(), sk.MLPClassifier(hidden_layer_sizes=(8,), max_iter=30,
                                                           random_state=0)):
        model = made.fit(x[:400], y[:400])
        plain = (model.predict(x) == "rare").sum()
        model.set_costs([[0, 1, 1], [1, 0, 1], [30, 30, 0]])
        assert (model.predict(x) == "rare").sum() > plain
        model.tune_threshold(x[400:900], y[400:900], require="recall>=0.8", positive="rare")
        assert "decision_thresholds" in model.model_.tensors
        sets = model.conform(x[400:900], y[400:900], by_class=True).predict_set(x[900:], 0.9)
        truth = np.searchsorted(model.classes_, y[900:])
        assert sets[np.arange(600), truth].mean() == pytest.approx(0.9, abs=0.06)
        assert np.allclose(model.set_priors({"a": 1, "b": 1, "rare": 1}).predict_proba(x).sum(1), 1)


def test_intervals_of_estimators(data):
    sk = pytest.importorskip("libclassify.sklearn")
    x, _ = data
    target = x @ [1, 2, 3] + np.random.default_rng(1).normal(size=len(x))
    linear = lambda a, b: a @ b.T  # noqa: E731
    for made in (sk.Ridge(), sk.SVR(), sk.NuSVR(kernel="linear", nu=0.4), sk.SVR(kernel=linear)):
        with pytest.raises(clf.Unsupported, match="conform"):
            made.fit(x[:400], target[:400]).predict_interval(x[:2])
        bounds = made.conform(x[400:900], target[400:900]).predict_interval(x[900:], 0.9)
        assert bounds.shape == (600, 2)
        inside = (bounds[:, 0] <= target[900:]) & (target[900:] <= bounds[:, 1])
        assert inside.mean() == pytest.approx(0.9, abs=0.05)
        middle = bounds.mean(axis=1)
        np.testing.assert_allclose(middle, made.predict(x[900:]), atol=1e-4)
    weights = np.r_[np.full(250, 2), np.zeros(250)]  # as 250 rows, each twice
    twice = np.r_[400:650, 400:650]
    for made in sk.SVR(), sk.NuSVR():
        made.fit(x[:400], target[:400])
        found = [made.conform(*given).predict_interval(x[900:], 0.8) for given in (
            (x[400:900], target[400:900], weights), (x[twice], target[twice]))]
        np.testing.assert_array_equal(*found)


REJECTING = ["RidgeClassifier", "RidgeClassifierCV", "FisherDiscriminant", "LogisticRegression",
             "KernelFisherDiscriminant", "SVC", "NuSVC", "LinearSVC", "NetworkClassifier",
             "Perceptron", "MLPClassifier"]  # the last two without the parameter


@pytest.mark.parametrize("name", REJECTING)
def test_estimators_reject_rows(name, data):
    sk = pytest.importorskip("libclassify.sklearn")
    x, y = data
    far = x[:20] + 1000
    params = {"NuSVC": {"nu": 0.24}, "NetworkClassifier": {"epochs": 3, "random_state": 0},
              "MLPClassifier": {"max_iter": 30, "random_state": 0}}.get(name, {})
    made = getattr(sk, name)(**params).fit(x[:600], y[:600])
    plain = made.predict(x[900:])
    with pytest.raises(clf.Unsupported, match="reject"):
        made.novelty(x)
    assert made.set_reject(x[600:900], y[600:900], rate=0.1) is made
    fits = [made]
    if hasattr(made, "reject"):
        fits.append(getattr(sk, name)(**params, reject=0.1).fit(x[:600], y[:600]))
        loaded = getattr(sk, name).load(fits[1].model_.to_bytes())
        assert loaded.reject == 0.1 and list(loaded.predict(far)) == [None] * 20
    for model in fits:
        rejected = model.novelty(x[900:]) > 1
        assert rejected.mean() == pytest.approx(0.1, abs=0.06)
        found = model.predict(x[900:])
        assert (found[rejected] == None).all()  # noqa: E711
        np.testing.assert_array_equal(found[~rejected], plain[~rejected])
        assert list(model.predict(far)) == [None] * 20 and (model.novelty(far) > 1).all()
        assert model.score(x[900:], y[900:]) == (found == y[900:]).mean()
    with pytest.raises(clf.ShapeError, match="labels"):
        made.score(x[:5], y[:6])
    made.fit(x[:600], y[:600])  # which drops it
    np.testing.assert_array_equal(made.predict(x[900:]), plain)


def test_what_stands_for_rejected_rows(data):
    sk = pytest.importorskip("libclassify.sklearn")
    x, y = data
    far = np.vstack([x[:100], x[:100] + 1000])
    index = np.searchsorted(["a", "b", "rare"], y)
    weights = np.arange(100.0)
    for labels, expected, dtype in (
            (index, -1, int), (index.astype(np.uint8), -1, np.int64), (index * 1.0, np.nan, float),
            (index - 1, None, object), (index > 0, None, object), (y, None, object)):
        model = sk.LinearDiscriminantAnalysis(reject=0.05).fit(x, labels)
        found = model.predict(far)
        assert found.dtype == dtype and np.array_equal(model.model_.predict(far), found, equal_nan=dtype is float)
        np.testing.assert_array_equal(found[100:], np.full(100, expected, found.dtype))
        score = model.score(x[:100], labels[:100], weights)
        assert score == pytest.approx(np.average(found[:100] == labels[:100], weights=weights))
