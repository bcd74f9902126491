"""Long calls end by Ctrl-C, by what callbacks raise, and by a time limit; nothing is lost."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import libclassify as clf

pytestmark = pytest.mark.slow  # many; .ci/run has them all

SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))  # of a loaded machine
WITHIN = 1.0 * SLOW


def numbers(rows, columns, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns))


def two_classes(rows, seed=1):
    return np.random.default_rng(seed).integers(0, 2, rows)


def long_model(context=None):
    """A model whose fit takes minutes."""
    return clf.Model("svm", kernel="rbf", C=1000, tolerance=1e-9, max_iterations=10**9,
                     context=context)


@pytest.fixture(scope="module")
def train():
    return clf.Dataset(numbers(20000, 40), two_classes(20000))


@pytest.fixture(scope="module")
def wide():
    """A model with all rows as support vectors, and rows for minutes of predictions."""
    model = clf.Model("svm", kernel="rbf", gamma=1.0).fit(numbers(3000, 40), two_classes(3000))
    return model, np.zeros((4_000_000, 40), np.uint8)


class Interrupt:
    """Sends a signal to this process a while after the block was entered."""

    def __init__(self, after=0.3, number=signal.SIGINT):
        self.after, self.number, self.sent = after, number, None

    def __enter__(self):
        self.timer = threading.Timer(self.after, self.send)
        self.timer.daemon = True
        self.timer.start()
        return self

    def send(self):
        self.sent = time.monotonic()
        os.kill(os.getpid(), self.number)

    def __exit__(self, *_):
        self.late = time.monotonic() - self.sent if self.sent is not None else None
        self.timer.cancel()


def check_interrupted(call, after=0.3):
    interrupt = Interrupt(after)
    with pytest.raises(KeyboardInterrupt):
        with interrupt:
            call()
    assert interrupt.sent is not None
    assert interrupt.late < WITHIN


@pytest.mark.slow
def test_a_fit_is_interrupted_and_the_model_stays_as_it_was(train):
    model = long_model()
    small = numbers(200, 40)
    model.fit(small, (small[:, 0] > 0).astype(int))
    before = model.to_bytes()
    for after in np.linspace(0.05, 0.45, 9):  # before, between and at the questions of the library
        check_interrupted(lambda: model.fit(train), after)
    assert model.to_bytes() == before


def test_a_prediction_is_interrupted(wide):
    model, rows = wide
    check_interrupted(lambda: model.predict(rows))
    check_interrupted(lambda: model.decision_function(rows))


def test_cross_validation_and_search_are_interrupted(train):
    check_interrupted(lambda: clf.cross_validate(long_model(), train))
    check_interrupted(lambda: clf.grid_search(long_model(), {"gamma": [0.1, 1.0]}, train))


def test_a_network_is_interrupted(train):
    layers = "dense units=200; activation; dense units=2"
    network = clf.Model("network", layers=layers, epochs=10**6)
    check_interrupted(lambda: network.fit(train))
    assert not network.fitted


def test_a_transform_is_interrupted():
    rows = numbers(40_000, 60).astype(np.float32)
    polynomials = clf.Transform("polynomial", degree=2)

    def work():
        for _ in range(1000):
            polynomials.fit(rows[:100]).apply(rows)

    check_interrupted(work)


@pytest.mark.slow
def test_reading_a_file_is_interrupted(tmp_path):
    path = tmp_path / "rows.csv"
    with open(path, "w") as file:
        line = ",".join(f"{value:.17g}" for value in numbers(1, 50)[0]) + ",a\n"
        for _ in range(400):
            file.write(line * 500)
    check_interrupted(lambda: [clf.Dataset.load("csv", path) for _ in range(1000)])


@pytest.mark.slow
def test_encoding_texts_is_interrupted():
    words = [f"word{i}" for i in range(5000)]
    texts = [" ".join(words[i % 4000:i % 4000 + 900]) for i in range(20000)]
    documents = clf.Documents(texts)
    vocabulary = clf.Vocabulary(documents)
    check_interrupted(lambda: [vocabulary.encode(documents) for _ in range(1000)])


def test_no_interrupt_is_lost_at_any_moment():
    """Short calls with a log that is slow: signals come before, within and after callbacks."""
    lines = []
    context = clf.Context(log=lambda level, line: (lines.append(line), time.sleep(0.001)),
                          progress=lambda report: None, progress_interval=0)
    model = clf.Model("logistic", context=context)
    X = numbers(2000, 20)
    data = clf.Dataset(X, (X[:, 0] > 0).astype(int), context=context)
    caught = 0
    pauses = np.random.default_rng(0).uniform(0.001, 0.03, 100)
    for pause in pauses:
        try:
            with Interrupt(pause) as interrupt:
                while interrupt.sent is None:
                    model.fit(data)
                time.sleep(20)  # the signal is sent, and ends this
        except KeyboardInterrupt:
            caught += 1
    assert caught == len(pauses)
    assert lines


def test_signal_handlers_of_the_program_run_meanwhile(train):
    class Alarm(Exception):
        pass

    def raise_alarm(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGUSR1, raise_alarm)
    try:
        with pytest.raises(Alarm):
            with Interrupt(0.2, signal.SIGUSR1):
                long_model().fit(train)
        seen = []
        signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
        with pytest.raises(clf.errors.Cancelled):
            with Interrupt(0.2, signal.SIGUSR1), clf.watch(lambda report: bool(seen)):
                long_model().fit(train)
        assert seen == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_two_signals_at_once_leave_no_trace(train, capfd):
    class Alarm(Exception):
        pass

    def raise_alarm(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGUSR1, raise_alarm)
    try:
        with pytest.raises((Alarm, KeyboardInterrupt)):
            with Interrupt(0.2, signal.SIGUSR1), Interrupt(0.2, signal.SIGINT):
                long_model().fit(train)
                time.sleep(1)
    except KeyboardInterrupt:  # which came last
        pass
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert "ignored" not in capfd.readouterr().err


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), GeneratorExit(),
                                   KeyboardInterrupt("mine"), MemoryError("mine")])
def test_what_a_progress_callback_raises_comes_out(train, error):
    def report(progress):
        raise error

    with pytest.raises(type(error)) as caught:
        with clf.watch(report):
            long_model().fit(train)
    assert caught.value is error
    context = clf.Context(progress=report)
    model = long_model(context)
    data = clf.Dataset(numbers(20000, 40), two_classes(20000), context=context)
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            model.fit(data)
        assert caught.value is error
    assert not model.fitted


def test_what_a_log_callback_raises_comes_out():
    def log(level, line):
        raise LookupError(line)

    context = clf.Context(log=log)
    X = numbers(100, 3)
    with pytest.raises(LookupError, match="ridge"):
        clf.Model("ridge", context=context).fit(X, (X[:, 0] > 0).astype(int))


def test_a_true_result_cancels(train):
    seen = []

    def report(progress):
        seen.append(progress)
        return len(seen) == 2

    with pytest.raises(clf.errors.Cancelled, match="cancelled") as caught:
        with clf.watch(report):
            long_model().fit(train)
    assert not isinstance(caught.value, clf.errors.TimeLimitReached)
    assert caught.value.status == -12
    assert len(seen) == 2
    assert seen[0].stage == "svm" and seen[1].seconds > seen[0].seconds > 0


def test_callbacks_may_use_the_library(train):
    other = clf.Model("ridge")
    X = numbers(100, 3)
    y = (X[:, 0] > 0).astype(int)
    scores = []

    def report(progress):
        scores.append(other.fit(X, y).score(X, y))
        return len(scores) == 3

    with pytest.raises(clf.errors.Cancelled):
        with clf.watch(report):
            long_model().fit(train)
    assert len(scores) == 3 and min(scores) > 0.9


def test_a_time_limit_ends_a_fit(train):
    model = long_model()
    began = time.monotonic()
    with pytest.raises(clf.errors.TimeLimitReached, match="time_limit=0.5 seconds") as caught:
        with clf.watch(time_limit=0.5):
            model.fit(train)
    assert 0.5 <= time.monotonic() - began < 0.5 + WITHIN
    assert isinstance(caught.value, TimeoutError)
    assert not model.fitted


def test_a_time_limit_ends_many_short_calls():
    X = numbers(20, 2)
    began, fits = time.monotonic(), 0
    with pytest.raises(clf.errors.TimeLimitReached, match="time_limit=0.3 seconds is over before clf_"):
        with clf.watch(time_limit=0.3):
            with clf.watch():
                while time.monotonic() - began < WITHIN + 1:
                    clf.Model("ridge").fit(X, targets=X[:, 0])
                    fits += 1
    assert fits > 0 and 0.3 <= time.monotonic() - began < 0.3 + WITHIN
    clf.Model("ridge").fit(X, targets=X[:, 0])  # the block has ended


def test_cancel_refuses_the_calls_that_begin_later():
    X = numbers(20, 2)
    with clf.watch() as watch:
        clf.Model("ridge").fit(X, targets=X[:, 0])
        watch.cancel()
        with pytest.raises(clf.errors.Cancelled, match="clf_model_create: the block"):
            clf.Model("ridge")
    clf.Model("ridge").fit(X, targets=X[:, 0])


def test_watches_nest_and_the_inner_one_does_not_hide_the_outer(train):
    inner, outer, began = [], [], time.monotonic()
    with pytest.raises(clf.errors.TimeLimitReached, match="time_limit=0.6 seconds"):
        with clf.watch(outer.append, time_limit=0.6):
            with clf.watch(inner.append, time_limit=100 * SLOW):
                long_model().fit(train)
    assert 0.6 <= time.monotonic() - began < 60 * SLOW
    assert inner == outer or inner[:-1] == outer[:len(inner) - 1]
    assert inner


def test_watch_refuses_what_it_cannot_do():
    with pytest.raises(clf.errors.ArgumentError, match="time_limit"):
        clf.watch(time_limit=0)
    with pytest.raises(clf.errors.ArgumentError, match="time_limit"):
        clf.watch(time_limit=float("nan"))
    for wrong in ({"report": 3}, {"verbose": "yes"}, {"verbose": 1.5}, {"time_limit": "soon"}):
        with pytest.raises(clf.errors.TypeMismatch, match=next(iter(wrong))):
            clf.watch(**wrong)


def test_a_watch_is_for_one_block_at_a_time():
    watch = clf.watch()
    for _ in range(2):
        with watch:
            with pytest.raises(clf.ArgumentError, match="in use"):
                watch.__enter__()


def test_a_call_in_another_thread_ends_by_cancel_and_with_its_block(train):
    begun, errors = threading.Event(), []
    watch = clf.watch(lambda report: begun.set())

    def work():
        try:
            with watch:
                long_model().fit(train)
        except clf.errors.Cancelled as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    watch.cancel()
    thread.join(WITHIN)
    assert not thread.is_alive() and len(errors) == 1


def test_ctrl_c_in_the_main_thread_ends_a_fit_of_asyncio(train):
    async def main():
        with clf.watch():
            await asyncio.to_thread(long_model().fit, train)

    check_interrupted(lambda: asyncio.run(main()))


def test_ctrl_c_ends_a_cell_of_a_notebook(train):
    """A kernel runs cells within its event loop, with Python's own handler of SIGINT meanwhile."""
    async def cell():
        long_model().fit(train)

    loop = asyncio.new_event_loop()
    signal.set_wakeup_fd(-1)
    try:
        check_interrupted(lambda: loop.run_until_complete(cell()))
    finally:
        loop.close()


