"""Estimators in processes and threads: n_jobs, joblib, pickles, Ctrl-C, any interpreter."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import libclassify.sklearn as ours
from libclassify import errors
from libclassify.sklearn._compat import ClassifierMixin

pytestmark = pytest.mark.slow  # many; .ci/run has them all

SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))
TIMEOUT = 120 * SLOW


def rows(count=120, columns=5, seed=0):
    r = np.random.default_rng(seed)
    X = r.standard_normal((count, columns))
    return X, np.array(["no", "yes", "if"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 1)]


X, y = rows()
TEXTS = ["a good film", "a bad film", "good and bad", "no film at all"] * 30
SLOW_TO_FIT = {"MLPClassifier": {"max_iter": 3}, "MLPRegressor": {"max_iter": 3}}


def estimators():
    """Each estimator that is fitted without arguments."""
    for name in ours.__all__:
        kind = getattr(ours, name)
        if isinstance(kind, type) and hasattr(kind, "fit"):
            try:
                kind()
            except TypeError:
                continue
            yield name


def fitted(name):
    kind = getattr(ours, name)
    model = kind(**SLOW_TO_FIT.get(name, {}))
    if "Vectorizer" in name:
        return model.fit(TEXTS), TEXTS
    if name == "FeatureHasher":
        records = [{f"word{i % 7}": 1.0, "length": float(i)} for i in range(40)]
        return kind(n_features=64).fit(records), records
    if name == "HOG":
        images = np.random.default_rng(0).random((10, 24, 24))
        return model.fit(images.reshape(10, -1) if "shape" in model.get_params() else images), images
    if not hasattr(model, "predict"):
        return model.fit(X), X
    return model.fit(X, y if isinstance(model, ClassifierMixin) else X[:, 0]), X


def results(model, data):
    for method in ("decision_function", "predict", "transform"):
        if hasattr(model, method):
            found = getattr(model, method)(data)
            return found.toarray() if hasattr(found, "toarray") else np.asarray(found)
    return None


@pytest.fixture(scope="module", params=list(estimators()))
def case(request):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return (request.param, *fitted(request.param))
        except (errors.Error, TypeError, ValueError) as error:
            pytest.skip(f"needs more than rows: {error}")


def test_copies_and_pickles_decide_the_same(case):
    name, model, data = case
    expected = results(model, data)
    for other in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model)),
                  pickle.loads(pickle.dumps(model, 2))):
        assert np.array_equal(results(other, data), expected)
        for attribute, value in vars(model).items():
            assert type(vars(other)[attribute]) is type(value), attribute
            if isinstance(value, np.ndarray):
                assert np.array_equal(vars(other)[attribute], value)
                assert vars(other)[attribute].dtype == value.dtype


def test_pickles_hold_no_module_of_one_numpy(case):
    """`numpy._core` is NumPy 2's name, `numpy.core` NumPy 1's."""
    _, model, _ = case
    data = pickle.dumps(model)
    assert b"numpy._core" not in data and b"numpy.core" not in data


def test_a_damaged_pickle_is_an_error(case):
    """Bytes within the library's file: its sums find each change."""
    name, model, data = case
    held = getattr(model, "model_", None) or getattr(model, "transform_", None)
    if held is None:
        pytest.skip("holds no object of the library")
    inner = held.to_bytes()
    outer = pickle.dumps(model)
    start = outer.index(inner)
    for place in np.random.default_rng(0).integers(0, len(inner), 20):
        damaged = bytearray(outer)
        damaged[start + place] ^= 64
        with pytest.raises((errors.CorruptError, errors.VersionError, errors.FormatError)):
            pickle.loads(bytes(damaged))


def test_n_jobs_changes_no_bit():
    for kind in (ours.LogisticRegression, ours.LinearDiscriminantAnalysis):
        if "n_jobs" not in kind().get_params():
            continue
        expected = kind(n_jobs=1).fit(X, y).decision_function(X)
        for n_jobs in (None, 2, 3, -1, -2):
            assert np.array_equal(kind(n_jobs=n_jobs).fit(X, y).decision_function(X), expected)
        with pytest.raises(ValueError):
            kind(n_jobs=0).fit(X, y)


def threads_of_a_fit(n_jobs):
    model = ours.LogisticRegression(n_jobs=n_jobs).fit(X, y)
    return model.model_.context.threads


