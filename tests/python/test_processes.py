"""Processes: fork, spawn, joblib, pickles across Python versions, kills and damage."""

import concurrent.futures
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import libclassify as clf

SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))
TIMEOUT = 60 * SLOW


def rows(count=400, columns=8, classes=3, seed=0):
    r = np.random.default_rng(seed)
    centers = r.standard_normal((classes, columns)) * 3
    y = r.integers(0, classes, count)
    return centers[y] + r.standard_normal((count, columns)), y


def fit_and_predict(seed):
    """What a worker does: everything anew. The result is the same in every process."""
    X, y = rows(seed=seed)
    model = clf.Model("logistic").fit(X, y)
    return model.decision_function(X).tobytes(), model.to_bytes()


def use(model):
    X, _ = rows()
    return model.decision_function(X).tobytes(), os.getpid()


def expected(seeds=range(6)):
    return [fit_and_predict(seed) for seed in seeds]


def big():
    """A fit of some seconds that keeps all threads of a context busy."""
    r = np.random.default_rng(0)
    return clf.Dataset(r.standard_normal((8000, 30)), r.integers(0, 2, 8000))


def start(method):
    return multiprocessing.get_context(method)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method):
    before = expected()  # the parent's threads run already
    with start(method).Pool(3) as pool:
        assert pool.map_async(fit_and_predict, range(6)).get(TIMEOUT) == before
        model = clf.Model("svm").fit(*rows())
        found = pool.map_async(use, [model] * 6).get(TIMEOUT)
    assert {data for data, _ in found} == {use(model)[0]}
    assert os.getpid() not in {pid for _, pid in found}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process_pool_executor(method):
    before = expected()
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=start(method)) as pool:
        assert list(pool.map(fit_and_predict, range(6), timeout=TIMEOUT)) == before


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_joblib(backend):
    joblib = pytest.importorskip("joblib")
    before = expected()
    with joblib.parallel_backend(backend, n_jobs=2):
        found = joblib.Parallel()(joblib.delayed(fit_and_predict)(seed) for seed in range(6))
    assert found == before


def in_child(work):
    """Run work() in a forked child; return what it writes to its exit status."""
    child = os.fork()
    if child == 0:
        status = 9
        try:
            status = 0 if work() else 1
        except BaseException as error:
            print("child:", repr(error), file=sys.stderr)
        finally:
            os._exit(status)
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hangs"


@pytest.mark.slow
def test_a_child_uses_what_it_inherits_while_the_parent_is_busy():
    context = clf.Context(threads=2)
    X, y = rows()
    model = clf.Model("svm", context=context).fit(X, y)
    predictor = model.predictor()
    scores = model.decision_function(X)
    data = big()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with clf.watch(lambda report: stop.is_set()):
                try:
                    clf.Model("svm", C=100, tolerance=1e-9).fit(data)
                except clf.Cancelled:
                    pass

    def child():
        ok = np.array_equal(model.decision_function(X), scores)
        ok = ok and predictor(X[0]) == model.predict(X[:1])[0]
        other = clf.Model("logistic", context=context).fit(X, y)
        ok = ok and other.score(X, y) > 0.8
        ok = ok and model.fit(X, y).to_bytes() == before
        return ok and clf.Model("ridge").fit(big()).fitted  # the threads of the shared context

    before = model.to_bytes()
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.3)
        for _ in range(10):
            assert in_child(child) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_child_of_a_fork_in_a_callback():
    """The child is within the parent's call, with the locks that the parent held."""
    X, y = rows()
    found = []

    def report(progress):
        if not found:
            found.append(in_child(lambda: clf.Model("ridge").fit(X, y).score(X, y) > 0.8))
        return True

    with pytest.raises(clf.Cancelled), clf.watch(report):
        clf.Model("svm", C=100, tolerance=1e-9).fit(big())
    assert found == [0]


def test_ctrl_c_works_in_a_child():
    def child():
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            while True:
                clf.Model("svm", C=1000, tolerance=1e-9).fit(data)
        except KeyboardInterrupt:
            return True

    data = big()
    assert in_child(child) == 0


def python(code, *arguments, executable=sys.executable, flags=(), timeout=None, **environment):
    names = {**os.environ, **{k: v for k, v in environment.items() if v is not None}}
    for name in [k for k, v in environment.items() if v is None]:
        names.pop(name, None)
    return subprocess.run([executable, *flags, "-c", code, *map(str, arguments)], text=True,
                          capture_output=True, timeout=timeout or TIMEOUT, env=names)


def has_numpy(executable):
    return os.path.exists(executable) and python("import numpy", executable=executable
                                                 ).returncode == 0


