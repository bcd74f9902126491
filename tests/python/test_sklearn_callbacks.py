"""scikit-learn's callbacks follow our fits as they follow its own."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn.callback")

from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from libclassify import errors
from libclassify.sklearn import (
    KernelFisherDiscriminant,
    LogisticRegression,
    Ridge,
    StandardScaler,
)

X, y = load_digits(return_X_y=True)


class Recorder:
    """Writes down what it is told."""

    max_propagation_depth = None  # it is propagated to the steps of pipelines and searches

    def __init__(self, stop=float("inf")):
        self.told = []
        self.stop = stop  # after so many steps it asks to end the fit

    def setup(self, estimator, context):
        self.told.append(("setup", context.task_name, None))

    def teardown(self, estimator, context):
        self.told.append(("teardown", context.task_name, None))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.told.append(("begin", context.task_name, metadata))
        self.has_data = X is not None and y is not None

    def on_fit_task_end(self, estimator, context, *, metadata=None, fitted_estimator=None):
        self.told.append(("end", context.task_name, metadata))
        self.fitted = fitted_estimator
        ended = sum(word == "end" for word, _, _ in self.told)
        return context.parent is not None and ended >= self.stop


def test_a_fit_and_its_steps_are_told():
    recorder = Recorder()
    model = LogisticRegression(max_iter=30).set_callbacks(recorder)
    with pytest.warns(Warning):
        assert model.fit(X, y) is model
    words = [word for word, _, _ in recorder.told]
    assert words[:2] == ["setup", "begin"] and words[-2:] == ["end", "teardown"]
    inner = [told for told in recorder.told[2:-2] if told[1] == "logistic"]
    begun = [metadata for word, _, metadata in inner if word == "begin"]
    assert [word for word, _, _ in inner] == ["begin", "end"] * len(begun)
    assert len(begun) >= 30  # every step, however fast
    losses = [metadata["loss"] for metadata in begun]
    assert losses[-1] < losses[0]
    assert recorder.fitted.score(X, y) > 0.9


def test_results_are_the_same_with_callbacks():
    plain = Ridge().fit(X, y)
    told = Ridge().set_callbacks(Recorder()).fit(X, y)
    assert np.array_equal(plain.coef_, told.coef_)


def test_sample_weight_is_told():
    recorder = Recorder()
    weights = np.ones(len(y))
    Ridge().set_callbacks(recorder).fit(X, y, sample_weight=weights)
    assert recorder.told[1][2]["sample_weight"] is weights


def test_a_monitor_scores_the_fit():
    monitor = ScoringMonitor(scoring="accuracy")
    model = LogisticRegression(C=0.01).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs()
    assert log.estimator_name == "LogisticRegression"
    scores = [row["accuracy"] for row in log.data if "accuracy" in row]
    assert scores == [pytest.approx(model.score(X, y))]


def test_a_progress_bar_is_drawn(capsys):
    pytest.importorskip("rich")
    LogisticRegression(C=0.01).set_callbacks(ProgressBar()).fit(X, y)
    assert "LogisticRegression" in capsys.readouterr().out


def test_pipelines_and_searches_propagate_them():
    recorder = Recorder()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    pipeline.set_callbacks(recorder).fit(X, y)
    names = [name for _, name, _ in recorder.told]
    assert "logistic" in names
    recorder = Recorder()
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2)
    search.set_callbacks(recorder).fit(X, y)
    assert sum(word == "setup" for word, _, _ in recorder.told) == 1


def test_an_exception_of_a_callback_comes_out_and_all_is_torn_down():
    class Broken(Recorder):
        def on_fit_task_begin(self, estimator, context, **told):
            if context.parent is not None:
                raise LookupError(context.task_name)

    broken = Broken()
    model = LogisticRegression(C=0.01).set_callbacks(broken)
    with pytest.raises(LookupError):
        model.fit(X, y)
    assert broken.told[-1][0] == "teardown"
    assert not hasattr(model, "coef_")
    model.set_callbacks().fit(X, y)


def test_an_early_end_keeps_what_the_solver_has_found():
    recorder = Recorder(stop=6)
    model = LogisticRegression(C=0.01).set_callbacks(recorder).fit(X, y)
    assert 1 <= model.n_iter_[0] <= 6
    assert 0.5 < model.score(X, y) < LogisticRegression(C=0.01).fit(X, y).score(X, y)
    assert recorder.told[-1][0] == "teardown"


def test_an_early_end_is_refused_where_there_is_nothing_to_keep():
    with pytest.raises(errors.Unsupported, match="early, when it has nothing to keep"):
        KernelFisherDiscriminant(kernel="rbf").set_callbacks(Recorder(stop=1)).fit(X, y)


def test_clones_and_pickles_keep_callbacks():
    recorder = Recorder()
    model = Ridge().set_callbacks(recorder)
    assert clone(model)._skl_callbacks == [recorder]
    pickle.loads(pickle.dumps(model.fit(X, y))).predict(X)
