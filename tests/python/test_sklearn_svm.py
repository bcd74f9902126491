"""SVC against scikit-learn's, on its own data sets."""

import copy
import pickle
import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix  # noqa: E402
from sklearn import svm as theirs  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402

from libclassify.sklearn import SVC, LinearSVC  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")
SETS = {"iris": load_iris, "wine": load_wine, "cancer": load_breast_cancer, "digits": load_digits}
TIGHT = {"tol": 1e-6}  # at which both solvers agree in five digits


def rows(name):
    X, y = SETS[name](return_X_y=True)
    return StandardScaler().fit_transform(X), y


def slow(*names):
    return [pytest.param(name, marks=pytest.mark.slow) for name in names]


def both(X, y, weights=None, **params):
    return (SVC(**params).fit(X, y, weights), theirs.SVC(**params).fit(X, y, weights))


@pytest.mark.parametrize("name", ["iris", *slow("wine", "cancer")])
@pytest.mark.parametrize("params", [
    {},
    {"kernel": "linear"},
    {"kernel": "poly", "gamma": "auto", "coef0": 1, "degree": 2},
    {"kernel": "sigmoid", "gamma": 0.01},
    {"C": 10, "gamma": 0.05},
    {"class_weight": "balanced"},
], ids=str)
def test_fitted_attributes_are_those_of_scikit_learn(name, params):
    X, y = rows(name)
    mine, other = both(X, y, **params, **TIGHT)
    for attribute in ("classes_", "class_weight_", "shape_fit_", "fit_status_", "n_features_in_"):
        np.testing.assert_array_equal(getattr(mine, attribute), getattr(other, attribute))
    np.testing.assert_allclose(mine.intercept_, other.intercept_, atol=1e-5)
    assert mine.n_iter_.shape == other.n_iter_.shape
    assert mine.dual_coef_.shape[0] == other.dual_coef_.shape[0]
    assert len(np.setxor1d(mine.support_, other.support_)) <= 2  # of vectors at the very border
    if np.array_equal(mine.support_, other.support_):
        np.testing.assert_array_equal(mine.n_support_, other.n_support_)
        np.testing.assert_allclose(mine.dual_coef_, other.dual_coef_, atol=1e-3)
        np.testing.assert_allclose(mine.support_vectors_, other.support_vectors_)
    if params.get("kernel") == "linear":
        np.testing.assert_allclose(mine.coef_, other.coef_, atol=1e-5)
        assert not mine.coef_.flags.writeable
    else:
        with pytest.raises(AttributeError, match="linear kernel"):
            mine.coef_


@pytest.mark.parametrize("name", ["iris", *slow("wine", "cancer", "digits")])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
def test_decisions_have_the_shapes_signs_and_values_of_scikit_learn(name, shape):
    X, y = rows(name)
    mine, other = both(X, y, decision_function_shape=shape, **TIGHT)
    found, wanted = mine.decision_function(X), other.decision_function(X)
    assert found.shape == wanted.shape and found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    np.testing.assert_array_equal(mine.predict(X), other.predict(X))
    assert mine.decision_function(X.astype(np.float32)).dtype == np.float32


def test_ties_are_broken_as_asked():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    y = rng.integers(0, 6, 90)
    for ties in (False, True):
        mine, other = both(X, y, break_ties=ties, gamma=0.1, **TIGHT)
        at = rng.normal(size=(500, 2)) * 3
        assert (mine.predict(at) == other.predict(at)).mean() > 0.995
    with pytest.raises(ValueError, match="break_ties must be False"):
        SVC(break_ties=True, decision_function_shape="ovo").fit(X, y).predict(X)


def test_probabilities_are_close_to_those_of_scikit_learn():
    X, y = rows("iris")
    mine, other = both(X, y, probability=True, random_state=0)
    found, wanted = mine.predict_proba(X), other.predict_proba(X)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert np.abs(found - wanted).mean() < 0.02  # the folds are drawn by other generators
    np.testing.assert_allclose(mine.predict_log_proba(X), np.log(found))
    assert mine.probA_.shape == mine.probB_.shape == (3,)
    np.testing.assert_array_equal(mine.predict(X), other.predict(X))  # by votes, not by these
    again = SVC(probability=True, random_state=0).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), found)


def test_probabilities_are_there_only_where_they_were_asked_for():
    X, y = rows("iris")
    plain = SVC().fit(X, y)
    assert not hasattr(plain, "predict_proba") and not hasattr(plain, "predict_log_proba")
    plain.probability = True
    with pytest.raises(sklearn.exceptions.NotFittedError, match="fitted with probability=False"):
        plain.predict_proba(X)


def test_weights_of_rows_and_classes_are_those_of_scikit_learn():
    X, y = rows("wine")
    weights = np.random.default_rng(1).uniform(0, 3, len(y))
    weights[::7] = 0
    for given in (None, "balanced", {0: 2, 2: 0.5}):
        mine, other = both(X, y, weights, class_weight=given, gamma=0.1, **TIGHT)
        np.testing.assert_allclose(mine.class_weight_, other.class_weight_)
        np.testing.assert_allclose(
            mine.decision_function(X), other.decision_function(X), atol=3e-5
        )


