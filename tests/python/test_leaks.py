"""Nothing is leaked: memory of contexts and of the process, references, by 1,000 calls of a kind."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import libclassify as clf
from libclassify._handle import Handle

pytestmark = pytest.mark.slow

TIMES = 1000
GROWTH = 1 << 20  # bytes of the process that 1,000 calls may keep: caches of Python, fragments


def rss():
    """Bytes of memory of the process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


def check_nothing_is_left(call, context):
    """What leaks grows each time, the arenas of threads that end late only at first."""
    for _ in range(50):
        call()
    gc.collect()
    held, grown = context.memory, []
    while len(grown) < 3 and min(grown, default=GROWTH) >= GROWTH:
        before = rss()
        for _ in range(TIMES):
            call()
        gc.collect()
        grown.append(rss() - before)
    assert context.memory == held
    assert min(grown) < GROWTH, grown


def rows(count=200, columns=6, classes=3, seed=0):
    r = np.random.default_rng(seed)
    centers = r.standard_normal((classes, columns)) * 3
    y = r.integers(0, classes, count)
    return centers[y] + r.standard_normal((count, columns)), y


X, y = rows()
NAMES = np.array(["a", "b", "c"])[y]


class Stop(Exception):
    pass


def fails(kind, call):
    with pytest.raises(kind):
        call()


def failing(context):
    """Calls that fail, each in a place of its own."""
    model = clf.Model("ridge", context=context)
    fitted = clf.Model("svm", context=context).fit(X, y)
    bad = X.copy()
    bad[5, 2] = np.nan
    data = fitted.to_bytes()
    predictor = fitted.predictor()
    return {
        "unknown kind": lambda: fails(ValueError, lambda: clf.Model("no", context=context)),
        "unknown parameter": lambda: fails(
            ValueError, lambda: clf.Model("svm", D=1, context=context)),
        "nan": lambda: fails(clf.DataError, lambda: model.fit(bad, y)),
        "one class": lambda: fails(clf.Error, lambda: model.fit(X, y * 0)),
        "labels": lambda: fails(clf.Error, lambda: model.fit(X, y[:5])),
        "names": lambda: fails(clf.Error, lambda: model.fit(X, NAMES[:5])),
        "weights": lambda: fails(clf.Error, lambda: model.fit(X, y, sample_weight=-y)),
        "shape": lambda: fails(clf.ShapeError, lambda: fitted.predict(X[:, :3])),
        "not fitted": lambda: fails(clf.NotFitted, lambda: model.predict(X)),
        "cut file": lambda: fails(
            clf.Error, lambda: clf.Model.load(data[:len(data) // 2], context=context)),
        "missing file": lambda: fails(
            OSError, lambda: clf.Dataset.load("csv", "/no/such/file", context=context)),
        "predictor": lambda: fails(clf.Error, lambda: predictor([1.0, 2.0])),
        "predictor nan": lambda: fails(clf.DataError, lambda: predictor(bad[5])),
        "tensor": lambda: fails(KeyError, lambda: fitted.tensors["nothing"]),
        "grid": lambda: fails(
            clf.Error, lambda: clf.grid_search(model, {"nothing": [1]}, X, y)),
    }


@needs_proc
@pytest.mark.parametrize("name", sorted(failing(None)))
def test_failing_calls_leave_nothing(name):
    context = clf.Context(threads=1)
    call = failing(context)[name]
    check_nothing_is_left(call, context)


def working(context):
    model = clf.Model("logistic", context=context).fit(X, y)
    data = model.to_bytes()

    def in_thread():
        thread = threading.Thread(target=model.predict, args=(X,))
        thread.start()
        thread.join()

    def cancelled():
        with pytest.raises(Stop), clf.watch(stop):
            slow.fit(X, NAMES)

    def stop(report):
        raise Stop

    slow = clf.Model("network", layers="dense units=3", epochs=1000,
                     context=clf.Context(threads=1, progress_interval=0))
    return {
        "fit": lambda: clf.Model("ridge", context=context).fit(X, NAMES),
        "refit": lambda: model.fit(X, y),
        "fit network": lambda: clf.Model("network", layers="dense units=3", epochs=1,
                                         context=context).fit(X, y),
        "predict": lambda: model.predict(X),
        "probabilities": lambda: model.predict_proba(X),
        "predictor": lambda: model.predictor()(X[0]),
        "load": lambda: clf.Model.load(data, context=context),
        "tensors": lambda: [model.tensors[name].sum() for name in model.tensors],
        "dataset": lambda: clf.Dataset(X, NAMES, sample_weight=y + 1.0, context=context),
        "vocabulary": lambda: clf.Vocabulary(["a b", "b c"], context=context).encode(["a", "c"]),
        "transform": lambda: clf.Transform("standardize", context=context).fit(X).transform(X),
        "context": lambda: clf.Model("ridge", context=clf.Context(threads=1)).fit(X, y),
        "context with log": lambda: clf.Model("ridge", context=clf.Context(
            threads=1, log=lambda level, line: None, progress=lambda report: None)).fit(X, y),
        "thread": in_thread,
        "cancelled": cancelled,
        "str": lambda: (str(model), repr(model), model.params),
    }


@needs_proc
@pytest.mark.parametrize("name", sorted(working(None)))
def test_working_calls_leave_nothing(name):
    context = clf.Context(threads=1)
    call = working(context)[name]
    check_nothing_is_left(call, context)


@pytest.mark.parametrize("name", sorted(working(None)))
def test_no_call_leaves_a_reference_cycle(name):
    """What its last reference does not free waits for the collector, with all its memory.

    ctypes leaves a type for each length of an array, which is nothing but a type.
    """
    call = working(clf.Context(threads=1))[name]
    call()
    gc.collect()
    gc.disable()
    try:
        gc.set_debug(gc.DEBUG_SAVEALL)
        call()
        gc.collect()
        kept = [o for o in gc.garbage if isinstance(o, (np.ndarray, Handle, BaseException))]
        assert not kept
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_arrays_live_as_long_as_what_borrows_them():
    array = np.ascontiguousarray(X, np.float64)
    count = sys.getrefcount(array)
    data = clf.Dataset(array, y)
    assert sys.getrefcount(array) > count
    model = clf.Model("ridge").fit(data)
    del data
    gc.collect()
    assert sys.getrefcount(array) == count
    assert model.score(array, y) > 0.5
    assert sys.getrefcount(array) == count


def test_tensors_keep_their_model():
    model = clf.Model("ridge").fit(X, y)
    weights = model.tensors["weights"]
    kept = weights.copy()
    model.close()
    del model
    gc.collect()
    clf.Model("ridge").fit(X * 2, y)
    assert np.array_equal(weights, kept)
    assert not weights.flags.writeable


def test_contexts_end_with_their_last_object():
    context = clf.Context(threads=1)
    alive = weakref.ref(context)
    model = clf.Model("ridge", context=context).fit(X, y)
    del context
    gc.collect()
    assert alive() is not None and model.context is alive()
    del model
    gc.collect()
    assert alive() is None


def test_errors_keep_no_data():
    """A traceback that is kept must not keep a model's arrays by the frames of the library."""
    array = np.ascontiguousarray(X, np.float64)
    count = sys.getrefcount(array)

    def stop(report):
        raise Stop

    for _ in range(3):
        try:
            with clf.watch(stop):
                clf.Model("network", layers="dense units=3", epochs=1000,
                          context=clf.Context(threads=1, progress_interval=0)).fit(array, y)
        except Stop:
            pass
    assert sys.getrefcount(array) == count
