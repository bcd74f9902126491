"""Fits on the rows of several processes: ranks that exchange bytes by MPI or by sockets.

Every rank calls the same functions in the same order on datasets of its own rows, and has the same
model afterwards::

    from mpi4py import MPI
    from libclassify import distributed

    with distributed.mpi(MPI.COMM_WORLD) as ranks:
        first, count = ranks.shard_range(1_000_000)
        Ridge().fit(*load(first, count))

Within the block, the estimators of `libclassify.sklearn` fit the rows of all ranks. Objects such as
`Model` do so with a context of the ranks, ``Model("ridge", context=ranks.context())``.
"""

from __future__ import annotations

from ._mpi import mpi
from ._ranks import Ranks, active, alone, shard_range, telling, total
from ._sockets import listen, sockets

__all__ = ["Ranks", "active", "alone", "listen", "mpi", "shard_range", "sockets", "telling",
           "total"]
