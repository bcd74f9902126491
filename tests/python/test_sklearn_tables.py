"""Estimators for tables, with missing values and categories, against scikit-learn's."""

import pickle

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
import scipy.sparse as sp  # noqa: E402
from sklearn import impute, preprocessing  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify.sklearn import RobustScaler, SimpleImputer  # noqa: E402

random = np.random.RandomState(0)
X = random.randn(101, 4) * [1, 5, 1e3, 1e-3] + [0, 3, 1e6, 0]
LACKING = np.where(random.rand(101, 4) < 0.2, np.nan, np.round(X * [2, 1, 1e-2, 2e3]))
TEXTS = np.array([["a", None], ["b", "x"], ["a", "x"], [None, "y"]], object)


@pytest.mark.parametrize("params", [
    {}, {"with_centering": False}, {"with_scaling": False}, {"unit_variance": True},
    {"quantile_range": (10, 80)},
], ids=str)
def test_robust_scaler_is_theirs(params):
    ours = RobustScaler(**params).fit(X)
    theirs = preprocessing.RobustScaler(**params).fit(X)
    for name in ("center_", "scale_"):
        expected = getattr(theirs, name)
        if expected is None:
            assert getattr(ours, name) is None
        else:
            np.testing.assert_allclose(getattr(ours, name), expected, rtol=1e-12)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(X)), X, rtol=1e-12, atol=1e-14)
    assert ours.transform(X.astype(np.float32)).dtype == np.float32


def test_robust_scaler_of_constant_and_of_sparse_features():
    rows = np.c_[np.full(5, 3.0), np.arange(5.0)]
    np.testing.assert_array_equal(RobustScaler().fit(rows).scale_, [1, 2])
    sparse = sp.csr_matrix(np.round(np.abs(X[:, :2])))
    ours = RobustScaler(with_centering=False).fit(sparse)
    theirs = preprocessing.RobustScaler(with_centering=False).fit(sparse)
    np.testing.assert_allclose(ours.transform(sparse).toarray(), theirs.transform(sparse).toarray())
    with pytest.raises(ValueError, match="with_centering=False"):
        RobustScaler().fit(sparse)


def test_robust_scaler_refuses_quantiles_that_cannot_be():
    for wrong in ((75, 25), (-1, 50), (50, 101)):
        with pytest.raises(ValueError, match="Invalid quantile range"):
            RobustScaler(quantile_range=wrong).fit(X)
    with pytest.raises(ValueError, match="unit_variance"):
        RobustScaler(quantile_range=(0, 50), unit_variance=True).fit(X)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
@pytest.mark.parametrize("indicator", [False, True])
def test_simple_imputer_is_theirs(strategy, indicator):
    params = {"strategy": strategy, "add_indicator": indicator}
    ours = SimpleImputer(**params).fit(LACKING)
    theirs = impute.SimpleImputer(**params).fit(LACKING)
    np.testing.assert_allclose(ours.statistics_, theirs.statistics_.astype(float), rtol=1e-12)
    np.testing.assert_allclose(ours.transform(LACKING), theirs.transform(LACKING), rtol=1e-12)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again.transform(LACKING), ours.transform(LACKING))
    assert ours.transform(LACKING.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("params", [
    {"strategy": "most_frequent"}, {"strategy": "constant"},
    {"strategy": "constant", "fill_value": "z z"},
], ids=str)
def test_simple_imputer_of_texts_is_theirs(params):
    ours = SimpleImputer(missing_values=None, **params).fit(TEXTS)
    theirs = impute.SimpleImputer(missing_values=None, **params).fit(TEXTS)
    assert list(ours.statistics_) == list(theirs.statistics_)
    np.testing.assert_array_equal(ours.transform(TEXTS), theirs.transform(TEXTS))
    new = np.array([["new", None]], object)
    np.testing.assert_array_equal(ours.transform(new), theirs.transform(new))


def test_simple_imputer_of_other_missing_values():
    counts = random.randint(-1, 4, (30, 3))
    for strategy in ("mean", "most_frequent"):
        ours = SimpleImputer(missing_values=-1, strategy=strategy)
        theirs = impute.SimpleImputer(missing_values=-1, strategy=strategy)
        found, expected = ours.fit_transform(counts), theirs.fit_transform(counts)
        np.testing.assert_allclose(found, expected, rtol=1e-14)
        assert found.dtype == expected.dtype
    with pytest.raises(ValueError, match="NaN"):
        SimpleImputer(missing_values=-1).fit(LACKING)


@pytest.mark.parametrize("indicator", [False, True])
@pytest.mark.filterwarnings("ignore:Skipping features")
def test_simple_imputer_of_a_column_without_values(indicator):
    rows = np.c_[LACKING[:, :2], np.full(len(X), np.nan)]
    ours = SimpleImputer(add_indicator=indicator).fit(rows)
    theirs = impute.SimpleImputer(add_indicator=indicator).fit(rows)
    np.testing.assert_allclose(ours.statistics_, theirs.statistics_, rtol=1e-12)
    np.testing.assert_allclose(ours.transform(rows), theirs.transform(rows), rtol=1e-12)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    kept = SimpleImputer(keep_empty_features=True).fit_transform(rows)
    np.testing.assert_array_equal(kept[:, 2], np.zeros(len(rows)))


def test_simple_imputer_refuses_what_it_lacks():
    with pytest.raises(clf.Unsupported, match="strategy"):
        SimpleImputer(strategy="mode").fit(LACKING)
    with pytest.raises(ValueError, match="is no number"):
        SimpleImputer(strategy="constant", fill_value="x").fit(LACKING)
    with pytest.raises(ValueError):
        SimpleImputer().fit(TEXTS)
    with pytest.raises(TypeError, match="uniformly"):
        SimpleImputer(strategy="most_frequent").fit(np.array([["a"], [1]], object))
    with pytest.raises(TypeError, match="holds texts"):
        model = SimpleImputer(strategy="most_frequent").fit(np.array([[1.0], [None]], object))
        model.transform(np.array([["a"], [None]], object))