def test_ctrl_c_reaches_the_main_thread_while_another_fits(train):
    """The signal is the main thread's; the fit of the other ends by the watch."""
    begun = threading.Event()
    watch = clf.watch(lambda report: begun.set())

    def work():
        with watch:
            try:
                long_model().fit(train)
            except clf.errors.Cancelled:
                pass

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    check_interrupted(lambda: thread.join(100))
    watch.cancel()
    thread.join(WITHIN)
    assert not thread.is_alive()


def run(code, **options):
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, **options)


PROGRAM = """
import numpy as np, libclassify as clf
r = np.random.default_rng(0)
X, y = r.standard_normal((20000, 40)), r.integers(0, 2, 20000)
model = clf.Model("svm", kernel="rbf", C=1000, tolerance=1e-9, max_iterations=10**9)
data = clf.Dataset(X, y)
print("ready", flush=True)
"""


def test_a_program_ends_by_ctrl_c():
    process = run(PROGRAM + "model.fit(data)")
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30 * SLOW)
    assert time.monotonic() - began < 2 * WITHIN
    assert process.returncode == -signal.SIGINT
    assert err.count("KeyboardInterrupt") == 1 and "ignored" not in err


def test_the_interpreter_ends_while_a_daemon_thread_fits():
    process = run(PROGRAM + """
import threading, time
def work():
    while True:
        try:
            model.fit(data)
        except clf.errors.Cancelled:
            pass
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.5)
print("end", flush=True)
""")
    out, err = process.communicate(timeout=60 * SLOW)
    assert out == "ready\nend\n" and err == "" and process.returncode == 0


