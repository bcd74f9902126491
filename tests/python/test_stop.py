"""A report of progress that returns STOP ends a call, which keeps what it has."""

import itertools

import numpy as np
import pytest

import libclassify as clf
from libclassify.sklearn import GridSearch, LogisticRegression, MLPClassifier, Perceptron


def rows(count=600, columns=8, classes=3, seed=0):
    random = np.random.default_rng(seed)
    y = np.arange(count) % classes
    X = random.standard_normal((count, columns)) * 3 + y[:, None] * (np.arange(columns) < 3)
    return X.astype(np.float32), y


X, y = rows()
HARD = {"C": 1000.0, "tolerance": 1e-12, "precision": "f64"}


def every_step(**params):
    """A context on which each step of a solver is reported."""
    return clf.Context(progress_interval=0, **params)


class StopAt:
    """Answers STOP, or what it is given, from a step of the solver on."""

    def __init__(self, step, answer=clf.STOP):
        self.step, self.answer, self.reports = step, answer, 0

    def __call__(self, progress):
        self.reports += 1
        solves = progress.stage != "gram"
        return self.answer if solves and progress.step >= self.step else None


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stopped_fit_is_that_of_so_many_iterations(threads):
    context = every_step(threads=threads)
    stopped = clf.Model("logistic", context=context, **HARD)
    with clf.watch(StopAt(5)):
        stopped.fit(X, y)
    assert stopped.outcome == "not converged"
    assert stopped.tensors["iterations"].tolist() == [5]
    limited = clf.Model("logistic", max_iterations=5, **HARD).fit(X, y)
    assert np.array_equal(stopped.decision_function(X), limited.decision_function(X))


def test_a_context_may_stop_its_calls():
    stop = StopAt(3)
    model = clf.Model("perceptron", epochs=1000,
                      context=clf.Context(progress=stop, progress_interval=0))
    model.fit(X, y)
    assert model.outcome == "not converged"
    assert model.tensors["iterations"].tolist() == [3]


def test_a_stopped_network_keeps_its_last_epoch():
    context = every_step(seed=4)
    network = clf.Model("network", epochs=9, batch_size=100, context=context)
    steps = len(X) // 100
    with clf.watch(StopAt(2 * steps + 1)):
        network.fit(X, y)
    assert network.tensors["iterations"].tolist() == [2]
    two = clf.Model("network", epochs=2, batch_size=100, context=every_step(seed=4)).fit(X, y)
    assert np.array_equal(network.decision_function(X), two.decision_function(X))


def test_a_stop_before_there_is_anything_cancels():
    model = clf.Model("logistic", context=every_step(), **HARD)
    with clf.watch(StopAt(0)), pytest.raises(clf.Cancelled):
        model.fit(X, y)
    assert not model.fitted


@pytest.mark.parametrize("answer", [True, 1, 3, "2", 2.0, [0]])
def test_other_true_answers_cancel(answer):
    model = clf.Model("logistic", context=every_step(), **HARD)
    with clf.watch(StopAt(5, answer)), pytest.raises(clf.Cancelled):
        model.fit(X, y)
    assert not model.fitted


@pytest.mark.parametrize("inner, outer", [(clf.STOP, True), (True, clf.STOP)])
def test_one_report_that_cancels_counts_more_than_one_that_stops(inner, outer):
    model = clf.Model("logistic", context=every_step(), **HARD)
    with clf.watch(StopAt(5, outer)), clf.watch(StopAt(5, inner)), pytest.raises(clf.Cancelled):
        model.fit(X, y)


def test_an_exception_counts_more_than_a_stop():
    def fail(progress):
        if progress.step >= 5:
            raise LookupError("here")

    model = clf.Model("logistic", context=every_step(), **HARD)
    with clf.watch(StopAt(5)), clf.watch(fail), pytest.raises(LookupError):
        model.fit(X, y)
    assert not model.fitted


def test_a_stopped_search_keeps_complete_folds():
    context = every_step(threads=1)
    model = clf.Model("logistic", context=context, **HARD)
    grid = {"C": [0.01, 1.0, 100.0]}

    class AtSearch(StopAt):
        def __call__(self, progress):
            return super().__call__(progress) if progress.stage == "search" else None

    with clf.watch(AtSearch(7)):  # two of five folds of three combinations, and one fit more
        search = clf.grid_search(model, grid, X, y, folds=5, seed=1)
    assert len(search) == 3
    for combination in search:
        variant = clf.Model("logistic", context=context, **{**HARD, **combination.params})
        scores = clf.cross_validate(variant, X, y, folds=5, seed=1)
        assert combination.mean == pytest.approx(scores[:2].mean(), abs=1e-12)
    with clf.watch(AtSearch(2)):
        search = clf.grid_search(model, grid, X, y, folds=5, seed=1)
    assert [np.isnan(combination.mean) for combination in search] == [False, False, True]
    assert search.best in (0, 1)
    with clf.watch(AtSearch(0)), pytest.raises(clf.Cancelled):
        clf.grid_search(model, grid, X, y, folds=5, seed=1)


def test_what_has_nothing_to_keep_is_cancelled():
    context = every_step(threads=1)
    model = clf.Model("logistic", context=context, **HARD)
    with clf.watch(StopAt(0)), pytest.raises(clf.Cancelled):
        clf.cross_validate(model, X, y)


@pytest.mark.parametrize("estimator", [
    MLPClassifier(max_iter=100000, tol=0, n_iter_no_change=100000, random_state=0),
    Perceptron(max_iter=100000, tol=1e-9, n_iter_no_change=100000),
])
def test_estimators_keep_what_they_have(estimator, recwarn):
    reports = itertools.count(1)  # ten a second, so that some epochs are done
    with clf.watch(lambda _: clf.STOP if next(reports) >= 6 else None):
        estimator.fit(np.tile(X, (10, 1)), np.tile(y, 10))
    assert 1 <= estimator.n_iter_ < 100000
    assert estimator.predict(X).shape == y.shape
    assert not recwarn.list  # who stops it knows


def test_a_search_of_estimators_is_stopped():
    reports = itertools.count(1)
    search = GridSearch(LogisticRegression(C=1e6, max_iter=10**6, tol=1e-15),
                        {"C": list(np.logspace(-3, 6, 400))})
    with clf.watch(lambda _: clf.STOP if next(reports) >= 6 else None):
        with pytest.raises(clf.Cancelled):
            search.fit(X, y)


def test_who_stops_a_fit_is_not_warned(recwarn):
    model = clf.Model("logistic", context=every_step(), **HARD)
    with clf.watch(StopAt(5)):
        model.fit(X, y)
    assert model.outcome == "not converged" and not recwarn.list
    model.set_params(max_iterations=5)
    with pytest.warns(clf.ConvergenceWarning):
        model.fit(X, y)
