"""The context of an estimator's fit: its threads from `n_jobs`, its seed from `random_state`."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any, Dict, Optional

from .. import distributed
from ..context import Context
from ._callbacks import has_callbacks
from ._labels import seed_of


def threads_of(n_jobs: Optional[int]) -> Optional[int]:
    """Return the number of threads for `n_jobs`; None for all that the process may use.

    Inside a worker process of joblib or multiprocessing, None means one thread, since the other
    workers use the other cores. Negative numbers count down from all cores, as in joblib. Results
    have the same bits on any number.
    """
    if n_jobs is None:
        return None if multiprocessing.current_process().name == "MainProcess" else 1
    if n_jobs == 0:
        raise ValueError("n_jobs == 0 has no meaning")
    return int(n_jobs) if n_jobs > 0 else max(1, _cores() + 1 + int(n_jobs))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def context_of(estimator: Any) -> Context:
    """Return the shared context for an estimator's `n_jobs` and, where it matters, its seed.

    Within a block of ranks it is one of theirs.
    """
    params: Dict[str, Any] = {}
    threads = threads_of(getattr(estimator, "n_jobs", None))
    if threads is not None:
        params["threads"] = threads
    if estimator._random:
        params["seed"] = seed_of(estimator.random_state)
    if has_callbacks(estimator):
        params["progress_interval"] = 0  # they follow each step
    ranks = distributed.active()
    return Context.shared(**params) if ranks is None else ranks.context(**params)