def test_the_scale_of_gamma_counts_rows_by_their_weights():
    X, y = rows("wine")
    counts = np.arange(len(y)) % 3
    weighted = SVC(**TIGHT).fit(X, y, counts)
    repeated = SVC(**TIGHT).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    np.testing.assert_allclose(
        weighted.decision_function(X), repeated.decision_function(X), atol=1e-5
    )


def test_rows_without_a_positive_weight_are_left_out():
    X, y = rows("iris")
    weights = np.where(np.arange(len(y)) % 3 == 0, -1.0, 1.0)
    mine = SVC(**TIGHT).fit(X, y, weights)
    kept = SVC(**TIGHT).fit(X[weights > 0], y[weights > 0])
    assert not np.isin(mine.support_, np.flatnonzero(weights < 0)).any()
    assert (mine.predict(X) == kept.predict(X)).mean() > 0.98
    with pytest.raises(ValueError, match="all samples have zero or negative weights"):
        SVC().fit(X, y, -np.ones(len(y)))
    with pytest.raises(ValueError, match="belong to the same class"):
        SVC().fit(X, y, (y == 1).astype(float))


@pytest.mark.slow
def test_sparse_rows_are_read_as_dense_ones():
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    dense, sparse = SVC(gamma=0.05).fit(X, y), SVC(gamma=0.05).fit(csr_matrix(X), y)
    np.testing.assert_allclose(
        sparse.decision_function(csr_matrix(X)), dense.decision_function(X), atol=2e-3
    )
    np.testing.assert_array_equal(sparse.predict(X), dense.predict(csr_matrix(X)))
    np.testing.assert_allclose(sparse.support_vectors_.toarray(), X[sparse.support_])
    assert sparse.dual_coef_.shape == (9, len(sparse.support_))
    linear = SVC(kernel="linear").fit(csr_matrix(X), y).coef_
    np.testing.assert_allclose(linear.toarray(), SVC(kernel="linear").fit(X, y).coef_, atol=1e-3)
    with pytest.raises(TypeError, match="Sparse precomputed"):
        SVC(kernel="precomputed").fit(csr_matrix(X @ X.T), y)


def test_kernels_of_the_user_and_kernel_matrices():
    X, y = rows("iris")
    linear = SVC(kernel="linear", **TIGHT).fit(X, y)
    matrix = SVC(kernel="precomputed", **TIGHT).fit(X @ X.T, y)
    function = SVC(kernel=dot, **TIGHT).fit(X, y)
    for found in (matrix.decision_function(X @ X.T), function.decision_function(X)):
        np.testing.assert_allclose(found, linear.decision_function(X), atol=1e-4)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(function)).predict(X), function.predict(X)
    )
    with pytest.raises(ValueError, match="square matrix"):
        SVC(kernel="precomputed").fit(X, y)
    with pytest.raises(ValueError, match="features"):
        matrix.predict(X)
    with pytest.raises(ValueError, match="the kernel returned"):
        SVC(kernel=lambda a, b: np.zeros(3)).fit(X, y)


def dot(a, b):
    return np.asarray(a) @ np.asarray(b).T


def test_copies_pickles_and_files_predict_the_same(tmp_path):
    X, y = rows("wine")
    names = np.array(["barolo", "grignolino", "barbera"])[y]
    fitted = SVC(kernel="linear", C=0.5).fit(X, names)
    path = tmp_path / "wine.clf"
    fitted.save(path)
    loaded = SVC.load(path)
    assert loaded.kernel == "linear" and loaded.C == 0.5
    for other in (copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted)), loaded):
        np.testing.assert_array_equal(other.decision_function(X), fitted.decision_function(X))
        np.testing.assert_array_equal(other.predict(X), fitted.predict(X))
        np.testing.assert_allclose(other.coef_, fitted.coef_)


def test_rows_far_from_zero_keep_their_digits():
    X, y = rows("iris")
    shifted = X + 1e6
    near = SVC(kernel="linear", **TIGHT).fit(X, y)
    far = SVC(kernel="linear", **TIGHT).fit(shifted, y)
    np.testing.assert_allclose(
        far.decision_function(shifted), near.decision_function(X), atol=1e-3
    )
    values = shifted @ far.coef_.T + far.intercept_
    np.testing.assert_allclose(values, X @ near.coef_.T + near.intercept_, atol=1e-3)


