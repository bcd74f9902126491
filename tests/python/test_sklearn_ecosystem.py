"""The estimators inside of what scikit-learn's users put them into: searches, ensembles, pipelines,
calibration, caches, processes, threads. Each test is a use that other libraries' estimators have
failed at; what the data may look like is in test_sklearn_data.py.
"""

import copy
import io
import multiprocessing
import pickle
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

sklearn = pytest.importorskip("sklearn")
joblib = pytest.importorskip("joblib")

from scipy import stats  # noqa: E402
from sklearn import calibration, compose, ensemble, feature_selection, inspection  # noqa: E402
from sklearn import model_selection, multiclass, multioutput, pipeline, semi_supervised  # noqa: E402
from sklearn.base import clone, is_classifier, is_regressor  # noqa: E402

from libclassify.sklearn import (  # noqa: E402
    PCA, SVC, LinearDiscriminantAnalysis, LogisticRegression, MinMaxScaler, MLPClassifier,
    MLPRegressor, Perceptron, PolynomialFeatures, Ridge, RidgeClassifier, StandardScaler,
    TfidfVectorizer)

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
NET = {"hidden_layer_sizes": (8,), "max_iter": 30, "learning_rate_init": 0.02, "random_state": 0}
CLASSIFIERS = [RidgeClassifier(), LogisticRegression(), Perceptron(), LinearDiscriminantAnalysis(),
               SVC(), MLPClassifier(**NET)]
REGRESSORS = [Ridge(), MLPRegressor(**NET)]
TRANSFORMERS = [StandardScaler(), MinMaxScaler(), PolynomialFeatures(), PCA(2)]
PREDICTORS = CLASSIFIERS + REGRESSORS
WITH_PROBABILITIES = [LogisticRegression(), LinearDiscriminantAnalysis(), MLPClassifier(**NET)]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def name(value):
    return type(value).__name__


def each(estimators):
    return pytest.mark.parametrize("estimator", estimators, ids=name)


def rows(classes=3, n=120, features=4, seed=0):
    """Gaussian classes that overlap a little, in shuffled order."""
    rng = np.random.RandomState(seed)
    y = rng.permutation(np.arange(n) % classes)
    return rng.randn(n, features) + 2 * rng.randn(classes, features)[y], y


def answers(estimator, X):
    """What an estimator makes of rows, by the first method that it has."""
    for method in ("decision_function", "predict", "transform"):
        if hasattr(estimator, method):
            return getattr(estimator, method)(X)
    raise AssertionError(f"{name(estimator)} answers nothing")


def fitted(estimator, X, y):
    return clone(estimator).fit(X, y)


# --- copies -------------------------------------------------------------------------------------


@each(PREDICTORS + TRANSFORMERS)
def test_a_clone_of_a_fitted_estimator_is_not_fitted_and_fits_to_the_same(estimator):
    X, y = rows()
    first = fitted(estimator, X, y)
    second = clone(first)
    assert not [attribute for attribute in vars(second) if attribute.endswith("_")]
    assert_array_equal(answers(second.fit(X, y), X), answers(first, X))


