"""Fits of several ranks: threads by sockets, processes that are killed, mpi4py."""

import gc
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import libclassify as clf
from libclassify import distributed
from libclassify.sklearn import (
    PCA,
    SVC,
    GridSearch,
    LinearDiscriminantAnalysis,
    Ridge,
    SimpleImputer,
    StandardScaler,
)

ROWS = 600
SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))


def rows():
    r = np.random.default_rng(0)
    X = r.normal(size=(ROWS, 5)).astype(np.float32)
    y = np.where(X[:, 0] + X[:, 1] ** 2 > 0.5, "yes", "no").astype("U8")
    y[:70] = "at first"  # a class that only rank 0 has
    return X, y


def run(count, body, **options):
    """What each of `count` ranks, which are threads, returns or raises."""
    listener = distributed.listen()
    address, results = listener.getsockname(), [None] * count

    def rank(number):
        try:
            ranks = distributed.sockets(number, count, address, listener=None if number else listener,
                                        connect_timeout=20 * SLOW, **options)
            try:
                results[number] = body(ranks)
            finally:
                ranks.close()
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=rank, args=(number,)) for number in range(1, count)]
    for thread in threads:
        thread.start()
    rank(0)
    for thread in threads:
        thread.join()
    return results


def part(ranks):
    first, count = ranks.shard_range(ROWS)
    X, y = rows()
    return X[first:first + count], y[first:first + count]


def fit_all(ranks):
    X, y = part(ranks)
    ridge = clf.Model("ridge", context=ranks.context(threads=1)).fit(X, y)
    with ranks:
        svc, scaler = SVC(gamma=0.5).fit(X, y), StandardScaler().fit(X)
        target = Ridge().fit(X, X[:, 1])
    return (ridge.to_bytes(), svc.model_.to_bytes(), scaler.transform_.to_bytes(),
            target.model_.to_bytes(), svc)


def test_every_number_of_ranks_gives_the_same_bytes():
    alone = run(1, fit_all)[0]
    for found in run(3, fit_all):
        assert found[:4] == alone[:4]
        svc = found[4]
        assert svc.classes_.tolist() == ["at first", "no", "yes"] and svc.shape_fit_ == (ROWS, 5)
        X = rows()[0]
        np.testing.assert_array_equal(svc.support_vectors_, X[svc.support_])
        again = pickle.loads(pickle.dumps(svc))
        np.testing.assert_array_equal(again.predict(X), svc.predict(X))


def test_a_plain_fit_is_one_of_this_process():
    assert distributed.active() is None and distributed.total(5) == 5
    for ranks in run(2, lambda ranks: Ridge().fit(part(ranks)[0], part(ranks)[0][:, 0]) and ranks):
        assert repr(ranks).endswith("of 2>")


def test_shard_ranges_are_those_of_the_library():
    assert [distributed.shard_range(640, rank, 4) for rank in range(4)] == [
        (0, 160), (160, 160), (320, 160), (480, 160)]
    with pytest.raises(clf.ArgumentError):
        distributed.shard_range(640, 4, 4)


def test_a_fit_that_fails_on_one_rank_fails_on_all_which_are_then_in_step():
    def body(ranks):
        X, y = part(ranks)
        context = ranks.context()
        spoiled = X.copy()
        spoiled[0, 0] = np.nan if ranks.rank == 1 else 0
        with pytest.raises(clf.DataError if ranks.rank == 1 else clf.PeerError) as raised:
            clf.Model("ridge", context=context).fit(spoiled, y)
        assert ranks.rank == 1 or "rank 1: " in str(raised.value)
        return clf.Model("ridge", context=context).fit(X, y).to_bytes()

    found = run(3, body)
    assert found[0] == found[1] == found[2]