def pythons():
    """Other Pythons with NumPy: those named in CLASSIFY_PYTHONS, and the system's."""
    named = os.environ.get("CLASSIFY_PYTHONS", "").split(os.pathsep) + ["/usr/bin/python3"]
    here = os.path.realpath(sys.executable)
    return [p for p in dict.fromkeys(named) if p and os.path.realpath(p) != here]


WRITE = """
import pickle, sys
import numpy as np, libclassify as clf
r = np.random.default_rng(0)
X = r.standard_normal((60, 5)); y = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
ridge = clf.Model("ridge").add_transform("standardize").fit(X, y)
made = {"ridge": ridge, "svm": clf.Model("svm", kernel="rbf").fit(X, y),
        "unfitted": clf.Model("logistic", C=2.5), "transform": clf.Transform("pca").fit(X),
        "vocabulary": clf.Vocabulary(["good film", "bad film"]), "predictor": ridge.predictor(),
        "optimizer": clf.Optimizer("adam", learning_rate=0.25)}
scores = {"ridge": ridge.decision_function(X), "svm": made["svm"].decision_function(X)}
scores = {name: values.tolist() for name, values in scores.items()}
with open(sys.argv[1], "wb") as file:  # NumPy 2 writes arrays that NumPy 1 cannot read
    pickle.dump((X.tolist(), scores, made), file, protocol=4)
"""

READ = """
import pickle, sys
import numpy as np, libclassify as clf
with open(sys.argv[1], "rb") as file:
    X, scores, made = pickle.load(file)
X = np.array(X)
for name, values in scores.items():
    assert np.array_equal(made[name].decision_function(X), values), name
assert made["ridge"].predict(X)[0] in ("no", "yes") and list(made["ridge"].classes) == ["no", "yes"]
assert made["predictor"](X[0]) == made["ridge"].predict(X[:1])[0]
assert not made["unfitted"].fitted and made["unfitted"].params["C"] == 2.5
assert made["optimizer"].params["learning_rate"] == 0.25
assert {"bad", "film", "good"} <= set(made["vocabulary"].words)
assert made["transform"].transform(X).shape == (60, 5)
print("read", np.__version__)
"""


@pytest.mark.slow
@pytest.mark.parametrize("other", pythons() or [None])
def test_pickles_of_other_pythons(other, tmp_path):
    if other is None or not has_numpy(other):
        pytest.skip("no other Python with NumPy")
    (tmp_path / "libclassify").symlink_to(os.path.dirname(clf.__file__))  # one package for both
    package = {"PYTHONPATH": str(tmp_path)}
    for writer, reader in ((sys.executable, other), (other, sys.executable)):
        path = tmp_path / "made.pickle"
        written = python(WRITE, path, executable=writer, **package)
        assert written.returncode == 0, written.stderr
        found = python(READ, path, executable=reader, **package)
        assert found.returncode == 0 and found.stdout.startswith("read"), found.stderr


