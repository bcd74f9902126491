"""Fits on the rows that the workers of a Dask cluster hold."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import libclassify as clf
from libclassify import dask as clf_dask
from libclassify.sklearn import SVC, LinearDiscriminantAnalysis, Ridge

pytest.importorskip("dask.array", reason="there is no Dask")
dask_distributed = pytest.importorskip("distributed", reason="there is no dask.distributed")

pytestmark = pytest.mark.slow
SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))
ROWS = 900


@pytest.fixture(scope="module")
def client():
    with dask_distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True,
                                       dashboard_address=None) as cluster:
        with dask_distributed.Client(cluster) as client:
            yield client


def rows():
    r = np.random.default_rng(0)
    X = r.normal(size=(ROWS, 5)).astype(np.float32)
    y = np.where(X[:, 0] > 0.3, "up", "down")
    y[:150] = "down"
    return X, y


def alone(estimator, *arrays):
    from libclassify import distributed

    with distributed.sockets(0, 1, ("127.0.0.1", 0)):
        return estimator.fit(*arrays).model_.to_bytes()


def held(client, *arrays, chunk=100):
    import dask.array as da

    chunks = [(chunk, *array.shape[1:]) for array in arrays]
    kept = client.persist([da.from_array(array, size) for array, size in zip(arrays, chunks)])
    dask_distributed.wait(kept)
    return kept


def test_arrays_give_the_bytes_of_one_process(client):
    X, y = rows()
    weights = np.linspace(1, 2, ROWS).astype(np.float32)
    dX, dy, dweights = held(client, X, y, weights)
    for make in (SVC, LinearDiscriminantAnalysis):
        fitted = clf_dask.fit(make(), dX, dy, client=client)
        assert fitted.model_.to_bytes() == alone(make(), X, y)
        assert fitted.classes_.tolist() == ["down", "up"]
    ridge = clf_dask.fit(Ridge(), dX, held(client, X[:, :2])[0], sample_weight=dweights)
    assert ridge.model_.to_bytes() == alone(Ridge(), X, X[:, :2], weights)
    found = clf_dask.predict(ridge, dX)
    assert found.shape == (ROWS, 2)
    np.testing.assert_array_equal(found.compute(), ridge.predict(X))
    np.testing.assert_array_equal(clf_dask.predict(fitted, dX).compute(), fitted.predict(X))


def test_empty_partitions_have_no_effect(client):
    import dask.array as da

    X, y = rows()
    sizes = (0, 1, 0, 400, ROWS - 401, 0)
    parts = [da.from_array(array, (sizes, *array.shape[1:])) for array in (X, y)]
    assert clf_dask.fit(SVC(), *parts).model_.to_bytes() == alone(SVC(), X, y)


def test_frames_give_the_bytes_of_one_process(client):
    frames = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")
    X, _ = rows()
    frame = pd.DataFrame(X, columns=list("abcde"))
    parts = client.persist(frames.from_pandas(frame, npartitions=4))
    ridge = clf_dask.fit(Ridge(), parts[["a", "b", "c"]], parts["e"])
    assert ridge.model_.to_bytes() == alone(Ridge(), frame[["a", "b", "c"]], frame["e"])
    assert ridge.feature_names_in_.tolist() == ["a", "b", "c"]
    found = clf_dask.predict(ridge, parts[["a", "b", "c"]]).compute()
    np.testing.assert_array_equal(found, ridge.predict(frame[["a", "b", "c"]]))


def test_fits_at_the_same_time_do_not_wait_for_each_other(client):
    X, y = rows()
    dX, dy = held(client, X, y)
    models, threads = [None] * 4, []
    for i in range(4):
        def fit(i=i):
            models[i] = clf_dask.fit(SVC(C=1 + i), dX, dy, client=client).model_.to_bytes()
        threads.append(threading.Thread(target=fit))
        threads[-1].start()
    for thread in threads:
        thread.join(60 * SLOW)
    assert None not in models and len(set(models)) == 4


def test_bad_rows_are_refused_with_their_reason(client):
    X, y = rows()
    dX, dy = held(client, X, y)
    with pytest.raises(ValueError, match="NaN"):
        spoiled = X.copy()
        spoiled[800, 2] = np.nan
        clf_dask.fit(SVC(), held(client, spoiled)[0], dy)
    with pytest.raises(clf.ShapeError, match="partitions of y"):
        clf_dask.fit(SVC(), dX, held(client, y, chunk=90)[0])
    with pytest.raises(clf.TypeMismatch, match="of Dask"):
        clf_dask.fit(SVC(), X, y)
    with pytest.raises(clf.TypeMismatch, match="MeanScaler does not fit"):
        clf_dask.fit(type("MeanScaler", (), {"fit": lambda self, X: self})(), dX)
    assert clf_dask.fit(SVC(), dX, dy).score(X, y) > 0.8


def test_ctrl_c_ends_the_fit_on_the_workers(client):
    X, y = rows()
    dX, dy = held(client, X, y)

    class Endless(Ridge):
        def fit(self, X, y=None):
            while True:
                super().fit(X, np.arange(len(X)))

    interrupt = threading.Timer(2, signal.raise_signal, [signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        clf_dask.fit(Endless(), dX, dy, client=client)
    for _ in range(int(300 * SLOW)):
        running = client.run(lambda: len(__import__("libclassify.dask").dask._running))
        if not any(running.values()):
            break
        time.sleep(0.1)
    assert not any(running.values())
    assert clf_dask.fit(SVC(), dX, dy, client=client).score(X, y) > 0.8


def test_workers_that_are_threads():
    X, y = rows()
    with dask_distributed.Client(processes=False, n_workers=2, threads_per_worker=1,
                                 dashboard_address=None) as client:
        fitted = clf_dask.fit(SVC(n_jobs=1), *held(client, X, y), client=client)
    assert fitted.model_.to_bytes() == alone(SVC(n_jobs=1), X, y)


def test_a_killed_worker_ends_the_fit(client):
    X, y = rows()
    dX, dy = held(client, X, y)
    processes = client.run(os.getpid)
    workers = sorted(processes)

    class Slow(Ridge):
        def fit(self, X, y=None):
            if os.getpid() == self.pid:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().fit(X, np.arange(len(X)))

    estimator = Slow()
    estimator.pid = processes[workers[-1]]
    began = time.monotonic()
    with pytest.raises(clf.PeerError, match=r"rank \d \(tcp://"):
        clf_dask.fit(estimator, dX, dy, client=client)
    assert time.monotonic() - began < 30 * SLOW
