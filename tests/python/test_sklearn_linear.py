"""The linear estimators against scikit-learn's: coefficients, predictions, objectives."""

import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
import scipy.sparse as sp  # noqa: E402
from sklearn import datasets, linear_model  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
)

TABLES = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}
CHANGES = {
    "plain": lambda X: X,
    "scaled": lambda X: X * 1e6,
    "shifted": lambda X: X + 1e7,
    "tiny": lambda X: X * 1e-20,
}


def difference(found, expected):
    """The largest difference, relative to the largest value expected."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape
    return np.abs(found - expected).max() / (np.abs(expected).max() or 1)


def weights_of(rows):
    return np.random.RandomState(0).randint(0, 4, rows).astype(float)


@pytest.fixture(scope="module", params=list(TABLES))
def table(request):
    return TABLES[request.param](return_X_y=True)


@pytest.fixture(scope="module", params=["iris", "wine", "breast_cancer"])
def small_table(request):
    """Those on which their lbfgs ends soon."""
    return TABLES[request.param](return_X_y=True)


@pytest.mark.parametrize("change", list(CHANGES))
@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_has_their_coefficients(change, weighted):
    X, y = datasets.load_diabetes(return_X_y=True)
    X, targets = CHANGES[change](X), np.c_[y, -2 * y + 3]
    w = weights_of(len(y)) if weighted else None
    # Their svd takes singular values below 1e-15 for 0; cholesky does not.
    solver = "cholesky" if change == "tiny" else "svd"
    ours = Ridge().fit(X, targets, sample_weight=w)
    theirs = linear_model.Ridge(solver=solver).fit(X, targets, sample_weight=w)
    # A shift of 1e7 leaves 1e-16 * 1e7 / 0.05 of each feature's digits.
    tolerance = 1e-6 if change == "shifted" else 1e-11
    assert difference(ours.coef_, theirs.coef_) < tolerance
    assert difference(ours.predict(X), theirs.predict(X)) < tolerance
    assert ours.intercept_.shape == theirs.intercept_.shape


@pytest.mark.parametrize("change", ["plain", "scaled", "shifted"])
def test_ridge_classifier_decides_as_theirs(table, change):
    X, y = table
    X = CHANGES[change](X)
    ours = RidgeClassifier(class_weight="balanced").fit(X, y)
    theirs = linear_model.RidgeClassifier(class_weight="balanced", solver="svd").fit(X, y)
    tolerance = 1e-6 if change == "shifted" else 1e-7  # the library keeps row weights in f32
    spread = X.std(axis=0)  # of constant columns, their coefficients are rounding errors
    assert difference(ours.coef_ * spread, np.atleast_2d(theirs.coef_) * spread) < tolerance
    assert difference(ours.intercept_, theirs.intercept_) < tolerance
    assert difference(ours.decision_function(X), theirs.decision_function(X)) < tolerance
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_ridge_of_one_column_of_targets_keeps_two_dimensions():
    X, y = datasets.load_diabetes(return_X_y=True)
    column = Ridge().fit(X, y[:, None])
    assert column.coef_.shape == (1, 10) and column.predict(X).shape == (len(y), 1)
    flat = Ridge(fit_intercept=False).fit(X, y)
    assert flat.coef_.shape == (10,) and flat.predict(X).shape == (len(y),)
    assert flat.intercept_ == 0.0 and isinstance(flat.intercept_, float)


@pytest.mark.slow
def test_ridge_of_many_columns_is_exact():
    rng = np.random.RandomState(0)
    X, y = rng.randn(40, 4200), rng.randn(40)
    assert difference(Ridge().fit(X, y).coef_, linear_model.Ridge().fit(X, y).coef_) < 1e-8


@pytest.mark.parametrize("solver", ["auto", "sparse_cg", "lsqr"])
def test_ridge_of_sparse_rows(solver):
    X = sp.random(300, 500, 0.02, format="csr", random_state=0)
    y = np.random.RandomState(1).randn(300)
    ours = Ridge(solver=solver, tol=1e-6).fit(X, y)
    theirs = linear_model.Ridge(tol=1e-12).fit(X.toarray(), y)
    assert difference(ours.predict(X), theirs.predict(X.toarray())) < 1e-5
    assert (ours.n_iter_ >= 1).all() and ours.n_iter_.shape == (1,)


def test_ridge_takes_a_penalty_for_each_target():
    X, y = datasets.load_diabetes(return_X_y=True)
    targets, alpha = np.c_[y, -2 * y + 3, y**2], np.array([0.1, 10, 1])
    ours = Ridge(alpha).fit(X, targets)
    theirs = linear_model.Ridge(alpha).fit(X, targets)
    assert difference(ours.coef_, theirs.coef_) < 1e-11
    np.testing.assert_array_equal(Ridge.from_model(ours.model_).alpha, alpha)
    with pytest.raises(ValueError, match="2 numbers"):
        Ridge([1.0, 2.0]).fit(X, y)


@pytest.mark.parametrize("per_target", [False, True])
@pytest.mark.parametrize("few", [False, True])
def test_ridge_cv_chooses_as_theirs(per_target, few):
    X, y = datasets.load_diabetes(return_X_y=True)
    rng = np.random.RandomState(1)
    if few:
        X, y = np.c_[X, rng.randn(len(X), 60) / 10][:40], y[:40]
    targets = np.c_[y, rng.randn(len(y)), X[:, 2] + 0.01 * rng.randn(len(y))]
    alphas = np.logspace(-4, 3, 15)
    ours = RidgeCV(alphas, alpha_per_target=per_target).fit(X, targets)
    theirs = linear_model.RidgeCV(alphas, alpha_per_target=per_target).fit(X, targets)
    np.testing.assert_allclose(ours.alpha_, theirs.alpha_)
    assert difference(ours.coef_, theirs.coef_) < 1e-8
    np.testing.assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-8)
    loaded = RidgeCV.from_model(ours.model_)
    np.testing.assert_array_equal(loaded.alpha_, ours.alpha_)
    assert loaded.alpha_per_target == per_target


def test_ridge_classifier_cv_chooses_as_theirs():
    alphas = np.logspace(-3, 3, 13)
    for load in (datasets.load_wine, datasets.load_breast_cancer):
        X, y = load(return_X_y=True)
        X, w = StandardScaler().fit_transform(X), weights_of(len(y)) + 1
        ours = RidgeClassifierCV(alphas).fit(X, y, sample_weight=w)
        theirs = linear_model.RidgeClassifierCV(alphas).fit(X, y, sample_weight=w)
        np.testing.assert_allclose(ours.alpha_, theirs.alpha_)
        assert difference(ours.coef_, theirs.coef_.reshape(ours.coef_.shape)) < 1e-8
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def loss(model, X, y):
    """Their objective, C = 1."""
    scores = X @ model.coef_.T + model.intercept_
    scores = np.c_[np.zeros(len(X)), scores] if len(model.classes_) == 2 else scores
    top = scores.max(axis=1)
    spread = np.log(np.exp(scores - top[:, None]).sum(axis=1)) + top
    own = scores[np.arange(len(X)), np.searchsorted(model.classes_, y)]
    return (spread - own).sum() + (model.coef_**2).sum() / 2


def test_logistic_regression_is_at_their_minimum(small_table):
    X, y = small_table
    X = StandardScaler().fit_transform(X)
    ours = LogisticRegression().fit(X, y)
    theirs = linear_model.LogisticRegression(tol=1e-8, max_iter=10000).fit(X, y)
    assert loss(ours, X, y) <= loss(theirs, X, y) * (1 + 1e-9)
    # Theirs of version 1.2 ends when the loss falls by less than 2e-9 of itself.
    assert difference(ours.coef_, theirs.coef_) < 5e-4
    assert np.abs(ours.predict_proba(X) - theirs.predict_proba(X)).max() < 1e-4
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_logistic_regression_needs_no_scaling(small_table):
    """With the defaults on raw features, where theirs stops at its limit of iterations."""
    X, y = small_table
    ours = LogisticRegression().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = linear_model.LogisticRegression().fit(X, y)
    assert loss(ours, X, y) <= loss(theirs, X, y) * (1 + 1e-9)


def test_logistic_regression_without_penalty_and_one_vs_rest():
    X, y = datasets.load_iris(return_X_y=True)
    y = (y == 2).astype(int)
    ours = LogisticRegression(C=np.inf, max_iter=1000).fit(X, y)
    none = LogisticRegression(penalty=None, max_iter=1000).fit(X, y)
    np.testing.assert_array_equal(none.coef_, ours.coef_)
    theirs = linear_model.LogisticRegression(C=1e12, tol=1e-10, max_iter=5000).fit(X, y)
    assert difference(ours.predict_proba(X), theirs.predict_proba(X)) < 5e-4
    X, y = datasets.load_iris(return_X_y=True)
    ours = LogisticRegression(multi_class="ovr").fit(X, y)
    for k in range(3):
        one = linear_model.LogisticRegression(tol=1e-10, max_iter=10000).fit(X, y == k)
        assert difference(ours.coef_[k], one.coef_[0]) < 1e-4
    np.testing.assert_allclose(ours.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("penalty, l1_ratio, C", [("l1", 0, 0.1), ("elasticnet", 0.5, 0.05)])
def test_logistic_regression_with_an_l1_penalty_is_at_their_minimum(penalty, l1_ratio, C):
    X, y = datasets.load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    ours = LogisticRegression(penalty, C=C, l1_ratio=l1_ratio, solver="saga", tol=1e-6, max_iter=1000)
    ours.fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = linear_model.LogisticRegression(
            penalty=penalty, C=C, l1_ratio=l1_ratio, solver="saga", tol=1e-9, max_iter=20000
        ).fit(X, y)
    assert difference(ours.coef_, theirs.coef_) < 1e-4
    assert ((ours.coef_ == 0) == (np.abs(theirs.coef_) < 1e-7)).all() and (ours.coef_ == 0).any()
    assert np.abs(ours.predict_proba(X) - theirs.predict_proba(X)).max() < 1e-4


@pytest.mark.parametrize("wrong", [dict(penalty="l1"), dict(penalty="elasticnet", l1_ratio=0.5)])
def test_logistic_regression_refuses_an_l1_penalty_with_solvers_that_have_none(wrong):
    X, y = datasets.load_iris(return_X_y=True)
    for kind in (LogisticRegression, linear_model.LogisticRegression):
        with pytest.raises(ValueError, match="Solver lbfgs supports only 'l2'"):
            kind(**wrong).fit(X, y)
    sparse = LogisticRegression(**wrong, solver="saga").fit(X, y)
    assert type(sparse).from_model(sparse.model_).solver == "saga"


def test_logistic_regression_takes_sparse_rows_and_weights():
    X = sp.random(400, 60, 0.1, format="csr", random_state=0)
    y = (np.asarray(X @ np.random.RandomState(1).randn(60)) > 0).astype(int)
    w = weights_of(400)
    ours = LogisticRegression(class_weight={1: 3}).fit(X, y, sample_weight=w)
    theirs = linear_model.LogisticRegression(class_weight={1: 3}, tol=1e-10, max_iter=1000)
    theirs.fit(X, y, sample_weight=w)
    assert difference(ours.coef_, theirs.coef_) < 5e-4
    assert ours.n_iter_.shape == theirs.n_iter_.shape


def test_logarithms_of_probabilities_are_finite_where_theirs_are():
    X, y = datasets.load_digits(return_X_y=True)
    model = LogisticRegression(C=100).fit(X, y)
    found = model.predict_log_proba(X)
    np.testing.assert_allclose(np.exp(found), model.predict_proba(X), atol=1e-12)
    assert np.isfinite(found).all()


def test_a_limit_of_iterations_is_a_warning():
    X, y = datasets.load_digits(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        model = LogisticRegression(max_iter=2).fit(X, y)
    assert model.n_iter_ == [2]


@pytest.mark.parametrize("shuffle", [False, True])
def test_perceptron_learns_as_well_as_theirs(shuffle):
    X, y = datasets.load_digits(return_X_y=True)
    ours = Perceptron(shuffle=shuffle, tol=None, max_iter=20).fit(X[:1200], y[:1200])
    theirs = linear_model.Perceptron(shuffle=shuffle, tol=None, max_iter=20).fit(X[:1200], y[:1200])
    assert ours.score(X[1200:], y[1200:]) > theirs.score(X[1200:], y[1200:]) - 0.03
    assert ours.coef_.shape == theirs.coef_.shape


def test_perceptron_has_their_weights_on_rows_in_order():
    """Integers are exact in f32, so rows in the same order give the same weights."""
    rng = np.random.RandomState(0)
    X, y = rng.randint(-5, 6, (60, 4)).astype(float), rng.randint(0, 2, 60)
    for epochs in (1, 3):
        ours = Perceptron(shuffle=False, tol=None, max_iter=epochs).fit(X, y)
        theirs = linear_model.Perceptron(shuffle=False, tol=None, max_iter=epochs).fit(X, y)
        np.testing.assert_array_equal(ours.coef_, theirs.coef_)
        np.testing.assert_array_equal(ours.intercept_, theirs.intercept_)


def test_perceptron_ends_by_tol():
    X, y = datasets.load_digits(return_X_y=True)
    assert Perceptron(random_state=1).fit(X, y).n_iter_ < 100
    with pytest.warns(ConvergenceWarning):
        assert Perceptron(max_iter=7, tol=1e-9).fit(X[:, ::8], y).n_iter_ == 7
    assert Perceptron(max_iter=40, tol=None).fit(X[:, ::8], y).n_iter_ == 40


def test_perceptron_in_parts_is_the_whole():
    X, y = datasets.load_digits(return_X_y=True)
    whole = Perceptron(tol=None, max_iter=3, averaged=True).fit(X, y)
    parts = Perceptron(averaged=True)
    for _ in range(3):
        parts.partial_fit(X, y, classes=np.arange(10))
    np.testing.assert_array_equal(parts.coef_, whole.coef_)
    assert parts.n_iter_ == 3


def test_perceptron_partial_fit_knows_classes_that_come_later():
    X, y = datasets.load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    model = Perceptron(averaged=True).partial_fit(X[:50], names[y[:50]], classes=names)
    for _ in range(60):
        model.partial_fit(X, names[y], sample_weight=np.ones(150))
    assert model.score(X, names[y]) > 0.8
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, names[y], classes=names[:2])
    with pytest.raises(ValueError, match="labels that are not in"):
        model.partial_fit(X[:1], ["rose"])
    with pytest.raises(ValueError, match="classes must be passed"):
        Perceptron().partial_fit(X, y)


def test_perceptron_with_a_kernel_separates_a_circle():
    rng = np.random.RandomState(0)
    X = rng.randn(200, 2)
    y = (np.hypot(*X.T) > 1).astype(int)
    model = Perceptron(kernel="rbf", max_iter=20, averaged=True).fit(X, y)
    assert model.score(X, y) > 0.95 and not hasattr(model, "coef_")
    with pytest.raises(clf.Unsupported, match="parts"):
        model.partial_fit(X, y)


def test_coefficients_can_be_shown_sparse():
    X, y = datasets.load_iris(return_X_y=True)
    for model in (LogisticRegression().fit(X, y), Perceptron().fit(X, y)):
        dense, labels = model.coef_, model.predict(X)
        assert sp.issparse(model.sparsify().coef_)
        np.testing.assert_array_equal(model.coef_.toarray(), dense)
        np.testing.assert_array_equal(model.predict(X), labels)
        np.testing.assert_array_equal(model.densify().coef_, dense)


@pytest.mark.parametrize("kind", [Ridge, RidgeClassifier, LogisticRegression, Perceptron])
def test_rows_of_f32_give_f32(kind):
    X, y = datasets.load_iris(return_X_y=True)
    narrow, wide = kind().fit(X.astype(np.float32), y), kind().fit(X, y)
    assert narrow.coef_.dtype == np.float32 and wide.coef_.dtype == np.float64
    assert difference(narrow.coef_, wide.coef_) < 1e-5
    values = (getattr(narrow, "decision_function", None) or narrow.predict)(X.astype(np.float32))
    assert values.dtype == np.float32


@pytest.mark.parametrize("y_of", [lambda y: y, lambda y: y == 1, lambda y: np.array(list("abc"))[y]])
def test_a_warm_start_ends_as_a_cold_fit_sooner(y_of):
    X, y = datasets.load_iris(return_X_y=True)
    y = y_of(y)
    warm = LogisticRegression(warm_start=True).fit(X, y)
    cold = LogisticRegression(C=1.5).fit(X, y)
    first = warm.model_
    warm.set_params(C=1.5).fit(X, y)
    assert warm.n_iter_[0] < cold.n_iter_[0]
    assert difference(warm.coef_, cold.coef_) < 1e-5
    assert warm.model_ is not first and first.params["C"] == 1
    assert warm.fit(X, y).n_iter_[0] <= 1
    for X, y in ((X[:, :2], y), (X, np.resize(["x", "y", "z", "t"], len(X)))):
        warm.fit(X, y)
        assert warm.n_iter_[0] == LogisticRegression(C=1.5).fit(X, y).n_iter_[0]


REFUSED = [
    (Ridge(positive=True), "positive=True"),
    (RidgeCV(cv=5), "cv=5"),
    (Ridge(solver="lbfgs"), "no solver 'lbfgs'"),
    (LogisticRegression(penalty="l0"), "penalty='l0'"),
    (LogisticRegression(dual=True), "dual=True"),
    (LogisticRegression(solver="liblinear"), "solver='liblinear'"),
    (Perceptron(penalty="l2"), "penalty='l2'"),
    (Perceptron(early_stopping=True), "early_stopping=True"),
]


@pytest.mark.parametrize(("estimator", "words"), REFUSED, ids=lambda value: str(value))
def test_what_the_library_lacks_is_refused_with_a_sentence(estimator, words):
    X, y = datasets.load_iris(return_X_y=True)
    with pytest.raises(clf.Unsupported, match=words):
        estimator.fit(X, y)
    assert not hasattr(estimator, "model_")


@pytest.mark.parametrize("kind", [RidgeClassifier, LogisticRegression, Perceptron])
def test_class_weights_by_label(kind):
    X, y = datasets.load_iris(return_X_y=True)
    names = np.array(["a", "b", "c"])[y]
    weighted = kind(class_weight={"b": 2.0, "c": 5.0}).fit(X, names)
    rows = kind().fit(X, names, sample_weight=np.array([1.0, 2.0, 5.0])[y])
    assert difference(weighted.coef_, rows.coef_) < 1e-6
    with pytest.raises(ValueError, match="not labels"):
        kind(class_weight={"a": 1, "x": 2}).fit(X, names)
    with pytest.raises(ValueError, match="class_weight must be"):
        kind(class_weight="even").fit(X, names)
