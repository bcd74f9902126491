"""Contexts and lifetimes: callbacks, threads, forks, and what keeps what alive."""

import gc
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest

import libclassify as clf

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 10))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def long_network(context, epochs=100000):
    return clf.Network("dense units=32 activation=relu; dense units=2", epochs=epochs,
                       context=context)


# Contexts


def test_parameters_of_a_context():
    context = clf.Context(threads=1, seed=3, memory_limit=1e9, cpu="generic")
    assert context.threads == 1 and context.cpu == "generic" and context.params["seed"] == 3
    assert context.memory_peak >= context.memory > 0
    with pytest.raises(clf.ArgumentError, match="did you mean 'threads'"):
        clf.Context(thread=1)
    with pytest.raises(clf.TypeMismatch, match="callable"):
        clf.Context(log=3)
    with pytest.raises(clf.TypeMismatch, match="Context"):
        clf.Model("svm", context=3)


def test_shared_contexts_are_one_object_while_used():
    assert clf.Context.shared(threads=1) is clf.Context.shared(threads=1)
    assert clf.Context.shared(threads=1) is not clf.Context.shared(threads=1, seed=1)
    assert clf.Model("svm").context is clf.Dataset(X).context is clf.Context.shared()
    seen = [weakref.ref(clf.Context.shared(seed=i)) for i in range(100)]
    gc.collect()
    assert sum(ref() is not None for ref in seen) < 10


def test_a_closed_context_takes_no_new_objects_and_serves_the_old():
    with clf.Context(threads=1) as context:
        model = clf.Model("ridge", context=context).fit(X, Y)
    assert context.closed
    with pytest.raises(clf.ArgumentError, match="closed"):
        clf.Model("ridge", context=context)
    assert model.score(clf.Dataset(X, Y)) > 0.9


def test_a_model_takes_its_context_along_when_pickled():
    context = clf.Context(threads=1, seed=5, log=print)
    model = pickle.loads(pickle.dumps(clf.Model("ridge", context=context).fit(X, Y)))
    assert model.context.threads == 1 and model.context.params["seed"] == 5
    assert model.context.log is None


def test_what_is_unpickled_shares_its_context_with_others():
    """A second context would have threads of its own."""
    for context in (clf.Context.shared(), clf.Context.shared(threads=1, seed=4)):
        again = pickle.loads(pickle.dumps(clf.Model("ridge", context=context).fit(X, Y)))
        assert again.context is context
    assert clf.Context.shared(seed=4, threads=1, cpu=None) is context
    assert pickle.loads(pickle.dumps(clf.Context(progress_interval=0.5))).params[
        "progress_interval"] == 0.5


# Callbacks


def test_log_lines_reach_the_callback_with_their_level():
    lines = []
    context = clf.Context(log=lambda level, line: lines.append((level, line)))
    with pytest.warns(clf.ConvergenceWarning):
        clf.Model("logistic", max_iterations=1, context=context).fit(X, Y)
    assert any(level == logging.WARNING and "not converged" in line for level, line in lines)
    assert any(level == logging.INFO for level, _ in lines)


def test_without_a_callback_the_log_goes_to_logging_and_nothing_is_printed(caplog, capfd):
    network = clf.Network("dense units=2", epochs=1)
    with caplog.at_level(logging.INFO, logger="libclassify"):
        network.fit(X, Y)
        network.fit(X, Y)  # from scratch, which the log reports
    levels = {record.levelno for record in caplog.records if record.name == "libclassify"}
    assert levels == {logging.INFO, logging.WARNING}
    out, err = capfd.readouterr()
    assert out == "" and err == ""


def test_a_fit_that_did_not_converge_warns_once_by_the_librarys_message(caplog, capfd):
    with caplog.at_level(logging.INFO, logger="libclassify"), pytest.warns() as warned:
        clf.Model("logistic", max_iterations=1).fit(X, Y)
    assert [w.category for w in warned] == [clf.ConvergenceWarning]
    assert "not converged after 1 iterations" in str(warned[0].message)
    assert warned[0].filename == __file__
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_progress_is_reported_and_cancels():
    reports = []

    def progress(report):
        reports.append(report)
        return len(reports) == 3

    context = clf.Context(progress=progress, progress_interval=0)
    model = long_network(context)
    with pytest.raises(clf.Cancelled):
        model.fit(X, Y)
    assert len(reports) == 3 and not model.fitted
    report = reports[0]
    assert report.stage == "network" and report.steps > 0 and report.seconds >= 0


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit, clf.DataError])
def test_what_progress_raises_ends_the_call_and_is_raised_by_it(kind):
    def progress(report):
        raise kind("from progress")

    model = long_network(clf.Context(progress=progress, progress_interval=0))
    began = time.perf_counter()
    with pytest.raises(kind, match="from progress") as caught:
        model.fit(X, Y)
    assert time.perf_counter() - began < 30 and not model.fitted
    assert any(entry.name == "progress" for entry in caught.traceback)