@pytest.mark.slow
def test_bar_is_shown_where_someone_looks(train, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    class Notebook(io.StringIO):
        pass

    Notebook.__module__ = "ipykernel.iostream"
    shown = {}
    for name, stream, verbose in (("terminal", Terminal(), 1), ("notebook", Notebook(), 1), ("file", io.StringIO(), 1),
                                  ("asked", io.StringIO(), 2), ("quiet", Terminal(), 0)):
        monkeypatch.setattr(sys, "stderr", stream)
        with pytest.raises(clf.errors.TimeLimitReached):
            with clf.watch(verbose=verbose, time_limit=0.5):
                long_model().fit(train)
        shown[name] = stream.getvalue()
    assert shown["file"] == shown["quiet"] == ""
    assert shown["terminal"].startswith("\rsvm") and shown["terminal"].endswith("\n")
    assert shown["terminal"].count("\r") >= 2 and shown["notebook"].count("\r") >= 2
    assert shown["asked"].startswith("svm") and "\r" not in shown["asked"]
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    with pytest.raises(clf.errors.TimeLimitReached):
        with clf.watch(verbose=2, time_limit=0.3):
            long_model().fit(train)


def test_bar_is_tqdms_where_it_is_installed(train, monkeypatch):
    pytest.importorskip("tqdm")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(clf.errors.TimeLimitReached):
        with clf.watch(verbose=1, time_limit=0.8):
            clf.Model("perceptron", epochs=10**6).fit(train)
    assert "perceptron:" in stream.getvalue() and "%|" in stream.getvalue()
    assert stream.getvalue().endswith("\n")