def test_workers_use_one_thread_unless_told_otherwise():
    import multiprocessing

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert threads_of_a_fit(None) == cores and threads_of_a_fit(3) == 3
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(threads_of_a_fit, [None, 2, None]).get(TIMEOUT) == [1, 2, 1]
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_backend("loky", n_jobs=2):
        found = joblib.Parallel()(joblib.delayed(threads_of_a_fit)(n) for n in (None, 2))
    assert found == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_search_on_joblib(backend):
    joblib = pytest.importorskip("joblib")
    selection = pytest.importorskip("sklearn.model_selection")
    grid = {"alpha": [0.1, 1.0, 10.0]}
    alone = selection.GridSearchCV(ours.RidgeClassifier(), grid, cv=3).fit(X, y)
    with joblib.parallel_backend(backend, n_jobs=2):
        found = selection.GridSearchCV(ours.RidgeClassifier(), grid, cv=3, n_jobs=2).fit(X, y)
    assert np.array_equal(found.cv_results_["mean_test_score"],
                          alone.cv_results_["mean_test_score"])
    assert found.best_params_ == alone.best_params_


def test_joblib_dump(tmp_path, case):
    joblib = pytest.importorskip("joblib")
    name, model, data = case
    joblib.dump(model, tmp_path / "model.joblib")
    assert np.array_equal(results(joblib.load(tmp_path / "model.joblib"), data),
                          results(model, data))


def test_threads_use_one_estimator(case):
    name, model, data = case
    expected, wrong = results(model, data), []

    def work():
        for _ in range(5):
            if not np.array_equal(results(model, data), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def long_fit():
    r = np.random.default_rng(0)
    return (ours.Perceptron(max_iter=1000000, tol=None),
            r.standard_normal((20000, 100)), r.integers(0, 5, 20000))


def check_interrupted(call):
    sent = []

    def send():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, send)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        timer.cancel()
    assert time.monotonic() - sent[0] < 1.0 * SLOW


def test_ctrl_c_ends_fits_and_leaves_estimators_as_they_were():
    model, A, b = long_fit()
    model.max_iter = 3
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(A[:500], b[:500])
    before = model.coef_.copy()
    model.max_iter = 1000000
    check_interrupted(lambda: model.fit(A, b))
    assert np.array_equal(model.coef_, before)


def test_ctrl_c_ends_pipelines_and_searches():
    selection = pytest.importorskip("sklearn.model_selection")
    pipeline = pytest.importorskip("sklearn.pipeline")
    model, A, b = long_fit()
    check_interrupted(lambda: pipeline.make_pipeline(ours.StandardScaler(), model).fit(A, b))
    check_interrupted(lambda: selection.cross_val_score(model, A, b, error_score="raise"))


def python(code, *flags, executable=sys.executable, **environment):
    return subprocess.run([executable, *flags, "-c", code], text=True, capture_output=True,
                          timeout=TIMEOUT, env={**os.environ, **environment})


PROGRAM = """
import warnings
import numpy as np
from libclassify.sklearn import LogisticRegression, PCA, RidgeClassifier, StandardScaler
r = np.random.default_rng(0)
X = r.standard_normal((100, 5)); y = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
for kind in (LogisticRegression, RidgeClassifier):
    assert kind().fit(X, y).score(X, y) > 0.8
    assert list(kind().fit(X, y).classes_) == ["no", "yes"]
assert PCA(n_components=2).fit_transform(StandardScaler().fit_transform(X)).shape == (100, 2)
assert "LogisticRegression" in repr(LogisticRegression())
"""
HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sklearn", "scipy", "pandas", "joblib"):
            raise ImportError(name)
sys.meta_path.insert(0, Hide())
"""


@pytest.mark.slow
@pytest.mark.parametrize("flags, code", [
    (("-OO",), PROGRAM), (("-W", "error"), HIDE + PROGRAM), (("-OO",), HIDE + PROGRAM),
    (("-X", "dev"), PROGRAM), (("-bb",), PROGRAM),
], ids=["OO", "alone", "alone-OO", "dev", "bb"])
def test_any_interpreter(flags, code):
    found = python(code, *flags)
    assert found.returncode == 0, found.stderr
    assert found.stdout == ""


def test_a_package_in_a_zip_says_what_is_wrong_or_works(tmp_path):
    """Python imports from zip files; a C library cannot be loaded out of one."""
    import zipfile

    import libclassify
    from libclassify import _library

    package = os.path.dirname(libclassify.__file__)
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for folder, _, names in os.walk(package, followlinks=True):
            for name in names:
                if name.endswith(".py"):
                    file = os.path.join(folder, name)
                    inside = os.path.join("libclassify", os.path.relpath(file, package))
                    archive.write(os.path.realpath(file), inside)
    found = python("import libclassify; print(libclassify.__file__)", PYTHONPATH=str(path),
                   CLASSIFY_LIBRARY=_library.path())
    assert found.returncode == 0 and "package.zip" in found.stdout, found.stderr
    found = python("import libclassify", PYTHONPATH=str(path), CLASSIFY_LIBRARY="",
                   LD_LIBRARY_PATH="")
    if found.returncode != 0:
        assert "ImportError" in found.stderr and "CLASSIFY_LIBRARY" in found.stderr
