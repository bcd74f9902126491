"""Fits of estimators on the rows of Dask arrays and dataframes, where they lie.

One task runs on each worker that holds rows, and the tasks fit one model together
(`libclassify.distributed`). The rows are cut into parts that do not depend on the workers, so the
model has the same bits for any number of them::

    from dask.distributed import Client
    from libclassify import dask as clf_dask
    from libclassify.sklearn import Ridge

    client = Client("scheduler:8786")
    ridge = clf_dask.fit(Ridge(), X, y)
    values = clf_dask.predict(ridge, X)
"""

from __future__ import annotations

import copy
import uuid
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from . import errors
from . import distributed as _ranks
from .sklearn._base import Estimator

_Piece = Tuple[int, int, int]  # a partition, and its rows from … to


def _client_of(client: Any) -> Any:
    if client is not None:
        return client
    from distributed import default_client

    return default_client()


def _partitions(rows: Any, what: str) -> List[Any]:
    """Return the partitions of an array or a frame as delayed objects, in order."""
    if not hasattr(rows, "to_delayed"):
        raise errors.TypeMismatch(
            f"{what} must be an array or a frame of Dask, not {type(rows).__name__}; fit the "
            "estimator itself to rows that lie here")
    if hasattr(rows, "chunks") and len(rows.chunks) > 1 and len(rows.chunks[1]) > 1:
        rows = rows.rechunk({1: -1})
    return list(np.asarray(rows.to_delayed(), dtype=object).ravel())


def _length(part: Any) -> int:
    return int(part.shape[0])


def _pieces(lengths: Sequence[int], first: int, count: int) -> List[_Piece]:
    """Return which rows of which partitions make up rows first … first + count - 1."""
    found, at = [], 0
    for index, length in enumerate(lengths):
        low, high = max(first, at), min(first + count, at + length)
        if low < high:
            found.append((index, low - at, high - at))
        at += length
    return found


def _joined(parts: Sequence[Any], pieces: Sequence[_Piece]) -> Any:
    cut = [part.iloc[low:high] if hasattr(part, "iloc") else part[low:high]
           for part, (_, low, high) in zip(parts, pieces)]
    if len(cut) == 1:
        return cut[0]
    if hasattr(cut[0], "iloc"):
        import pandas as pd

        return pd.concat(cut)
    if hasattr(cut[0], "tocsr"):
        import scipy.sparse

        return scipy.sparse.vstack(cut, format="csr")
    return np.concatenate(cut)


_listeners: Dict[str, Any] = {}  # of ranks 0, until their tasks begin
_running: Dict[Tuple[str, int], _ranks.Ranks] = {}  # of this process


def _open(token: str, worker: str) -> _ranks.Address:
    """Listen on the worker of rank 0, at the address by which the other workers reach it."""
    kind, _, place = worker.partition("://")
    host = "127.0.0.1" if kind == "inproc" else place.rsplit(":", 1)[0].strip("[]")
    _listeners[token] = _ranks.listen(host)
    return _listeners[token].getsockname()[:2]


def _forget(token: str) -> None:
    """Close what `_open` made, if its task never began, and end the ranks that still fit."""
    listener = _listeners.pop(token, None)
    if listener is not None:
        listener.close()
    for key, ranks in list(_running.items()):
        if key[0] == token:
            ranks._interrupt()


def _fit_rank(estimator: Any, rank: int, names: List[str], address: _ranks.Address,
              token: str, limits: Tuple[Optional[float], float], columns: Dict[str, Any],
              arguments: Dict[str, Any]) -> Any:
    """Fit one rank's rows; a task of a worker. Rank 0 returns the estimator."""
    from distributed import secede

    secede()  # another fit may use the worker meanwhile, so that two fits do not wait for each other
    rows = {name: _joined(*column) for name, column in columns.items()}
    listener = _listeners.pop(token, None) if rank == 0 else None  # a worker may be a thread
    ranks = _ranks.sockets(
        rank, len(names), tuple(address), token=token.encode(), timeout=limits[0],
        connect_timeout=limits[1], names=names, listener=listener)
    _running[token, rank] = ranks
    estimator = copy.copy(estimator)  # workers that are threads of one process share it
    try:
        with ranks:
            estimator.fit(**rows, **arguments)
        return estimator if rank == 0 else None
    finally:
        del _running[token, rank]
        ranks.close()


