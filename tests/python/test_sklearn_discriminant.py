"""Fisher's discriminants against scikit-learn's LinearDiscriminantAnalysis."""

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
import scipy.sparse as sp  # noqa: E402
from sklearn import datasets, discriminant_analysis  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    FisherDiscriminant,
    KernelFisherDiscriminant,
    LinearDiscriminantAnalysis,
)

TABLES = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}


# Older versions of scikit-learn divide the scatter by n - n_classes, newer ones and ours by n.
by_n = pytest.mark.skipif(not hasattr(sklearn.utils, "get_tags"), reason="divides by n - n_classes")


def difference(found, expected):
    """The largest difference, relative to the largest value expected."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    return np.abs(found - expected).max() / (np.abs(expected).max() or 1)


def up_to_signs(found, expected):
    """The same for projections, whose axes may point either way."""
    signs = np.sign((np.asarray(found) * expected).sum(axis=0))
    return difference(found * signs, expected)


@pytest.fixture(scope="module", params=list(TABLES))
def table(request):
    return TABLES[request.param](return_X_y=True)


@by_n
@pytest.mark.parametrize("shift", [0, 1e7])
def test_it_is_theirs(table, shift):
    X, y = table
    X = X + shift
    ours = FisherDiscriminant(store_covariance=True).fit(X, y)
    theirs = discriminant_analysis.LinearDiscriminantAnalysis(store_covariance=True).fit(X, y)
    tolerance = 1e-3 if shift else 1e-10  # a shift of 1e7 leaves few digits of small features
    for name in ("means_", "priors_", "xbar_", "explained_variance_ratio_"):
        assert difference(getattr(ours, name), getattr(theirs, name)) < max(tolerance, 1e-12), name
    assert difference(ours.covariance_, theirs.covariance_) < tolerance
    assert difference(ours.coef_, theirs.coef_) < tolerance
    assert difference(ours.decision_function(X), theirs.decision_function(X)) < tolerance
    assert difference(ours.predict_proba(X), theirs.predict_proba(X)) < tolerance
    assert up_to_signs(ours.transform(X), theirs.transform(X)) < tolerance
    if not shift:
        assert up_to_signs(ours.scalings_, theirs.scalings_) < tolerance
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@by_n
def test_priors_are_as_theirs(table):
    X, y = table
    k = len(set(y))
    priors = np.arange(1, k + 1) / (k * (k + 1) / 2)
    ours = FisherDiscriminant(priors=priors, n_components=1).fit(X, y)
    theirs = discriminant_analysis.LinearDiscriminantAnalysis(priors=priors, n_components=1)
    theirs.fit(X, y)
    assert difference(ours.predict_proba(X), theirs.predict_proba(X)) < 1e-10
    assert up_to_signs(ours.transform(X), theirs.transform(X)) < 1e-10


def test_components_and_priors_are_checked(table):
    X, y = table
    k = len(set(y))
    ours = FisherDiscriminant(n_components=1).fit(X, y)
    assert ours.transform(X).shape == (len(y), 1)
    assert list(ours.get_feature_names_out()) == ["fisherdiscriminant0"]
    with pytest.raises(ValueError, match="n_components cannot be larger than"):
        FisherDiscriminant(n_components=k).fit(X, y)
    with pytest.raises(ValueError, match="priors"):
        FisherDiscriminant(priors=[1.0]).fit(X, y)
    with pytest.warns(UserWarning, match="do not sum to 1"):
        model = FisherDiscriminant(priors=np.full(k, 2.0)).fit(X, y)
    np.testing.assert_allclose(model.priors_, 1 / k)


@pytest.mark.parametrize("solver", ["lsqr", "eigen"])
def test_shrinkage_by_a_number_is_theirs(table, solver):
    X, y = table
    ours = FisherDiscriminant(solver=solver, shrinkage=0.3, store_covariance=True).fit(X, y)
    theirs = discriminant_analysis.LinearDiscriminantAnalysis(solver=solver, shrinkage=0.3)
    theirs.fit(X, y)
    assert difference(ours.predict_proba(X), theirs.predict_proba(X)) < 1e-9
    assert difference(ours.covariance_, theirs.covariance_) < 1e-12


def test_shrinkage_auto_helps_few_rows():
    X, y = datasets.load_digits(return_X_y=True)
    plain = FisherDiscriminant().fit(X[:120], y[:120]).score(X[120:], y[120:])
    shrunk = FisherDiscriminant(shrinkage="auto").fit(X[:120], y[:120]).score(X[120:], y[120:])
    assert shrunk > plain
    with pytest.raises(clf.Unsupported, match="covariance"):
        FisherDiscriminant(shrinkage="auto", store_covariance=True).fit(X, y)


def test_weights_are_repeated_rows_and_sparse_rows_are_dense_ones(table):
    X, y = table
    w = np.random.RandomState(0).randint(0, 3, len(y))
    repeated = FisherDiscriminant(store_covariance=True).fit(X.repeat(w, axis=0), y.repeat(w))
    # The library's sparse rows are f32; numbers such as 0.1 are rounded.
    for rows, tolerance in ((X, 1e-9), (sp.csr_matrix(X), 1e-5)):
        weighted = FisherDiscriminant(store_covariance=True).fit(rows, y, sample_weight=w)
        for name in ("means_", "priors_", "covariance_", "explained_variance_ratio_"):
            assert difference(getattr(weighted, name), getattr(repeated, name)) < tolerance, name
        proba = weighted.predict_proba(rows)
        assert difference(proba, repeated.predict_proba(X)) < tolerance


def test_the_alias():
    model = LinearDiscriminantAnalysis().fit([[0.0], [1.0], [2.0]], [0, 1, 1])
    assert repr(model) == "LinearDiscriminantAnalysis()" and isinstance(model, FisherDiscriminant)
    assert list(model.get_feature_names_out()) == ["lineardiscriminantanalysis0"]
    with pytest.raises(clf.Unsupported, match="covariance_estimator"):
        FisherDiscriminant(covariance_estimator=object()).fit([[0.0], [1.0], [2.0]], [0, 1, 1])


def test_a_linear_kernel_is_the_linear_discriminant():
    X, y = datasets.load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    linear = FisherDiscriminant().fit(X, y)
    kernel = KernelFisherDiscriminant(kernel="linear", alpha=0.01).fit(X, y)
    np.testing.assert_array_equal(kernel.predict(X), linear.predict(X))
    assert np.abs(kernel.predict_proba(X) - linear.predict_proba(X)).max() < 0.01


def test_a_kernel_separates_digits():
    X, y = datasets.load_digits(return_X_y=True)
    model = KernelFisherDiscriminant(landmarks=300, n_components=2).fit(X[:1000], y[:1000])
    assert model.score(X[1000:], y[1000:]) > 0.9
    assert model.transform(X[1000:]).shape == (797, 2) and model.n_iter_ == 1
    assert not hasattr(model, "coef_")
    iterated = KernelFisherDiscriminant(landmarks=0, solver="cg").fit(X[:300], y[:300])
    assert iterated.n_iter_ > 1


def test_a_precomputed_kernel():
    X, y = datasets.load_iris(return_X_y=True)
    model = KernelFisherDiscriminant(kernel="precomputed", landmarks=0)
    same = KernelFisherDiscriminant(kernel="linear", landmarks=0)
    kernel = X @ X.T
    found = model.fit(kernel, y).predict(kernel)
    assert (found == same.fit(X, y).predict(X)).mean() > 0.98
    with pytest.raises(clf.Unsupported, match="no kernel 'cosine'"):
        KernelFisherDiscriminant(kernel="cosine").fit(X, y)


def test_a_model_with_priors_projects_the_same_rows_after_a_load(tmp_path):
    X, y = datasets.load_iris(return_X_y=True)
    model = FisherDiscriminant(priors=[0.1, 0.2, 0.7]).fit(X, y)
    model.save(tmp_path / "model.clf")
    loaded = FisherDiscriminant.load(tmp_path / "model.clf")
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    wanted = model.transform(X)
    np.testing.assert_array_equal(model.set_params(priors=None).transform(X), wanted)
