"""Scalers, polynomials and principal components against scikit-learn's."""

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
import scipy.sparse as sp  # noqa: E402
from sklearn import datasets, decomposition, preprocessing  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    PCA,
    IncrementalPCA,
    MinMaxScaler,
    PolynomialFeatures,
    StandardScaler,
)

X, y = datasets.load_digits(return_X_y=True)
W = np.random.RandomState(0).randint(0, 3, len(X)).astype(float)
SHIFTS = [0.0, 1e7]


def close(found, expected, tolerance=1e-12):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * (np.abs(expected).max() or 1)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize(("mean", "std"), [(True, True), (False, True), (True, False)])
def test_standard_scaler_is_theirs(shift, mean, std):
    rows = X + shift
    ours = StandardScaler(with_mean=mean, with_std=std).fit(rows, sample_weight=W)
    theirs = preprocessing.StandardScaler(with_mean=mean, with_std=std).fit(rows, sample_weight=W)
    for name in ("mean_", "var_", "scale_"):
        expected = getattr(theirs, name)
        if expected is None:
            assert getattr(ours, name) is None
        else:
            close(getattr(ours, name), expected, 1e-8 if shift else 1e-12)
    assert ours.n_samples_seen_ == theirs.n_samples_seen_
    close(ours.transform(rows), theirs.transform(rows), 1e-8 if shift else 1e-12)
    close(ours.inverse_transform(ours.transform(rows)), rows)


def test_standard_scaler_of_constant_features_and_of_deviation_1():
    rows = np.c_[np.full(4, 3.0), [1.0, -1.0, 1.0, -1.0]]
    ours = StandardScaler().fit(rows)
    np.testing.assert_array_equal(ours.var_, [0, 1])
    np.testing.assert_array_equal(ours.scale_, [1, 1])
    np.testing.assert_array_equal(ours.transform(rows)[:, 0], np.zeros(4))


def test_standard_scaler_keeps_sparse_rows_sparse():
    rows = sp.csr_matrix(X)
    ours = StandardScaler(with_mean=False).fit(rows)
    theirs = preprocessing.StandardScaler(with_mean=False).fit(rows)
    found = ours.transform(rows)
    assert sp.issparse(found)
    close(found.toarray(), theirs.transform(rows).toarray())
    close(ours.inverse_transform(found).toarray(), X)
    close(ours.var_, theirs.var_)
    with pytest.raises(ValueError, match="with_mean=False"):
        StandardScaler().fit(rows)


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("shift", SHIFTS)
def test_min_max_scaler_is_theirs(clip, shift):
    rows = X + shift
    ours = MinMaxScaler((-1, 2), clip=clip).fit(rows)
    theirs = preprocessing.MinMaxScaler((-1, 2), clip=clip).fit(rows)
    for name in ("min_", "scale_", "data_min_", "data_max_", "data_range_"):
        close(getattr(ours, name), getattr(theirs, name))
    beyond = rows + (rows - shift)
    close(ours.transform(beyond), theirs.transform(beyond), 1e-7 if shift else 1e-12)
    close(ours.inverse_transform(ours.transform(rows)), rows)
    with pytest.raises(ValueError, match="Minimum of desired feature range"):
        MinMaxScaler((1, 0)).fit(rows)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"degree": 3, "interaction_only": True},
        {"degree": (2, 3)},
        {"degree": (2, 2), "include_bias": False, "order": "F"},
    ],
    ids=str,
)
def test_polynomial_features_are_theirs(params):
    rows = X[:40, 2:8]
    ours = PolynomialFeatures(**params).fit(rows)
    theirs = preprocessing.PolynomialFeatures(**params).fit(rows)
    found = ours.transform(rows)
    np.testing.assert_array_equal(found, theirs.transform(rows))
    np.testing.assert_array_equal(ours.powers_, theirs.powers_)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    assert ours.n_output_features_ == theirs.n_output_features_
    assert found.flags.f_contiguous == (params.get("order") == "F")


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 5, (2, 4), (0, 0)], ids=str)
@pytest.mark.parametrize("interaction_only", [False, True])
def test_polynomial_features_of_sparse_rows(degree, interaction_only):
    rows = sp.random(40, 7, 0.4, format="csr", random_state=0)
    rows.data[0] = 0.0  # an entry that is stored and 0
    ours = PolynomialFeatures(degree, interaction_only=interaction_only).fit(rows)
    theirs = preprocessing.PolynomialFeatures(degree, interaction_only=interaction_only)
    found = ours.transform(rows)
    assert sp.issparse(found) and found.format == "csr" and found.dtype == np.float64
    np.testing.assert_allclose(found.toarray(), theirs.fit_transform(rows.toarray()), rtol=1e-14)
    assert ours.transform(rows.astype(np.float32)).dtype == np.float32
    assert ours.transform(rows.tocsc()).format == "csc"
    assert ours.transform(rows.tolil()).format == "csr"


@pytest.mark.parametrize("degree", [(3, 2), -1, 2.5, (1, 2, 3), (-1, 2), "two"], ids=str)
def test_polynomial_features_refuse_degrees_that_cannot_be(degree):
    with pytest.raises(ValueError, match="degree"):
        PolynomialFeatures(degree).fit(X)
    with pytest.raises(ValueError, match="empty"):
        PolynomialFeatures(0, include_bias=False).fit(X)