@pytest.mark.parametrize("params, message", [
    ({"shrinking": False}, "SVC has no shrinking=False"),
    ({"max_iter": 0}, "max_iter is 0"),
    ({"decision_function_shape": "one"}, "'ovr' or 'ovo'"),
    ({"kernel": "cosine"}, "cosine"),
    ({"C": 0}, "C"),
    ({"C": "a"}, "C is 'a'"),
    ({"C": None}, "C"),
    ({"C": float("nan")}, "C"),
    ({"max_iter": "many"}, "max_iter is 'many'"),
    ({"gamma": "large"}, "gamma"),
], ids=str)
def test_what_cannot_be_done_is_refused_with_a_sentence(params, message):
    X, y = rows("iris")
    with pytest.raises(ValueError, match=message):
        SVC(**params).fit(X, y)


@pytest.mark.slow
def test_the_iteration_limit_is_kept_and_said():
    X, y = rows("digits")
    with pytest.warns(sklearn.exceptions.ConvergenceWarning):
        limited = SVC(max_iter=3).fit(X, y)
    assert limited.fit_status_ == 1 and limited.n_iter_.max() <= 3


def test_an_infinite_C_is_a_hard_margin():
    X, y = rows("iris")
    X, y = X[y < 2], y[y < 2]
    mine = SVC(kernel="linear", C=np.inf, **TIGHT).fit(X, y)
    other = theirs.SVC(kernel="linear", C=1e10, **TIGHT).fit(X, y)
    np.testing.assert_allclose(mine.coef_, other.coef_, rtol=1e-4)


@pytest.mark.slow
def test_threads_do_not_change_a_bit():
    X, y = rows("digits")
    one, two = SVC(n_jobs=1).fit(X, y), SVC(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.dual_coef_, two.dual_coef_)
    np.testing.assert_array_equal(one.decision_function(X), two.decision_function(X))


def test_it_works_in_pipelines_and_searches():
    X, y = load_wine(return_X_y=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.01, 1, 10]}, cv=3
    ).fit(X, y)
    assert search.best_score_ > 0.95 and search.best_params_["svc__C"] > 0.01


def test_with_a_small_tolerance_all_of_scikit_learns_checks_pass():
    model = SVC(tol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hasattr(estimator_checks, "check_sample_weight_equivalence_on_dense_data"):
            estimator_checks.check_sample_weight_equivalence_on_dense_data("SVC", model)
            estimator_checks.check_sample_weight_equivalence_on_sparse_data("SVC", model)
        else:
            for kind in ("ones", "zeros"):
                estimator_checks.check_sample_weights_invariance("SVC", model, kind=kind)


def test_a_kernel_of_ones_own_keeps_the_features_of_the_rows():
    X, y = rows("iris")
    own = SVC(kernel=dot).fit(X, y)
    assert own.n_features_in_ == 4 and own.shape_fit_ == X.shape
    np.testing.assert_array_equal(own.predict(X[:7]), SVC(kernel="linear").fit(X, y).predict(X[:7]))
    with pytest.raises(ValueError, match="features"):
        own.predict(X[:, :3])
    with pytest.raises(ValueError, match="NaN"):
        own.predict(np.where(X == X[0, 0], np.nan, X))
    bytes_ = np.array([[200, 1], [1, 200], [100, 3], [3, 100]], np.uint8)
    found = SVC(kernel=lambda a, b: a @ b.T).fit(bytes_, [0, 1, 0, 1])  # in u8 products wrap
    np.testing.assert_array_equal(found.predict(bytes_), [0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"has to be \(2, 150\)"):
        own.set_params(kernel=lambda a, b: np.ones((len(a), 3))).predict(X[:2])


def test_a_kernel_of_ones_own_takes_objects():
    words = ["aa", "a", "b", "bb", "ab"]
    common = lambda a, b: np.array([[len(set(x) & set(y)) for y in b] for x in a], float)  # noqa: E731
    fitted = SVC(kernel=common).fit(words[:4], [0, 0, 1, 1])
    assert not hasattr(fitted, "n_features_in_")
    np.testing.assert_array_equal(fitted.predict(["aaa", "bbb"]), [0, 1])


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("named", [{}, {"intercept_scaling": 5}, {"fit_intercept": False}])
def test_linear_svc_is_theirs(penalty, named):
    for load in (load_wine, load_breast_cancer):
        X, y = load(return_X_y=True)
        X = (X - X.mean(0)) / X.std(0)
        given = {"penalty": penalty, "C": 0.2, **named}
        if len(set(y)) == 2:
            given["class_weight"] = "balanced"
        ours = LinearSVC(tol=1e-6, **given).fit(X, y)
        other = theirs.LinearSVC(tol=1e-9, max_iter=100000, dual=False, **given).fit(X, y)
        np.testing.assert_allclose(ours.coef_, other.coef_, atol=1e-5)
        np.testing.assert_allclose(ours.intercept_, other.intercept_, atol=1e-5)
        np.testing.assert_array_equal(ours.predict(X), other.predict(X))
        np.testing.assert_allclose(
            ours.decision_function(X), other.decision_function(X), atol=1e-4
        )
        loaded = LinearSVC.load(ours.model_.to_bytes())
        assert loaded.fit_intercept == ours.fit_intercept
        np.testing.assert_array_equal(loaded.coef_, ours.coef_)