@each(PREDICTORS + TRANSFORMERS)
def test_copies_of_a_fitted_estimator_answer_the_same_bits(estimator):
    X, y = rows()
    first = fitted(estimator, X, y)
    copies = [copy.deepcopy(first), copy.copy(first)]
    copies += [pickle.loads(pickle.dumps(first, p)) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for second in copies:
        assert_array_equal(answers(second, X), answers(first, X))
        assert repr(second) == repr(first)


@each(PREDICTORS)
def test_a_copy_lives_on_when_the_original_is_fitted_to_other_rows(estimator):
    X, y = rows()
    first = fitted(estimator, X, y)
    second, before = copy.copy(first), answers(first, X)
    first.fit(X[:60] * 3, y[:60])
    assert_array_equal(answers(second, X), before)


@each(PREDICTORS)
def test_joblib_reads_a_dump_memory_mapped(estimator, tmp_path):
    X, y = rows()
    first = fitted(estimator, X, y)
    joblib.dump(first, tmp_path / "model")
    second = joblib.load(tmp_path / "model", mmap_mode="r")
    assert_array_equal(answers(second, X), answers(first, X))


@pytest.mark.slow
def test_a_pickle_is_read_in_another_process():
    X, y = rows()
    first = pipeline.make_pipeline(StandardScaler(), SVC()).fit(X, y)
    program = ("import pickle, sys; model, X = pickle.load(sys.stdin.buffer)\n"
               "sys.stdout.buffer.write(model.decision_function(X).tobytes())")
    out = subprocess.run([sys.executable, "-c", program], input=pickle.dumps((first, X)),
                         stdout=subprocess.PIPE, check=True).stdout
    assert out == first.decision_function(X).tobytes()


@each(PREDICTORS)
def test_fit_leaves_the_parameters_alone_and_set_params_leaves_the_fitted_model_alone(estimator):
    X, y = rows()
    own = clone(estimator)
    before = own.get_params()
    own.fit(X, y)
    after = own.get_params()
    assert before.keys() == after.keys() and all(before[k] is after[k] for k in before)
    expected = answers(own, X)
    parameter = next(p for p in ("alpha", "C", "tol") if p in before)
    own.set_params(**{parameter: 123.0})
    assert_array_equal(answers(own, X), expected)


@each(PREDICTORS)
def test_fitted_again_to_other_classes_and_features_nothing_is_left(estimator):
    own = fitted(estimator, *rows(classes=3, features=4))
    X, y = rows(classes=2, features=6, seed=1)
    assert_array_equal(answers(own.fit(X, y), X), answers(fitted(estimator, X, y), X))
    assert own.n_features_in_ == 6


def test_a_subclass_of_a_user_clones_and_fits():
    class Mine(SVC):
        def __init__(self, C=3.0):
            super().__init__(C=C)

    X, y = rows()
    own = clone(Mine(C=2.0)).fit(X, y)
    assert own.get_params() == {"C": 2.0}
    assert_array_equal(own.predict(X), SVC(C=2.0).fit(X, y).predict(X))


@each(PREDICTORS + TRANSFORMERS)
def test_it_is_printed_as_scikit_learn_prints(estimator):
    own = clone(estimator)
    assert repr(own).startswith(name(own) + "(")
    assert name(own) in own._repr_html_() if hasattr(own, "_repr_html_") else True
    assert name(own) in pipeline.make_pipeline(own)._repr_mimebundle_()["text/html"]
    assert is_classifier(own) == (estimator in CLASSIFIERS)
    assert is_regressor(own) == (estimator in REGRESSORS)


# --- searches and validation --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_grid_search_in_processes_finds_what_one_process_finds(n_jobs):
    X, y = rows(n=90)
    grid = {"C": [0.1, 1.0, 10.0], "kernel": ["linear", "rbf"], "gamma": ["scale", 0.1]}
    search = model_selection.GridSearchCV(SVC(), grid, n_jobs=n_jobs, error_score="raise").fit(X, y)
    best = SVC(**search.best_params_).fit(X, y)
    assert_array_equal(search.best_estimator_.decision_function(X), best.decision_function(X))


def test_a_grid_search_refits_by_a_function_of_the_results_and_by_one_of_two_scores():
    X, y = rows(n=90, classes=2)
    search = model_selection.GridSearchCV(
        LogisticRegression(), {"C": [1e-3, 1.0]}, refit=lambda results: 1, error_score="raise")
    assert search.fit(X, y).best_index_ == 1
    search.set_params(scoring=["roc_auc", "neg_log_loss"], refit="neg_log_loss").fit(X, y)
    assert search.best_params_ == {"C": 1.0}


@each([LogisticRegression(), SVC(), Ridge(), MLPClassifier(hidden_layer_sizes=(4,), max_iter=5)])
def test_parameters_may_be_numbers_and_strings_of_numpy(estimator):
    X, y = rows(n=60)
    parameter = "alpha" if "alpha" in estimator.get_params() else "C"
    search = model_selection.RandomizedSearchCV(
        estimator, {parameter: stats.loguniform(1e-2, 1e2), "max_iter": [np.int64(50)]},
        n_iter=3, random_state=0, error_score="raise")
    search.fit(X, y)
    plain = clone(estimator).set_params(
        **{parameter: float(search.best_params_[parameter]), "max_iter": 50})
    if "random_state" in plain.get_params():
        plain.set_params(random_state=0)
        search.best_estimator_.set_params(random_state=0).fit(X, y)
    assert_array_equal(answers(search.best_estimator_, X), answers(plain.fit(X, y), X))


def test_a_halving_search_gives_more_rows_to_the_better():
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401

    X, y = rows(n=200)
    search = model_selection.HalvingGridSearchCV(
        SVC(), {"C": [1e-4, 1.0, 10.0]}, random_state=0, min_resources=30, error_score="raise")
    assert search.fit(X, y).best_params_["C"] > 0.1


@each(WITH_PROBABILITIES)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_cross_val_predict_by_each_method(estimator, method):
    X, y = rows()
    found = model_selection.cross_val_predict(estimator, X, y, cv=3, method=method)
    train, test = next(iter(model_selection.StratifiedKFold(3).split(X, y)))
    expected = getattr(clone(estimator).fit(X[train], y[train]), method)(X[test])
    assert_array_equal(found[test], expected)


def test_cross_val_predict_with_a_class_that_a_fold_lacks():
    X, y = rows(n=60)
    order = np.argsort(y, kind="stable")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class is missing, says scikit-learn
        found = model_selection.cross_val_predict(
            LogisticRegression(), X[order], y[order], cv=model_selection.KFold(3),
            method="predict_proba")
    assert found.shape == (60, 3) and (found[:20, 0] == 0).all()


def test_curves_and_threshold_metrics_take_the_estimators():
    X, y = rows(classes=2)
    sizes, train, _ = model_selection.learning_curve(LogisticRegression(), X, y, cv=3)
    assert train.shape == (len(sizes), 3)
    model_selection.validation_curve(SVC(), X, y, param_name="C", param_range=[0.1, 1], cv=3)
    scores = model_selection.cross_validate(
        SVC(), X, y, scoring=["roc_auc", "average_precision", "f1"], cv=3, return_estimator=True,
        error_score="raise")
    assert len(scores["estimator"]) == 3 and scores["test_roc_auc"].min() > 0.5


@pytest.mark.slow
def test_many_cross_validations_do_not_hold_memory():
    resource = pytest.importorskip("resource")
    X, y = rows(n=300, features=40)

    def peak_after(times):
        for _ in range(times):
            model_selection.cross_val_score(SVC(), X, y, cv=3)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    first = peak_after(5)
    assert peak_after(60) - first < 8 * 1024  # KiB; what was kept of each would be 30 MiB


# --- meta-estimators ----------------------------------------------------------------------------


@each(WITH_PROBABILITIES + [SVC(), RidgeClassifier(), Perceptron()])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_by_cross_validation(estimator, method):
    X, y = rows()
    own = calibration.CalibratedClassifierCV(estimator, method=method, cv=3).fit(X, y)
    assert_allclose(own.predict_proba(X).sum(axis=1), 1)
    assert own.score(X, y) > 0.6


def test_calibration_of_a_fitted_estimator():
    X, y = rows()
    own = SVC().fit(X[:80], y[:80])
    if VERSION >= (1, 6):
        from sklearn.frozen import FrozenEstimator

        calibrated = calibration.CalibratedClassifierCV(FrozenEstimator(own), cv=3)
    else:
        calibrated = calibration.CalibratedClassifierCV(own, cv="prefit")
    assert calibrated.fit(X[80:], y[80:]).score(X, y) > 0.6


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_a_vote_over_string_labels_with_weights(voting):
    X, y = rows()
    labels = np.array(["ham", "eggs", "spam"])[y]
    members = [("lr", LogisticRegression()), ("lda", LinearDiscriminantAnalysis())]
    vote = ensemble.VotingClassifier(members, voting=voting, weights=[1, 0]).fit(X, labels)
    alone = LogisticRegression().fit(X, labels)
    assert_array_equal(vote.predict(X), alone.predict(X))
    vote.fit(X, labels, sample_weight=np.ones(len(labels)))


def test_stacks_of_classifiers_and_of_regressors():
    X, y = rows()
    members = [(name(e), e) for e in CLASSIFIERS]
    stack = ensemble.StackingClassifier(members, final_estimator=LogisticRegression(), cv=3)
    assert stack.fit(X, y).score(X, y) > 0.7
    members = [(name(e), e) for e in REGRESSORS]
    stack = ensemble.StackingRegressor(members, final_estimator=Ridge(), cv=3)
    assert stack.fit(X, X[:, 0]).score(X, X[:, 0]) > 0.7


@each(CLASSIFIERS + REGRESSORS)
def test_bagging_whose_bags_lack_rows_and_features(estimator):
    X, y = rows()
    kind = ensemble.BaggingClassifier if is_classifier(estimator) else ensemble.BaggingRegressor
    bag = kind(estimator, n_estimators=4, max_samples=0.5, max_features=0.7, random_state=0)
    assert bag.fit(X, y).score(X, y) > 0.3


@each([LogisticRegression(), SVC(), Ridge()])
def test_boosting_by_weights(estimator):
    X, y = rows(classes=2)
    if is_classifier(estimator):
        options = {"algorithm": "SAMME"} if VERSION < (1, 6) else {}
        boost = ensemble.AdaBoostClassifier(estimator, n_estimators=5, random_state=0, **options)
    else:
        boost = ensemble.AdaBoostRegressor(estimator, n_estimators=5, random_state=0)
    assert boost.fit(X, y).score(X, y) > 0.4


@each([LogisticRegression(), SVC(), RidgeClassifier(), Perceptron()])
def test_reductions_of_many_classes(estimator):
    X, y = rows(classes=4, n=160)
    for reduction in (multiclass.OneVsRestClassifier(estimator),
                      multiclass.OneVsOneClassifier(estimator),
                      multiclass.OutputCodeClassifier(estimator, random_state=0)):
        assert reduction.fit(X, y).score(X, y) > 0.5


def test_several_outputs_by_one_model_each():
    X, y = rows()
    Y = np.column_stack([y == 0, y == 1]).astype(int)
    own = multioutput.MultiOutputClassifier(LogisticRegression()).fit(X, Y)
    assert [p.shape for p in own.predict_proba(X)] == [(120, 2)] * 2
    multioutput.ClassifierChain(SVC(), order=[1, 0]).fit(X, Y).predict(X)
    targets = np.column_stack([X[:, 0] + X[:, 1], X[:, 2]])
    each_alone = multioutput.MultiOutputRegressor(Ridge()).fit(X, targets)
    assert_allclose(Ridge().fit(X, targets).predict(X), each_alone.predict(X), rtol=1e-9, atol=1e-9)
    multioutput.RegressorChain(Ridge()).fit(X, targets).predict(X)


def test_selection_of_features_by_coefficients():
    X, y = rows(classes=2, features=6)
    for estimator in (LogisticRegression(), RidgeClassifier(), SVC(kernel="linear"), Perceptron(),
                      LinearDiscriminantAnalysis(), Ridge()):
        assert feature_selection.RFE(estimator, n_features_to_select=2).fit(X, y).support_.sum() == 2
        chosen = feature_selection.SelectFromModel(estimator).fit(X, y)
        assert 0 < chosen.get_support().sum() < 6
    feature_selection.SequentialFeatureSelector(Ridge(), n_features_to_select=2, cv=2).fit(X, y)


def test_inspection_of_fitted_estimators():
    X, y = rows(classes=2)
    own = LogisticRegression().fit(X, y)
    result = inspection.permutation_importance(own, X, y, n_repeats=2, random_state=0)
    assert result.importances_mean.shape == (4,)
    assert inspection.partial_dependence(own, X, [0])["average"].shape[0] == 1


def test_self_training_labels_what_is_unlabelled():
    X, y = rows(classes=2)
    partly = np.where(np.arange(120) % 3 == 0, y, -1)
    own = semi_supervised.SelfTrainingClassifier(LogisticRegression()).fit(X, partly)
    assert own.score(X, y) > 0.7


@pytest.mark.skipif(VERSION < (1, 5), reason="the class came with scikit-learn 1.5")
def test_a_tuned_threshold():
    X, y = rows(classes=2)
    own = model_selection.TunedThresholdClassifierCV(SVC(), cv=3).fit(X, y)
    assert own.score(X, y) > 0.5


@pytest.mark.skipif(VERSION < (1, 4), reason="pipelines route weights since scikit-learn 1.4")
def test_weights_are_routed_through_a_search_over_a_pipeline():
    X, y = rows(classes=2)
    weights = np.where(y == 1, 5.0, 0.2)
    with sklearn.config_context(enable_metadata_routing=True):
        steps = pipeline.make_pipeline(
            StandardScaler().set_fit_request(sample_weight=True),
            LogisticRegression().set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=True))
        search = model_selection.GridSearchCV(steps, {"logisticregression__C": [1.0]})
        search.fit(X, y, sample_weight=weights)
    scaler = StandardScaler().fit(X, sample_weight=weights)
    alone = LogisticRegression().fit(scaler.transform(X), y, sample_weight=weights)
    assert_array_equal(search.predict(X), alone.predict(scaler.transform(X)))