def test_what_a_log_raises_is_raised_by_the_call():
    def log(level, line):
        raise RuntimeError("from the log")

    with pytest.raises(RuntimeError, match="from the log"):
        clf.Model("ridge", context=clf.Context(log=log)).fit(X, Y)
    # and the next call is not concerned
    assert clf.Model("ridge").fit(X, Y).fitted


def test_a_callback_may_use_other_objects_and_is_refused_its_own():
    other = clf.Model("ridge").fit(X, Y)
    seen = []

    def progress(report):
        seen.append(other.score(X, Y))
        for use in (lambda: model.predict(X), lambda: model.fit(X, Y), lambda: model.params,
                    lambda: data.set_labels(Y), model.close):
            with pytest.raises(clf.ArgumentError, match="callback"):
                use()
        assert len(data) == 300  # reading what the call reads
        clf.Context(threads=1)  # dies here, where the library frees none
        return True

    context = clf.Context(progress=progress, progress_interval=0)
    model, data = long_network(context), clf.Dataset(X, Y)
    with pytest.raises(clf.Cancelled):
        model.fit(data)
    assert seen and not model.fitted


def test_contexts_that_die_in_a_callback_are_freed_after_the_call(monkeypatch):
    inside, freed = [False], []
    free = clf.Context._free

    def freeing(out):
        freed.append(inside[0])
        free(out)

    def progress(report):
        inside[0] = True
        clf.Context(threads=1)
        inside[0] = False
        return True

    context = clf.Context(progress=progress, progress_interval=0)
    monkeypatch.setattr(clf.Context, "_free", staticmethod(freeing))
    with pytest.raises(clf.Cancelled):
        long_network(context).fit(X, Y)
    assert freed == [False]


# Threads


def test_two_threads_may_fit_and_read_one_model():
    model = clf.Model("ridge").fit(X, Y)
    expected = model.decision_function(X)
    failures, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            if not (model.decision_function(X) == expected).all():
                failures.append("other numbers")

    def change():
        try:
            for _ in range(50):
                model.fit(X, Y)
                model.set_params(alpha=1)
                model.params
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=f) for f in (read, read, change, change)]
    for thread in threads:
        thread.start()
    for thread in threads[2:]:
        thread.join(60)
    stop.set()
    for thread in threads[:2]:
        thread.join(60)
    assert not failures and not any(thread.is_alive() for thread in threads)


def test_predictions_of_many_threads_are_the_same_bits():
    model = clf.Model("svm", probability=True).fit(X, Y)
    expected = model.predict_proba(X)
    found = []
    threads = [threading.Thread(target=lambda: found.append(model.predict_proba(X)))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all((values == expected).all() for values in found)


def test_closing_waits_for_the_calls_of_other_threads():
    started = threading.Event()

    def progress(report):
        started.set()
        return time.perf_counter() - began > 0.5

    model = long_network(clf.Context(progress=progress, progress_interval=0))
    began = time.perf_counter()
    ended = []

    def fit():
        try:
            model.fit(X, Y)
        except clf.Cancelled:
            ended.append("cancelled")

    thread = threading.Thread(target=fit)
    thread.start()
    assert started.wait(30)
    model.close()
    assert time.perf_counter() - began > 0.5
    thread.join()
    assert ended == ["cancelled"] and model.closed


def test_calls_of_several_objects_take_them_in_one_order():
    first, second = clf.Optimizer("adam"), clf.Optimizer("sgd")
    data = clf.Dataset(X[:40], Y[:40])

    def fit(optimizers):
        for optimizer in optimizers * 10:
            clf.Network("dense units=2", epochs=1).fit(data, optimizer=optimizer, validation=data)

    threads = [threading.Thread(target=fit, args=(order,))
               for order in ([first, second], [second, first])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # within __del__
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
def test_an_interrupt_at_any_moment_leaves_objects_usable():
    class Stop(Exception):
        pass

    armed = False

    def stop(*_):
        nonlocal armed
        armed = False  # also where what is raised does not come out
        raise Stop

    rng = np.random.default_rng(5)
    model, data = clf.Model("ridge").fit(X, Y), clf.Dataset(X, Y)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for _ in range(3000):
            armed = True
            try:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, 1.2e-3))
                while armed:
                    model.n_classes
                    model.set_params(alpha=1)
                    model.predict_indices(data)
            except Stop:
                pass
            began = time.perf_counter()
            model.set_params(alpha=1)
            assert len(model.predict_indices(data)) == 300
            assert time.perf_counter() - began < 5
            assert len(model.gate.holds) <= 20 and len(data.gate.holds) <= 20
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Fork


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_context_and_its_objects_work_in_the_child_of_a_fork():
    context = clf.Context(threads=2)
    model = clf.Model("svm", context=context).fit(X, Y)
    expected = model.decision_function(X)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            fine = (model.decision_function(X) == expected).all()
            fine &= clf.Model("svm", context=context).fit(X, Y).score(X, Y) == model.score(X, Y)
            fine &= clf.Context.shared() is not None
            code = 0 if fine else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (model.decision_function(X) == expected).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_the_child_knows_what_another_thread_was_changing():
    started, stop = threading.Event(), threading.Event()

    def progress(report):
        started.set()
        return stop.is_set()

    busy = long_network(clf.Context(progress=progress, progress_interval=0))
    idle = clf.Model("ridge").fit(X, Y)
    data = clf.Dataset(X, Y)

    def fit():
        with pytest.raises(clf.Cancelled):
            busy.fit(data)

    thread = threading.Thread(target=fit)
    thread.start()
    assert started.wait(30)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            try:
                busy.params
            except clf.ArgumentError as error:
                code = 3 if "forked" in str(error) else 4
            if code == 3 and idle.fit(data).score(data) > 0.9 and data.set_labels(Y):
                code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    stop.set()
    thread.join()
    assert code == 0


