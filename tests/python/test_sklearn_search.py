"""GridSearch and RandomizedSearch on the library's cross-validation."""

import inspect
import pickle
import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.datasets import load_diabetes, load_digits, load_iris  # noqa: E402
from sklearn.decomposition import PCA as TheirPCA  # noqa: E402
from sklearn.model_selection import (  # noqa: E402
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.svm import SVC as TheirSVC  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402

import libclassify as clf  # noqa: E402
import libclassify.sklearn as ours  # noqa: E402
from libclassify import errors  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    HOG,
    SVC,
    GridSearch,
    LogisticRegression,
    MLPClassifier,
    NetworkClassifier,
    PCA,
    Perceptron,
    PolynomialFeatures,
    RandomizedSearch,
    Ridge,
    StandardScaler,
)
from libclassify.sklearn._base import ModelEstimator  # noqa: E402

IRIS = load_iris(return_X_y=True)


def test_a_grid_gives_the_scores_of_the_librarys_cross_validation():
    X, y = IRIS
    search = GridSearch(SVC(), {"C": [0.01, 1, 10], "gamma": [0.01, 0.5]}, cv=4,
                        random_state=7).fit(X, y)
    results = search.cv_results_
    assert len(results["params"]) == 6 and search.n_splits_ == 4
    for index, params in enumerate(results["params"]):
        model = clf.Model("svm", kernel="rbf", **params)
        scores = clf.cross_validate(model, X, y, folds=4, seed=7)
        found = [results[f"split{fold}_test_score"][index] for fold in range(4)]
        np.testing.assert_array_equal(found, scores)
        assert results["mean_test_score"][index] == pytest.approx(scores.mean())
        assert results["std_test_score"][index] == pytest.approx(scores.std())
        assert results["param_C"][index] == params["C"]
    assert search.best_score_ == results["mean_test_score"].max()
    assert results["rank_test_score"][search.best_index_] == 1
    assert search.best_params_ == results["params"][search.best_index_]
    assert search.best_estimator_.C == search.best_params_["C"]
    best = SVC(**search.best_params_).fit(X, y)
    np.testing.assert_array_equal(search.predict(X), best.predict(X))
    np.testing.assert_array_equal(search.decision_function(X), best.decision_function(X))
    assert search.score(X, y) == best.score(X, y)
    np.testing.assert_array_equal(search.classes_, [0, 1, 2])
    assert not hasattr(search, "predict_proba")


def test_scores_are_near_those_of_scikit_learn():
    X, y = load_digits(return_X_y=True)
    X, y = X[:600] / 16, y[:600]
    grid = {"C": [0.01, 10], "kernel": ["linear", "rbf"]}
    mine = GridSearch(SVC(), grid, cv=3).fit(X, y)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    other = GridSearchCV(TheirSVC(), grid, cv=folds).fit(X, y)
    assert mine.cv_results_["params"] == other.cv_results_["params"]
    np.testing.assert_allclose(mine.cv_results_["mean_test_score"],
                               other.cv_results_["mean_test_score"], atol=0.03)
    assert set(mine.cv_results_) <= set(other.cv_results_)


def test_pipelines_are_searched_with_their_transforms():
    X, y = IRIS
    pipeline = make_pipeline(StandardScaler(), PCA(), LogisticRegression())
    search = GridSearch(pipeline, {"pca__n_components": [1, 3], "logisticregression__C": [0.1, 10]},
                        cv=3).fit(X, y)
    model = clf.Model("logistic", C=10, max_iterations=100, tolerance=1e-9)
    model.add_transform("standardize").add_transform("pca", components=3)
    wanted = clf.cross_validate(model, X, y, folds=3, seed=0)
    index = search.cv_results_["params"].index(
        {"logisticregression__C": 10, "pca__n_components": 3})
    assert search.cv_results_["mean_test_score"][index] == pytest.approx(wanted.mean(), abs=0.011)
    assert search.best_params_["pca__n_components"] == 3
    assert search.predict_proba(X).shape == (150, 3)


def test_regressions_networks_images_and_weights():
    X, y = load_diabetes(return_X_y=True)
    weights = np.arange(len(y)) % 3
    search = GridSearch(Ridge(), {"alpha": [1e-3, 100]}, cv=3).fit(X, y, sample_weight=weights)
    assert search.best_params_ == {"alpha": 1e-3} and 0.3 < search.best_score_ < 0.6
    wanted = Ridge(alpha=1e-3).fit(X, y, weights)
    np.testing.assert_allclose(search.predict(X), wanted.predict(X))
    images, digits = load_digits(return_X_y=True)
    images = (images * 15.9375).astype(np.uint8).reshape(-1, 8, 8, 1)[:400]
    network = NetworkClassifier("conv2d filters=4 kernel=3; flatten; dense units=outputs", epochs=8,
                                random_state=0)
    search = GridSearch(network, {"learning_rate": [1e-6, 0.01]}, cv=2).fit(images, digits[:400])
    assert search.best_params_ == {"learning_rate": 0.01} and search.best_score_ > 0.5