def test_damaged_pickles_are_refused_or_read():
    """Each byte of the model within a pickle changed: a clear error, or the model; no crash."""
    X, y = rows(40)
    model = clf.Model("ridge").fit(X, y)
    data = pickle.dumps(model)
    start = data.index(model.to_bytes()[:16])
    length = len(model.to_bytes())
    r = np.random.default_rng(0)
    refused = 0
    for place in sorted(r.integers(0, length, 200)):
        damaged = bytearray(data)
        damaged[start + place] ^= 1 << int(r.integers(8))
        with pytest.raises((clf.CorruptError, clf.VersionError, clf.FormatError)) as caught:
            pickle.loads(bytes(damaged))
        refused += len(str(caught.value)) > 10
    assert refused == 200
    for cut in (0, 1, length // 2, length - 1):
        with pytest.raises(clf.Error):
            clf.Model.load(model.to_bytes()[:cut])


SAVE_FOREVER = """
import sys, numpy as np, libclassify as clf
r = np.random.default_rng(0)
model = clf.Model("svm").fit(r.standard_normal((3000, 100)), r.integers(0, 2, 3000))
model.save(sys.argv[1])
print("saved", flush=True)
while True:
    model.save(sys.argv[1])
"""


@pytest.mark.slow
def test_a_kill_while_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "model.clf"
    for pause in (0.01, 0.03, 0.08, 0.15):
        process = subprocess.Popen([sys.executable, "-c", SAVE_FOREVER, str(path)],
                                   stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "saved\n"
        time.sleep(pause)
        process.kill()
        process.wait()
        process.stdout.close()
        assert clf.Model.load(path).n_features == 100


def test_paths_of_all_kinds(tmp_path):
    model = clf.Model("ridge").fit(*rows(50))
    names = ["ä ö ü.clf", "日本語.clf", "with space.clf", "a" * 200 + ".clf", "\udcff-no-utf8.clf"]
    for name in names:
        path = tmp_path / name
        for form in (path, str(path), os.fsencode(path)):
            try:
                model.save(form)
            except clf.TypeMismatch as error:
                assert isinstance(form, bytes) and "path" in str(error)
                continue
            loaded = clf.Model.load(path)
            assert loaded.to_bytes() == model.to_bytes()
            os.remove(path)


def test_places_that_cannot_be_written(tmp_path):
    model = clf.Model("ridge").fit(*rows(50))
    with pytest.raises(OSError, match="no/such") as caught:
        model.save(tmp_path / "no/such/folder.clf")
    assert isinstance(caught.value, clf.Error)
    with pytest.raises(OSError):
        model.save(tmp_path)
    with pytest.raises(OSError, match="missing"):
        clf.Model.load(tmp_path / "missing.clf")
    if os.path.exists("/dev/full"):
        with pytest.raises(OSError):
            model.save("/dev/full/x")
    if os.geteuid() != 0:
        os.chmod(tmp_path, 0o500)
        with pytest.raises(OSError):
            model.save(tmp_path / "model.clf")
        os.chmod(tmp_path, 0o700)
    with pytest.raises(TypeError, match="path"):
        model.save(3)


def test_a_full_disk_is_an_error_and_the_old_file_stays(tmp_path):
    """A limit on the size of files stands for a full disk."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "model.clf"
    X, y = rows(50)
    clf.Model("ridge").fit(X, y).save(path)
    before = path.read_bytes()
    r = np.random.default_rng(0)
    large = clf.Model("svm").fit(r.standard_normal((500, 50)), r.integers(0, 2, 500))

    def child():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            large.save(path)
        except OSError as error:
            return "model.clf" in str(error)

    assert in_child(child) == 0
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.clf"]


USE = """
import numpy as np, libclassify as clf
r = np.random.default_rng(0)
X = r.standard_normal((60, 5)); y = (X[:, 0] > 0).astype(int)
model = clf.Model("ridge").add_transform("standardize").fit(X, y)
assert model.score(X, y) > 0.9
assert model.predictor()(X[0]) == model.predict(X[:1])[0]
try:
    clf.Model("ridge", alpha=-1)
except clf.ArgumentError as error:
    assert "-1" in str(error), error
assert clf.Model.load(model.to_bytes()).score(X, y) == model.score(X, y)
with clf.watch(verbose=1, time_limit=100):
    clf.Model("svm", C=1.5).fit(X, y)
"""


@pytest.mark.parametrize("flags, environment", [
    (("-W", "error"), {}),
    (("-W", "error", "-X", "dev"), {}),
    (("-OO",), {}),
    (("-bb",), {}),
    (("-s", "-B"), {"HOME": None}),
    (("-s",), {"HOME": "/no/such/folder", "PYTHONHASHSEED": "7"}),
    ((), {"PYTHONHASHSEED": "0", "LC_ALL": "de_DE.UTF-8"}),
    ((), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
], ids=["errors", "dev", "OO", "bb", "no-home", "bad-home", "german", "C"])
def test_any_interpreter(flags, environment):
    found = python("import sys; sys.argv\n" + USE, flags=flags, **environment)
    assert found.returncode == 0 and found.stderr == "", found.stderr


def test_a_locale_with_decimal_commas():
    code = """
import locale, sys
for name in ("de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"):
    try:
        locale.setlocale(locale.LC_ALL, name)
        break
    except locale.Error:
        pass
else:
    sys.exit(77)
""" + USE
    found = python(code)
    if found.returncode == 77:
        pytest.skip("no locale with decimal commas is installed")
    assert found.returncode == 0, found.stderr


def test_a_missing_library_is_named(tmp_path):
    found = python("import libclassify", CLASSIFY_LIBRARY=tmp_path / "missing.so")
    assert found.returncode == 1
    assert "ImportError" in found.stderr and "missing.so" in found.stderr
    (tmp_path / "text.so").write_text("no library")
    found = python("import libclassify", CLASSIFY_LIBRARY=tmp_path / "text.so")
    assert "ImportError" in found.stderr and "text.so" in found.stderr


def test_two_copies_of_the_library_in_one_process(tmp_path):
    """Each has its own state; what belongs to one is not given to the other."""
    import ctypes
    import shutil

    from libclassify import _library

    copy = tmp_path / "libother.so"
    shutil.copy(os.path.realpath(_library.path()), copy)
    other = ctypes.CDLL(str(copy))
    other.clf_version.restype = ctypes.c_char_p
    context = ctypes.c_void_p()
    assert other.clf_context_create(ctypes.byref(context), None, b"threads=2") == 0
    X, y = rows()
    assert clf.Model("svm").fit(X, y).score(X, y) > 0.8
    other.clf_context_free(context)
    assert clf.Model("svm").fit(X, y).score(X, y) > 0.8