# Lifetimes


def test_a_dataset_keeps_what_it_borrows():
    array = RNG.normal(size=(1000, 50))
    expected, gone = array.copy(), weakref.ref(array)
    data = clf.Dataset(array, np.zeros(1000, int), sample_weight=np.ones(1000, np.float32))
    part = data.subset(slice(10, 500))
    del array
    gc.collect()
    assert gone() is not None and (data.X == expected).all()
    data.set_weights(np.full(1000, 2, np.float32))
    data.close()
    del data
    gc.collect()
    RNG.normal(size=(1000, 50))
    assert (part.X == expected[10:500]).all() and (part.sample_weight == 1).all()
    view = part.X
    part.close()
    assert (view == expected[10:500]).all()
    del part, view
    gc.collect()
    assert gone() is None


def test_sparse_rows_keep_what_they_borrow():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(200, 30, 0.2, "csr", np.float32, 0)
    data, expected = clf.Dataset(matrix), matrix.toarray()
    del matrix
    gc.collect()
    assert (data.X.toarray() == expected).all()


def test_objects_die_in_any_order():
    import itertools

    for order in itertools.permutations(range(5)):
        context = clf.Context(threads=1)
        array = np.array(X)
        data = clf.Dataset(array, Y, context=context)
        model = clf.Model("ridge", context=context).fit(data)
        weights = model.tensors["weights"]
        kept = [context, array, data, model, weights]
        del context, array, data, model, weights
        for i in order:
            kept[i] = None
            gc.collect(0)


def test_memory_returns_when_objects_die_in_cycles():
    context = clf.Context(threads=1)
    gc.collect()
    before = context.memory

    class Node:
        pass

    for _ in range(20):
        node = Node()
        node.data = clf.Dataset(np.array(X), Y, context=context)
        node.model = clf.Model("ridge", context=context).fit(node.data)
        node.part, node.rows = node.data[:10], node.data.X
        node.itself, node.model.cycle = node, node
        node.data.cycle = node.model
    del node
    gc.collect()
    assert context.memory == before


def test_a_cycle_through_a_callback_is_collected():
    class Owner:
        def log(self, level, line):
            self.line = line

    owner = Owner()
    owner.context = clf.Context(log=owner.log)
    owner.model = clf.Model("ridge", context=owner.context).fit(X, Y)
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


SCRIPT = """
import atexit, gc, sys, threading
import numpy as np, libclassify as clf
class Late:
    def __init__(self, **things): self.__dict__.update(things)
    def __del__(self):
        assert self.array.sum() == self.total
X = np.arange(3000.0).reshape(-1, 3)
context = clf.Context(log=lambda level, line: None, progress=lambda report: None)
data = clf.Dataset(X, np.arange(1000) % 2, context=context)
model = clf.Model("ridge", context=context).fit(data)
weights = model.tensors["weights"]
late = Late(array=weights, total=weights.sum(), model=model, data=data)
late.itself = late
pixels = clf.Image(np.zeros((9, 9), np.uint8)).pixels
batches = iter(data.batches(10))
next(batches)
capsule = clf.Tensor.zeros((3, 3)).__dlpack__()
network = clf.Network("rnn units=3; dense units=2", epochs=1).fit(np.zeros((6, 4, 2)) + np.arange(6)[:, None, None], [0, 1] * 3)
sequence = clf.Sequence(network)
atexit.register(lambda: model.predict(X))
sys.modules["kept"] = (context, data, model)
def predict():
    try:
        while True:
            model.predict(X)
    except clf.Cancelled:  # calls of daemon threads end with the interpreter
        pass
threading.Thread(target=predict, daemon=True).start()
print("end")
"""


def test_the_end_of_the_interpreter_is_clean():
    done = subprocess.run([sys.executable, "-X", "dev", "-c", SCRIPT], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "end\n"
    assert "Error" not in done.stderr and "Exception" not in done.stderr, done.stderr
