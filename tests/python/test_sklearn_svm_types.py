"""NuSVC, SVR, NuSVR and OneClassSVM against scikit-learn's, and the model's types in the package."""

import pickle

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix  # noqa: E402
from sklearn import svm as theirs  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.datasets import load_diabetes, load_iris  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import libclassify as lc  # noqa: E402
import libclassify.sklearn as ours  # noqa: E402

TIGHT = {"tol": 1e-6}
KERNELS = [{}, {"kernel": "linear"}, {"kernel": "poly", "coef0": 1, "degree": 2}]


def regression():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X)[:120], ((y - y.mean()) / y.std())[:120]


def both(name, *data, **params):
    return tuple(getattr(of, name)(**params, **TIGHT).fit(*data) for of in (ours, theirs))


@pytest.mark.parametrize("name", ["SVR", "NuSVR"])
@pytest.mark.parametrize("params", KERNELS, ids=str)
def test_regressions_are_those_of_scikit_learn(name, params):
    X, y = regression()
    mine, other = both(name, X, y, **params)
    np.testing.assert_allclose(mine.predict(X), other.predict(X), atol=1e-4)
    assert mine.score(X, y) == pytest.approx(other.score(X, y), abs=1e-4)
    np.testing.assert_allclose(mine.intercept_, other.intercept_, atol=1e-4)
    for attribute in ("shape_fit_", "fit_status_", "n_features_in_"):
        assert getattr(mine, attribute) == getattr(other, attribute)
    assert abs(len(mine.support_) - len(other.support_)) <= 2
    assert mine.dual_coef_.shape == (1, len(mine.support_)) and mine.n_support_.shape == (1,)
    assert isinstance(mine.n_iter_, int)
    if params.get("kernel") == "linear":
        np.testing.assert_allclose(mine.coef_, other.coef_, atol=1e-4)
        np.testing.assert_allclose(X @ mine.coef_[0] + mine.intercept_, mine.predict(X), atol=1e-5)


@pytest.mark.parametrize("params", KERNELS, ids=str)
def test_one_class_is_that_of_scikit_learn(params):
    X = load_iris().data + 1
    mine, other = both("OneClassSVM", X, nu=0.2, **params)
    scale = np.abs(other.score_samples(X)).max()
    clear = np.abs(other.decision_function(X)) > 1e-4 * scale
    np.testing.assert_allclose(mine.decision_function(X), other.decision_function(X), atol=1e-5 * scale)
    np.testing.assert_allclose(mine.score_samples(X), other.score_samples(X), atol=1e-5 * scale)
    np.testing.assert_allclose(mine.offset_, other.offset_, rtol=1e-5)
    np.testing.assert_array_equal(mine.predict(X)[clear], other.predict(X)[clear])
    np.testing.assert_array_equal(mine.fit_predict(X), mine.predict(X))


def test_nu_svc_is_that_of_scikit_learn():
    X, y = load_iris(return_X_y=True)
    mine, other = both("NuSVC", X, y, nu=0.3)
    np.testing.assert_allclose(mine.decision_function(X), other.decision_function(X), atol=1e-4)
    np.testing.assert_array_equal(mine.predict(X), other.predict(X))
    np.testing.assert_array_equal(mine.n_support_, other.n_support_)
    with pytest.raises(ValueError, match="nu=0.9 is infeasible .* up to 0.66"):
        ours.NuSVC(nu=0.9).fit(X[25:125], y[25:125])


def test_estimators_are_cloned_pickled_and_read_from_models():
    X, y = regression()
    for mine in (ours.SVR(C=2, epsilon=0.2), ours.NuSVR(nu=0.3), ours.OneClassSVM(nu=0.3)):
        assert clone(mine).get_params() == mine.get_params()
        fitted = pickle.loads(pickle.dumps(mine.fit(X, y)))
        np.testing.assert_array_equal(fitted.predict(X), mine.predict(X))
        again = type(mine).from_model(mine.model_)
        np.testing.assert_array_equal(again.predict(X), mine.predict(X))
        assert "epsilon" not in again.get_params() or again.epsilon == 0.2
        with pytest.raises(TypeError, match="not a|regression"):
            ours.SVC.from_model(mine.model_)
    with pytest.raises(TypeError, match="svm of type=one_class, not a SVR"):
        ours.SVR.from_model(mine.model_)


def test_rows_may_be_sparse_weighted_or_kernel_values():
    X, y = regression()
    weights = np.arange(len(X)) % 3
    mine, other = (of.SVR(gamma=0.1, **TIGHT).fit(X, y, weights) for of in (ours, theirs))
    np.testing.assert_allclose(mine.predict(X), other.predict(X), atol=1e-4)
    sparse = ours.SVR(gamma=0.1, **TIGHT).fit(csr_matrix(X), y, weights)
    np.testing.assert_allclose(sparse.predict(X), other.predict(X), atol=1e-4)
    given = ours.OneClassSVM(kernel=lambda a, b: a @ b.T, **TIGHT).fit(X + 5)
    linear = ours.OneClassSVM(kernel="linear", **TIGHT).fit(X + 5)
    np.testing.assert_allclose(given.decision_function(X), linear.decision_function(X), atol=0.05)


def test_models_of_one_class_predict_0_and_minus_1():
    X = load_iris().data
    model = lc.Model("svm", type="one_class", nu=0.1).fit(X)
    predict = model.predictor()
    assert [predict(row) for row in X[:20]] == model.predict(X[:20]).tolist()
    found = model.predict(X)
    assert set(found) == {0, -1} and 0 < (found < 0).sum() <= 20
    np.testing.assert_array_equal(found, np.where(model.decision_function(X)[:, 0] > 0, 0, -1))
    assert model.score(X, np.where(found < 0, -1, 1)) == 1
    both = lc.Model("svm", type="nu_svr").fit(X, targets=X[:, :2])
    assert both.predict(X).shape == (150, 2) and both.score(X, targets=X[:, :2]) > 0.9


def test_targets_within_epsilon_have_no_support_vectors():
    X, y = regression()
    mine, other = both("SVR", X, y, epsilon=50.0)
    for attribute in ("support_", "n_support_", "dual_coef_"):
        assert getattr(mine, attribute).shape == getattr(other, attribute).shape
    np.testing.assert_allclose(mine.predict(X), other.predict(X), atol=1e-6)