@pytest.mark.parametrize("shift", SHIFTS)
def test_scalers_in_parts_are_the_whole(shift):
    rows = X[:, 10:20] + shift
    standard, ranges = StandardScaler(), MinMaxScaler()
    for start in range(0, len(rows), 300):
        part = slice(start, start + 300)
        standard.partial_fit(rows[part], sample_weight=W[part])
        ranges.partial_fit(rows[part])
    whole = StandardScaler().fit(rows, sample_weight=W)
    close(standard.mean_, whole.mean_)
    close(standard.var_, whole.var_, 1e-7 if shift else 1e-12)
    assert standard.n_samples_seen_ == whole.n_samples_seen_
    np.testing.assert_array_equal(ranges.transform(rows), MinMaxScaler().fit(rows).transform(rows))
    assert ranges.n_samples_seen_ == len(rows)
    with pytest.raises(ValueError, match="features"):
        standard.partial_fit(rows[:, :3])


@pytest.mark.parametrize("count", [10, 0.9])
@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("shift", SHIFTS)
def test_pca_is_theirs(count, whiten, shift):
    rows = X + shift
    ours = PCA(count, whiten=whiten).fit(rows)
    theirs = decomposition.PCA(count, whiten=whiten, svd_solver="full").fit(rows)
    tolerance = 1e-7 if shift else 1e-9
    assert ours.n_components_ == theirs.n_components_
    for name in ("explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_"):
        close(getattr(ours, name), getattr(theirs, name), tolerance)
    close(ours.noise_variance_, theirs.noise_variance_, tolerance)
    signs = np.sign((ours.components_ * theirs.components_).sum(axis=1))
    close(ours.components_ * signs[:, None], theirs.components_, tolerance)
    close(ours.transform(rows) * signs, theirs.transform(rows), tolerance)
    close(
        ours.inverse_transform(ours.transform(rows)),
        theirs.inverse_transform(theirs.transform(rows)),
    )
    if not whiten:  # theirs counts the variances twice
        close(ours.get_covariance(), theirs.get_covariance(), tolerance)
        close(ours.score_samples(rows), theirs.score_samples(rows), 1e-5 if shift else 1e-8)


def test_pca_of_all_directions_loses_nothing():
    model = PCA().fit(X)
    close(model.inverse_transform(model.transform(X)), X, 1e-10)
    np.testing.assert_allclose(
        model.components_ @ model.components_.T, np.eye(model.n_components_), atol=1e-12
    )


@pytest.mark.parametrize("rows", [X, X[:20], X[:30, :12] @ np.ones((12, 9))], ids=["", "few", "one"])
def test_pca_has_as_many_components_as_theirs(rows):
    for count in (None, min(rows.shape) - 1):
        ours = PCA(count).fit(rows)
        theirs = decomposition.PCA(count, svd_solver="full").fit(rows)
        assert ours.n_components_ == theirs.n_components_ == ours.transform(rows).shape[1]
        close(ours.explained_variance_, theirs.explained_variance_)
        gram = ours.components_ @ ours.components_.T
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)
        np.testing.assert_allclose(
            ours.inverse_transform(ours.transform(rows)), rows, atol=1e-9 if count is None else 5
        )


def test_pca_learns_in_parts():
    whole, parts = PCA(5).fit(X), IncrementalPCA(5)
    for first in range(0, len(X), 40):
        parts.partial_fit(X[first:first + 40])
    assert np.allclose(parts.explained_variance_, whole.explained_variance_)
    assert np.allclose(parts.transform(X), whole.transform(X), atol=1e-5)
    assert parts.n_samples_seen_ == len(X)
    half = IncrementalPCA(5).fit(X[:900]).partial_fit(X[900:])
    assert np.allclose(half.transform(X), whole.transform(X), atol=1e-5)


def test_pca_weights_are_repeated_rows():
    repeated = PCA(5).fit(X.repeat(W.astype(int), axis=0))
    weighted = PCA(5).fit(X, sample_weight=W)
    close(weighted.explained_variance_, repeated.explained_variance_)
    close(weighted.components_, repeated.components_, 1e-9)
    with pytest.raises(ValueError, match="sums to"):
        PCA(5).fit(X, sample_weight=W / W.sum() / 2)


@pytest.mark.parametrize(
    "params",
    [{"n_components": "mle"}, {"svd_solver": "lanczos"}, {"tol": 1e-3}, {"iterated_power": 3}],
    ids=str,
)
def test_pca_refuses_what_it_lacks(params):
    with pytest.raises(clf.Unsupported, match="PCA has no"):
        PCA(**params).fit(X)


@pytest.mark.parametrize("count", [0, 65, 1.5])
def test_pca_refuses_numbers_of_components_that_cannot_be(count):
    with pytest.raises(ValueError):
        PCA(count).fit(X)


@pytest.mark.parametrize(
    "estimator", [StandardScaler(), MinMaxScaler(), PolynomialFeatures(), PCA(3)], ids=str
)
def test_types_of_rows_are_kept(estimator):
    rows = X[:50, :9]
    assert estimator.fit(rows).transform(rows).dtype == np.float64
    assert estimator.fit_transform(rows.astype(np.float32)).dtype == np.float32
    pixels = rows.astype(np.uint8)
    found = estimator.fit(pixels).transform(pixels)
    assert found.dtype == np.float64
    close(found, estimator.fit(rows).transform(rows), 1e-6)
    assert found.flags.writeable