def searchable():
    found = [getattr(ours, name) for name in ours.__all__]
    return [kind for kind in found if inspect.isclass(kind) and issubclass(kind, ModelEstimator)
            and kind._searchable]


@pytest.mark.parametrize("kind", searchable(), ids=lambda kind: kind.__name__)
def test_every_estimator_whose_fit_is_one_fit_is_searched(kind):
    X, y = IRIS
    tried = {"random_state": 3, "solver": "lsqr", "C": 2.0, "fit_intercept": True}
    name = next(name for name in tried if name in kind().get_params())
    value = tried[name]
    search = GridSearch(kind(), {name: [value]}, cv=3).fit(X, y)
    alone = kind(**{name: value}).fit(X, y)
    np.testing.assert_allclose(search.predict(X), alone.predict(X))
    assert search.best_score_ > 0.75 and search.n_features_in_ == 4


def curved_rows():
    X = np.linspace(-2, 2, 200)[:, np.newaxis]
    return X, 5 + 3 * X[:, 0] - 2 * X[:, 0] ** 2


def test_products_are_searched_as_they_are_fitted():
    X, y = curved_rows()
    for products in (PolynomialFeatures(2, include_bias=False), PolynomialFeatures((1, 2))):
        last = Ridge(1e-6, fit_intercept=products.include_bias)
        search = GridSearch(make_pipeline(products, last), {"ridge__alpha": [1e-6]}).fit(X, y)
        alone = GridSearch(last, {"alpha": [1e-6]}).fit(products.fit_transform(X), y)
        assert search.best_score_ == pytest.approx(alone.best_score_, rel=1e-6)


@pytest.mark.parametrize("steps, message", [
    ([PolynomialFeatures(2), Ridge(fit_intercept=False)], "no column of ones"),
    ([PolynomialFeatures(2), PolynomialFeatures(2), Ridge()], "no column of ones"),
    ([PolynomialFeatures((2, 3), include_bias=False), Ridge()], r"not degree=\(2, 3\)"),
    ([PolynomialFeatures(0), Ridge()], "not degree=0"),
    ([PCA(whiten=True), Ridge()], "the divisor n, and PCA n - 1"),
])
def test_a_step_that_the_librarys_transform_is_not_is_refused(steps, message):
    X, y = load_diabetes(return_X_y=True)
    search = GridSearch(make_pipeline(*steps), {"ridge__alpha": [1]}, cv=2)
    with pytest.raises(errors.Unsupported, match=message):
        search.fit(X, y)


def test_row_weights_reach_the_transforms_of_the_refit():
    X, y = IRIS
    weights = np.where(y == 1, 10.0, 1.0)
    for transform in (StandardScaler(), PCA(2)):
        pipeline = make_pipeline(transform, None, LogisticRegression())
        search = GridSearch(pipeline, {"logisticregression__C": [1]}, cv=2)
        fitted = search.fit(X, y, sample_weight=weights).best_estimator_
        wanted = clone(transform).fit(X, sample_weight=weights).mean_
        np.testing.assert_array_equal(fitted[0].mean_, wanted)
        assert abs(wanted - X.mean(axis=0)).max() > 0.1


def test_a_search_that_fails_is_as_it_was():
    X, y = IRIS
    search = GridSearch(SVC(), {"C": [1, 2]}, cv=2).fit(X, y)
    before = dict(vars(search))
    with pytest.raises(ValueError):
        search.fit(X[:, :2], np.zeros(len(y)))
    assert vars(search) == before and search.n_features_in_ == 4


def test_images_are_searched_with_their_histograms():
    images = np.random.RandomState(0).rand(60, 16, 8)
    images[::2, :8] += 1
    X, y = images.reshape(60, -1), np.arange(60) % 2
    pipeline = make_pipeline(HOG(input=(16, 8), cell=4), SVC())
    search = GridSearch(pipeline, {"svc__C": [1]}, cv=2).fit(X, y)
    alone = GridSearch(SVC(), {"C": [1]}, cv=2).fit(HOG(cell=4).fit_transform(images), y)
    assert search.best_score_ == pytest.approx(alone.best_score_, abs=0.02)


def test_a_list_of_grids_and_a_grid_without_refit():
    X, y = IRIS
    search = GridSearch(SVC(), [{"kernel": ["linear"], "C": [1, 2]}, {"gamma": [0.1]}], cv=2,
                        refit=False).fit(X, y)
    assert search.cv_results_["params"] == [
        {"C": 1, "kernel": "linear"}, {"C": 2, "kernel": "linear"}, {"gamma": 0.1}]
    assert search.cv_results_["param_gamma"].mask.tolist() == [True, True, False]
    with pytest.raises(AttributeError, match="refit=False"):
        search.predict(X)