# --- pipelines ----------------------------------------------------------------------------------


def test_a_pipeline_with_a_cache_fits_its_transforms_once(tmp_path):
    X, y = rows()
    steps = pipeline.make_pipeline(StandardScaler(), PCA(3), SVC(), memory=str(tmp_path))
    first = steps.fit(X, y).decision_function(X)
    assert_array_equal(clone(steps).fit(X, y).decision_function(X), first)
    plain = pipeline.make_pipeline(StandardScaler(), PCA(3), SVC()).fit(X, y)
    assert_array_equal(plain.decision_function(X), first)


def test_unions_and_transformed_targets():
    X, y = rows()
    union = pipeline.make_union(StandardScaler(), PCA(2), PolynomialFeatures())
    assert union.fit(X).transform(X).shape == (120, 4 + 2 + 15)
    own = compose.TransformedTargetRegressor(Ridge(), transformer=StandardScaler())
    assert_allclose(own.fit(X, X[:, 0]).predict(X), X[:, 0], atol=0.2)


def test_a_search_over_texts_in_a_pipeline():
    texts = [f"{'good' if i % 2 else 'bad'} film number {i % 7}" for i in range(60)]
    labels = ["yes" if i % 2 else "no" for i in range(60)]
    steps = pipeline.Pipeline([("words", TfidfVectorizer()), ("model", LogisticRegression(C=100))])
    search = model_selection.GridSearchCV(
        steps, {"words__ngram_range": [(1, 1), (1, 2)], "words__sublinear_tf": [True, False]},
        cv=3, error_score="raise").fit(texts, labels)
    assert search.score(texts, labels) == 1
    again = pickle.loads(pickle.dumps(search))
    assert_array_equal(again.predict(texts), search.predict(texts))