def test_statistics_are_of_the_rows_of_all():
    X = rows()[0]
    X[ROWS // 2:, 1] = np.nan
    few = X[:8, [0, 2, 3, 4]]

    def body(ranks):
        first, count = ranks.shard_range(ROWS)
        with ranks:
            imputer = SimpleImputer().fit(X[first:first + count])
            pca = PCA(n_components=3).fit(few[4 * ranks.rank:][:4])
        return (imputer.statistics_, pca.n_samples_, pca.explained_variance_, pca.singular_values_)

    pca = PCA(n_components=3).fit(few)
    for found in run(2, body):
        np.testing.assert_allclose(found[0], np.nanmean(X, axis=0), atol=1e-6)
        assert found[1] == 8
        np.testing.assert_allclose(found[2], pca.explained_variance_)
        np.testing.assert_allclose(found[3], pca.singular_values_)


def test_a_search_has_the_same_rows_on_all():
    X, y = rows()

    def body(ranks):
        with ranks:
            search = GridSearch(Ridge(), {"alpha": [1.0, 100.0]}, cv=3, random_state=0)
            return search.fit(X, X[:, 0] + X[:, 1])

    (search,) = run(1, body)
    for found in run(2, body):
        np.testing.assert_array_equal(found.cv_results_["mean_test_score"],
                                      search.cv_results_["mean_test_score"])
        np.testing.assert_allclose(found.best_estimator_.coef_, search.best_estimator_.coef_)


def test_a_context_with_64_shards_gives_the_bytes_of_ranks():
    X = rows()[0]
    model = clf.Model("ridge", context=clf.Context(shards=64)).fit(X, targets=X[:, 0])

    def body(ranks):
        own = part(ranks)[0]
        return clf.Model("ridge", context=ranks.context()).fit(own, targets=own[:, 0]).to_bytes()

    assert run(2, body) == [model.to_bytes()] * 2


def test_other_parameters_of_one_rank_end_all():
    def body(ranks):
        with ranks:
            Ridge(alpha=ranks.rank).fit(part(ranks)[0], part(ranks)[0][:, 0])

    for error in run(2, body):
        assert isinstance(error, clf.PeerError) and "differ in 'fit of ridge'" in str(error)


def test_a_rank_that_does_not_come_is_named():
    late = threading.Event()

    def body(ranks):
        if ranks.rank == 1:
            late.wait(60)
            return None
        try:
            with ranks:
                Ridge().fit(part(ranks)[0], part(ranks)[0][:, 0])
        finally:
            if ranks.rank == 0:
                late.set()

    began = time.monotonic()
    patience = 0.5 * SLOW
    found = run(3, body, timeout=patience)
    assert time.monotonic() - began < 20 * SLOW
    assert isinstance(found[0], clf.PeerError) and f"rank 1 has sent nothing for {patience:g}" in str(found[0])
    assert isinstance(found[0].__cause__, TimeoutError)
    assert isinstance(found[2], clf.PeerError)


def test_what_is_not_distributed_is_refused_on_all():
    def body(ranks):
        X, y = part(ranks)
        refused = []
        for estimator in (LinearDiscriminantAnalysis(store_covariance=True),
                          SVC(class_weight="balanced")):
            with pytest.raises(clf.Unsupported), ranks:
                estimator.fit(X, y)
            refused.append(estimator)
            return len(refused)

    assert run(2, body) == [1, 1]


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="there are no signals")
def test_ctrl_c_while_a_rank_waits_ends_all():
    def body(ranks):
        if ranks.rank == 1:
            time.sleep(0.2)
            signal.raise_signal(signal.SIGINT)
        with ranks:
            Ridge().fit(part(ranks)[0], part(ranks)[0][:, 0])

    found = run(2, body)
    assert isinstance(found[0], KeyboardInterrupt)
    assert isinstance(found[1], clf.PeerError)


def test_a_context_keeps_its_ranks():
    def body(ranks):
        context = ranks.context(threads=1)
        assert ranks.context(threads=1) is context and ranks.context(threads=2) is not context
        model = clf.Model("ridge", context=context)
        del ranks
        gc.collect()
        return model.fit(*part(context._communicator)).to_bytes()

    assert len(set(run(2, body))) == 1