def test_random_combinations_are_distinct_repeatable_and_from_distributions():
    X, y = IRIS
    space = {"C": [0.1, 1, 10], "gamma": [0.01, 0.1, 1], "kernel": ["rbf", "poly"]}
    all_of_them = RandomizedSearch(SVC(), space, n_iter=50, cv=2, refit=False).fit(X, y)
    found = [tuple(p.items()) for p in all_of_them.cv_results_["params"]]
    assert len(found) == len(set(found)) == 18
    some = [RandomizedSearch(SVC(), space, n_iter=5, cv=2, random_state=seed).fit(X, y)
            for seed in (1, 1, 2)]
    assert some[0].cv_results_["params"] == some[1].cv_results_["params"]
    assert some[0].cv_results_["params"] != some[2].cv_results_["params"]
    assert len({tuple(p.items()) for p in some[0].cv_results_["params"]}) == 5
    stats = pytest.importorskip("scipy.stats")
    drawn = RandomizedSearch(SVC(), {"C": stats.loguniform(0.1, 10), "kernel": ["linear", "rbf"]},
                             n_iter=8, cv=2).fit(X, y)
    values = [p["C"] for p in drawn.cv_results_["params"]]
    assert len(set(values)) == 8 and all(0.1 <= value <= 10 for value in values)


@pytest.mark.parametrize("search, message", [
    (lambda: GridSearch(TheirSVC(), {"C": [1]}), "GridSearchCV takes it"),
    (lambda: GridSearch(MLPClassifier(), {"alpha": [1]}), "GridSearchCV takes it"),
    (lambda: GridSearch(Perceptron(), {"eta0": [1]}), "GridSearchCV takes it"),
    (lambda: GridSearch(make_pipeline(TheirPCA(), SVC()), {"svc__C": [1]}), "the step 'pca'"),
    (lambda: GridSearch(SVC(kernel="precomputed"), {"C": [1]}), "matrix of pairs"),
    (lambda: GridSearch(SVC(kernel=np.dot), {"C": [1]}), "matrix of pairs"),
    (lambda: GridSearch(SVC(), {"kernel": ["rbf", "precomputed"]}), "matrix of pairs"),
    (lambda: GridSearch(SVC(), {"C": [1]}, cv=[(0, 1)]), "no cv="),
    (lambda: GridSearch(SVC(), {"C": [1]}, cv=1), "no cv="),
    (lambda: GridSearch(SVC(), {"C": 1}), "must be a list"),
    (lambda: GridSearch(SVC(), {"C": []}), "empty list"),
    (lambda: GridSearch(SVC(), {"D": [1]}), "Invalid parameter"),
    (lambda: GridSearch(SVC(), {"C": [-1]}), "C"),
    (lambda: GridSearch(SVC(), []), "no combination"),
    (lambda: RandomizedSearch(SVC(), {"C": [1]}, n_iter=0), "n_iter is 0"),
])
def test_what_cannot_be_done_is_refused_with_a_sentence(search, message):
    with pytest.raises(ValueError, match=message):
        search().fit(*IRIS)


def test_searches_nest_in_scikit_learn_and_are_pickled():
    X, y = IRIS
    search = GridSearch(SVC(), {"C": [0.1, 1]}, cv=2)
    assert cross_val_score(search, X, y, cv=3).mean() > 0.9
    fitted = clone(search).fit(X, y)
    restored = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(restored.predict(X), fitted.predict(X))
    assert restored.best_params_ == fitted.best_params_
    with pytest.raises(sklearn.exceptions.NotFittedError):
        search.predict(X)
    with pytest.raises(errors.DataError, match="class"):
        clone(search).fit(X, np.zeros(len(y)))


@pytest.mark.slow
@pytest.mark.parametrize("search", [
    GridSearch(LogisticRegression(), {"C": [0.1, 1]}, cv=2),
    GridSearch(Ridge(), {"alpha": [0.1, 1]}, cv=2),
], ids=["classifier", "regression"])
def test_scikit_learns_checks_pass(search):
    # Weights equal repeated rows in a fit, but the folds of a search are drawn from other rows.
    left_out = ("check_sample_weight_equivalence_on_dense_data",
                "check_sample_weight_equivalence_on_sparse_data",
                "check_sample_weights_invariance")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hasattr(estimator_checks, "estimator_checks_generator"):
            checks = estimator_checks.estimator_checks_generator(search)
        else:
            checks = estimator_checks.check_estimator(search, generate_only=True)
        for estimator, check in checks:
            if getattr(check, "func", check).__name__ in left_out:
                continue
            try:
                check(estimator)
            except estimator_checks.SkipTest:
                pass