# --- processes and threads ----------------------------------------------------------------------


@each(PREDICTORS)
def test_what_joblib_maps_read_only_fits_and_answers(estimator, tmp_path):
    X, y = rows(n=300)
    expected = answers(fitted(estimator, X, y), X)
    joblib.dump((X, fitted(estimator, X, y)), tmp_path / "mapped")
    mapped, own = joblib.load(tmp_path / "mapped", mmap_mode="r")
    assert isinstance(mapped, np.memmap) and not mapped.flags.writeable
    assert_array_equal(answers(own, mapped), expected)
    assert_array_equal(answers(fitted(estimator, mapped, y), mapped), expected)


@pytest.mark.slow
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_fitted_before_it_answers_in_processes(start):
    X, y = rows(n=400)
    own = SVC().fit(X, y)
    with multiprocessing.get_context(start).Pool(2) as pool:
        parts = pool.map_async(own.decision_function, np.array_split(X, 4)).get(timeout=60)
    assert_array_equal(np.concatenate(parts), own.decision_function(X))


@each(PREDICTORS)
def test_threads_share_a_fitted_estimator(estimator):
    X, y = rows(n=500)
    own = fitted(estimator, X, y)
    expected, found = answers(own, X), [None] * 8

    def answer(i):
        found[i] = [answers(own, X) for _ in range(5)]

    threads = [threading.Thread(target=answer, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in found:
        assert len(result) == 5 and all(np.array_equal(part, expected) for part in result)


def test_jobs_change_no_bit():
    X, y = rows(n=400)
    own = [LogisticRegression(n_jobs=n).fit(X, y).predict_proba(X) for n in (None, 1, 2, -1)]
    for result in own[1:]:
        assert_array_equal(result, own[0])


def test_a_pickle_is_small_and_holds_no_rows():
    X, y = rows(n=20000, features=20)
    buffer = io.BytesIO()
    pickle.dump(LogisticRegression().fit(X, y), buffer)
    assert buffer.tell() < 20000
