"""Threads: many on one model, fits side by side, gates between readers and writers."""

import asyncio
import gc
import os
import sys
import threading
import time

import numpy as np
import pytest

import libclassify as clf

SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))


def rows(count=300, columns=8, classes=3, seed=0):
    r = np.random.default_rng(seed)
    centers = r.standard_normal((classes, columns)) * 3
    y = r.integers(0, classes, count)
    return centers[y] + r.standard_normal((count, columns)), y


def in_threads(count, work):
    """Run work(i) in threads that start together; raise what one of them raised."""
    errors, barrier = [], threading.Barrier(count)

    def run(i):
        try:
            barrier.wait()
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120 * SLOW)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]


@pytest.fixture(autouse=True)
def switch_often():
    """Threads change at nearly every bytecode where they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("kind", ["ridge", "logistic", "svm"])
def test_64_threads_predict_with_one_model(kind):
    X, y = rows()
    model = clf.Model(kind).fit(X, y)
    scores, labels = model.decision_function(X), model.predict(X)

    def work(i):
        for _ in range(5):
            part = X[i % 4:]
            assert np.array_equal(model.decision_function(X), scores)
            assert np.array_equal(model.predict(part), labels[i % 4:])
            assert model.n_classes == 3 and len(model.tensors) > 0

    in_threads(64, work)


def test_fits_of_separate_models_on_one_context():
    X, y = rows()
    context = clf.Context(threads=2)
    expected = [clf.Model("logistic", C=1 + i).fit(X, y).to_bytes() for i in range(16)]

    def work(i):
        for _ in range(3):
            model = clf.Model("logistic", C=1 + i, context=context).fit(X, y)
            assert model.to_bytes() == expected[i]

    in_threads(16, work)


def test_one_model_is_fitted_and_asked_at_once():
    """Every answer is that of one of the two fits, never a mixture."""
    X, y = rows()
    Z, z = rows(seed=1)
    model = clf.Model("ridge").fit(X, y)
    allowed = {model.decision_function(X).tobytes()}
    allowed.add(clf.Model("ridge").fit(Z, z).decision_function(X).tobytes())

    def work(i):
        for step in range(30):
            if i < 2:
                model.fit(*((X, y) if (step + i) % 2 else (Z, z)))
            else:
                assert model.decision_function(X).tobytes() in allowed

    in_threads(10, work)


def test_a_model_closed_by_another_thread_is_an_error_and_no_crash():
    X, y = rows()
    for _ in range(20):
        model = clf.Model("ridge").fit(X, y)

        def work(i):
            try:
                for _ in range(10):
                    model.predict(X)
                if i == 0:
                    model.close()
            except clf.ArgumentError as error:
                assert "closed" in str(error)

        in_threads(6, work)


def test_messages_belong_to_their_threads():
    def work(i):
        for _ in range(100):
            with pytest.raises(clf.ArgumentError, match=f"={i + 2}|is {i + 2}|'?nothing{i}'?"):
                clf.Model("ridge", **{f"nothing{i}": 1})

    in_threads(16, work)


def test_objects_end_in_any_thread():
    X, y = rows()
    made = [clf.Model("ridge").fit(X, y) for _ in range(64)]

    def work(i):
        made[i] = None
        if i % 16 == 0:
            gc.collect()

    in_threads(64, work)


def test_logs_of_threads_reach_their_context():
    X, y = rows()

    def work(i):
        lines = []
        context = clf.Context(log=lambda level, line: lines.append(line))
        for _ in range(5):
            clf.Model("logistic", context=context).fit(X, y)
        assert len(lines) >= 5 and all(isinstance(line, str) for line in lines)

    in_threads(16, work)


def test_each_thread_sees_its_own_progress():
    r = np.random.default_rng(0)
    data = clf.Dataset(r.standard_normal((6000, 30)), r.integers(0, 2, 6000))

    def work(i):
        threads = set()

        def report(progress):
            threads.add(threading.get_ident())
            return len(threads) == 1 and progress.seconds > 0.2

        with pytest.raises(clf.Cancelled), clf.watch(report):
            clf.Model("svm", C=1000, tolerance=1e-9).fit(data)
        assert threads == {threading.get_ident()}

    in_threads(4, work)


def test_an_error_in_one_thread_does_not_reach_another():
    r = np.random.default_rng(0)
    data = clf.Dataset(r.standard_normal((3000, 30)), r.integers(0, 2, 3000))

    def work(i):
        def report(progress):
            raise ValueError(i)

        with pytest.raises(ValueError) as caught, clf.watch(report):
            clf.Model("svm", C=1000, tolerance=1e-9, kernel="rbf").fit(data)
        assert caught.value.args == (i,)

    in_threads(6, work)


def test_asyncio_runs_calls_in_threads():
    X, y = rows()
    expected = [clf.Model("logistic", C=i + 1).fit(X, y).to_bytes() for i in range(8)]

    async def main():
        fits = [asyncio.to_thread(clf.Model("logistic", C=i + 1).fit, X, y) for i in range(8)]
        return [model.to_bytes() for model in await asyncio.gather(*fits)]

    assert asyncio.run(main()) == expected


def test_the_loop_of_asyncio_runs_while_a_thread_fits():
    """The call releases the GIL, and takes it for microseconds ten times a second."""
    r = np.random.default_rng(0)
    data = clf.Dataset(r.standard_normal((20000, 40)), r.integers(0, 2, 20000))

    async def main():
        ticks = 0
        with clf.watch(time_limit=1):
            fit = asyncio.create_task(asyncio.to_thread(
                clf.Model("svm", C=1000, tolerance=1e-9).fit, data))
            while not fit.done():
                await asyncio.sleep(0.01)
                ticks += 1
        with pytest.raises(clf.TimeLimitReached):
            fit.result()
        return ticks

    assert asyncio.run(main()) > 20 / SLOW


def test_a_callback_that_uses_its_own_model_is_refused_at_once():
    """It would wait for itself."""
    r = np.random.default_rng(0)
    data = clf.Dataset(r.standard_normal((6000, 30)), r.integers(0, 2, 6000))
    model = clf.Model("svm", C=1000, tolerance=1e-9)
    began = time.monotonic()
    with pytest.raises(clf.ArgumentError, match="callback"):
        with clf.watch(lambda report: model.predict(np.zeros((1, 30)))):
            model.fit(data)
    assert time.monotonic() - began < 5 * SLOW


@pytest.mark.skipif(not hasattr(sys, "_is_gil_enabled"), reason="needs Python 3.13")
def test_the_package_keeps_the_gil_off():
    """In a free-threaded build, the import of an extension without support would switch it on."""
    import sysconfig

    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("needs a free-threaded build")
    assert not sys._is_gil_enabled()