def _assign(client: Any, lengths: Sequence[int], parts: Sequence[Any]) -> List[Tuple[str, int, int]]:
    """Return the workers, and the rows of each: those that hold rows, as many as have some."""
    held = {str(key): list(holders) for key, holders in client.who_has(parts).items()}
    where = [held.get(str(part.key), []) for part in parts]
    workers: List[str] = []
    for holders in where:  # in the order of the rows, so that most of them stay where they are
        if holders and not any(worker in workers for worker in holders):
            workers.append(sorted(holders)[0])
    total = sum(lengths)
    for number in range(len(workers), 0, -1):
        ranges = [_ranks.shard_range(total, rank, number) for rank in range(number)]
        if all(count > 0 for _, count in ranges):
            return [(worker, *part) for worker, part in zip(workers, ranges)]
    raise errors.DataError("there are no rows to fit to, or no worker holds them any more")


def _wait(client: Any, futures: Sequence[Any], workers: Sequence[str]) -> None:
    """Wait for all tasks; raise the reason of the first that fails, or a worker that is gone."""
    from distributed import wait
    from distributed import TimeoutError as NotYet

    pending = list(futures)
    while pending:
        try:
            wait(pending, timeout=1, return_when="FIRST_COMPLETED")
        except (NotYet, TimeoutError):
            there = client.scheduler_info(n_workers=-1)["workers"] if _takes_number(client) else (
                client.scheduler_info()["workers"])
            for rank, worker in enumerate(workers):
                if worker not in there and futures[rank] in pending:
                    raise errors.PeerError(f"rank {rank} ({worker}): the worker is gone") from None
        failed = [rank for rank, future in enumerate(futures)
                  if future.status in ("error", "cancelled", "lost")]
        if failed:
            _raise_first(futures, workers, failed)
        pending = [future for future in pending if not future.done()]


def _takes_number(client: Any) -> bool:
    import inspect

    return "n_workers" in inspect.signature(client.scheduler_info).parameters


def _reason(future: Any, rank: int, worker: str) -> BaseException:
    from distributed import KilledWorker

    error = future.exception() if future.status == "error" else None
    if error is None or isinstance(error, KilledWorker):
        return errors.PeerError(f"rank {rank} ({worker}): the worker is gone")
    return error


def _raise_first(futures: Sequence[Any], workers: Sequence[str], failed: Sequence[int]) -> None:
    """Raise what a rank found itself, rather than what others heard of it, perhaps before."""
    from distributed import wait
    from distributed import TimeoutError as NotYet

    try:
        wait(futures, timeout=2)
        failed = [rank for rank, future in enumerate(futures)
                  if future.status in ("error", "cancelled", "lost")]
    except (NotYet, TimeoutError):
        pass
    found = [_reason(futures[rank], rank, workers[rank]) for rank in failed]
    own = [error for error in found if not isinstance(error, errors.PeerError)]
    raise (own or found)[0]