KILLED = """
import os, signal, socket, sys
import numpy as np
import libclassify as clf
from libclassify import distributed
rank, port, listener = int(sys.argv[1]), int(sys.argv[2]), None
if rank == 0:
    listener = socket.socket(fileno=int(sys.argv[3]))
ranks = distributed.sockets(rank, 3, ("127.0.0.1", port), listener=listener, connect_timeout=60)
def progress(report):
    if rank == 2:
        os.kill(os.getpid(), signal.SIGKILL)
context = ranks.context(threads=1, progress_interval=0)
context._callbacks.progress = progress
X = np.random.default_rng(rank).normal(size=(200, 5)).astype("f4")
try:
    clf.Model("ridge", context=context).fit(X, X[:, 0] > 0)
except clf.PeerError as error:
    print(error)
"""


def test_a_second_thread_with_the_same_ranks_is_refused():
    def body(ranks):
        X, y = part(ranks)
        found = []

        def second():
            with pytest.raises(clf.ArgumentError) as refused:
                clf.Model("ridge", context=ranks.context(threads=2)).fit(X, y)
            found.append(str(refused.value))

        def report(_):
            if ranks.rank == 0 and not found:
                other = threading.Thread(target=second)
                other.start()
                other.join()

        model = clf.Model("ridge", context=ranks.context(threads=1, progress_interval=0))
        with clf.watch(report):
            model.fit(X, y)
        clf.Model("ridge", context=ranks.context(threads=2)).fit(X, y)
        return found

    found, nothing = run(2, body)
    assert nothing == [] and len(found) == 1
    assert "another context with the same ranks is in a call of all ranks" in found[0]


def test_a_killed_process_ends_the_others():
    listener = distributed.listen()
    port, number = listener.getsockname()[1], listener.fileno()
    processes = [subprocess.Popen([sys.executable, "-c", KILLED, str(rank), str(port), str(number)],
                                  stdout=subprocess.PIPE, text=True,
                                  pass_fds=[] if rank else [number]) for rank in range(3)]
    listener.close()
    texts = [process.communicate(timeout=60 * SLOW)[0] for process in processes]
    assert processes[2].returncode == -signal.SIGKILL
    for rank in range(2):
        assert processes[rank].returncode == 0 and "rank 2 has ended" in texts[rank], texts


MPI = """
import numpy as np
import libclassify as clf
from libclassify import distributed
from libclassify.sklearn import SVC, Ridge
from mpi4py import MPI
r = np.random.default_rng(0)
X = r.normal(size=(600, 5)).astype("f4")
y = X[:, 0] > 0.5
y[:100] = True
def bytes_of(comm, spoil=False):
    ranks = distributed.mpi(comm)
    first, count = ranks.shard_range(600)
    own = X[first:first + count].copy()
    own[0, 0] = np.nan if spoil else own[0, 0]
    model = clf.Model("ridge", context=ranks.context()).fit(own, y[first:first + count])
    wide = np.tile(own, (1, 30))
    wide = clf.Model("ridge", context=ranks.context()).fit(wide, targets=own[:, :2])
    with ranks:
        svc = SVC().fit(own, y[first:first + count])
    return model.to_bytes() + svc.model_.to_bytes() + wide.to_bytes()
comm = MPI.COMM_WORLD
rank = comm.Get_rank()
assert bytes_of(comm) == bytes_of(MPI.COMM_SELF)
try:
    bytes_of(comm, rank == 1)
except clf.DataError:
    assert rank == 1
except clf.PeerError as error:
    assert rank != 1 and "rank 1: " in str(error)
else:
    raise AssertionError("no failure")
with distributed.mpi(comm) as ranks:
    try:
        Ridge().fit(np.full((5, 2), np.nan if rank == 1 else 1), np.ones(5))
    except ValueError:
        assert rank == 1
    except clf.PeerError as error:
        assert rank != 1 and "rank 1: Input X contains NaN" in str(error)
    assert distributed.total(np.arange(3)).tolist() == [0, 2, 4]
print("well", rank)
"""


@pytest.mark.slow
def test_ranks_of_mpi():
    pytest.importorskip("mpi4py")
    mpirun = shutil.which("mpirun")
    if mpirun is None:
        pytest.skip("there is no mpirun")
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True).stdout
    options = []
    if "Open MPI" in version:
        options = ["--oversubscribe"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
    run = subprocess.run([mpirun, *options, "-n", "2", sys.executable, "-m", "mpi4py", "-c", MPI],
                         capture_output=True, text=True, timeout=120 * SLOW)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("well") == 2