def fit(estimator: Any, X: Any, y: Any = None, *, sample_weight: Any = None, client: Any = None,
        timeout: Optional[float] = None, connect_timeout: float = 60, **arguments: Any) -> Any:
    """Fit an estimator of `libclassify.sklearn` to rows that lie on the workers of Dask.

    Parameters
    ----------
    estimator : estimator
        Of `libclassify.sklearn`; no pipeline or search. It becomes the fitted one.
    X : dask array or dataframe
        The rows. Partitions of arrays are NumPy arrays or SciPy CSR matrices.
    y, sample_weight : dask array or series, optional
        Of the same partitions as `X`.
    client : distributed.Client, optional
        Default: the current one.
    timeout : float, optional
        Seconds for which a rank waits for another one. By default as long as that is there.
    connect_timeout : float
        Seconds for which the tasks wait until all of them run.
    **arguments
        More arguments of the estimator's ``fit``.

    Returns
    -------
    estimator

    Notes
    -----
    Each rank is a task that is pinned to its worker. It uses the worker's threads by the estimator's
    `n_jobs`, whose None is one thread in a worker process. When a worker ends or a task fails, the
    fit fails on all workers, and this call raises what it was. Nothing is tried again. Ctrl-C ends
    the fit on the workers, too. Clusters with TLS are refused: what ranks send is not encrypted.
    """
    from distributed import fire_and_forget

    if not isinstance(estimator, Estimator):
        raise errors.TypeMismatch(
            f"{type(estimator).__name__} does not fit the rows of several workers; estimators of "
            "libclassify.sklearn do, but not in a Pipeline or a search"
        )
    client = _client_of(client)
    columns = {"X": X, "y": y, "sample_weight": sample_weight}
    columns = {name: rows for name, rows in columns.items() if rows is not None}
    parts = {name: client.compute(_partitions(rows, name)) for name, rows in columns.items()}
    lengths = {name: client.gather(client.map(_length, own, pure=False))
               for name, own in parts.items()}
    for name, own in lengths.items():
        if own != lengths["X"]:
            raise errors.ShapeError(f"the partitions of {name} have {own} rows, and those of X "
                                    f"{lengths['X']}; rechunk or repartition {name} like X")
    ranks = _assign(client, lengths["X"], parts["X"])
    workers = [worker for worker, _, _ in ranks]
    if any(worker.startswith("tls://") for worker in workers):
        raise errors.Unsupported("the cluster encrypts what its workers send, and the sockets of a "
                                 "fit do not; fit on a cluster without TLS, or by MPI")
    token = uuid.uuid4().hex
    futures: List[Any] = []
    done = False
    try:
        opening = client.submit(_open, token, workers[0], workers=[workers[0]], pure=False,
                                retries=0)
        _wait(client, [opening], workers[:1])
        address = opening.result()
        for rank, (worker, first, count) in enumerate(ranks):
            pieces = _pieces(lengths["X"], first, count)
            own = {name: ([held[index] for index, _, _ in pieces], pieces)
                   for name, held in parts.items()}
            futures.append(client.submit(
                _fit_rank, estimator, rank, workers, address, token, (timeout, connect_timeout),
                own, arguments, workers=[worker], allow_other_workers=False, pure=False,
                retries=0))
        _wait(client, futures, workers)
        fitted = futures[0].result()
        done = True
    finally:
        client.cancel(futures)
        for worker in [] if done else workers:
            fire_and_forget(client.submit(_forget, token, workers=[worker], pure=False))
    vars(estimator).clear()
    vars(estimator).update(vars(fitted))
    return estimator


def predict(estimator: Any, X: Any, method: str = "predict") -> Any:
    """Return what a method of a fitted estimator gives for each row, as a Dask array.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : dask array or dataframe
    method : str
        "predict", "predict_proba", "decision_function" or "transform".
    """
    import dask.array

    if hasattr(X, "dask") and hasattr(X, "chunks"):
        if len(X.chunks[1]) > 1:
            X = X.rechunk({1: -1})
        sample = np.zeros((1, X.shape[1]), X.dtype)
        like = np.asarray(getattr(estimator, method)(sample))
        chunks = (X.chunks[0],) + tuple((size,) for size in like.shape[1:])
        return X.map_blocks(_applied, estimator=estimator, method=method, dtype=like.dtype,
                            chunks=chunks, **({"drop_axis": 1} if like.ndim == 1 else {}))
    sample = getattr(X, "_meta_nonempty", None)
    like = np.asarray(getattr(estimator, method)(sample))
    blocks = [dask.array.from_delayed(part, (np.nan, *like.shape[1:]), like.dtype)
              for part in X.map_partitions(_applied, estimator=estimator, method=method,
                                           meta=like).to_delayed()]
    return dask.array.concatenate(blocks)


def _applied(rows: Any, *, estimator: Any, method: str) -> np.ndarray:
    return np.asarray(getattr(estimator, method)(rows))
