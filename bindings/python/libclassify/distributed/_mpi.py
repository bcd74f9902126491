"""Ranks that exchange bytes by MPI."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, Sequence

from ._ranks import Ranks, view


class _MpiRanks(Ranks):
    """Ranks of an mpi4py communicator."""

    _PART = 1 << 30  # MPI counts by int

    def __init__(self, comm: Any) -> None:
        from mpi4py import MPI

        self._mpi, self._comm = MPI, comm
        super().__init__(comm.Get_rank(), comm.Get_size())

    def _callbacks(self) -> Dict[str, Callable[..., None]]:
        return {**super()._callbacks(), "all_sum": self._on_sum, "exchange": self._on_exchange}

    def _bytes(self, data: memoryview) -> Any:
        return [data, len(data), self._mpi.BYTE]

    def _gather(self, mine: memoryview, everything: memoryview) -> None:
        size = len(mine)
        if size <= self._PART:
            self._comm.Allgather(self._bytes(mine), [everything, size, self._mpi.BYTE])
            return
        everything[self.rank * size:(self.rank + 1) * size] = mine
        for root in range(self.ranks):
            self._broadcast(everything[root * size:(root + 1) * size], root)

    def _broadcast(self, data: memoryview, root: int) -> None:
        for at in range(0, len(data), self._PART):
            self._comm.Bcast(self._bytes(data[at:at + self._PART]), root)

    def _on_sum(self, _user: Any, values: int, count: int) -> None:
        data = view(values, 8 * count)
        for at in range(0, len(data), self._PART):
            part = data[at:at + self._PART]
            self._comm.Allreduce(self._mpi.IN_PLACE, [part, len(part) // 8, self._mpi.DOUBLE])

    def _on_exchange(self, _user: Any, out: int, out_bytes: int, into: int, in_bytes: int) -> None:
        pointers = ctypes.c_void_p * self.ranks
        sizes = ctypes.c_int64 * self.ranks
        sent = list(zip(pointers.from_address(out), sizes.from_address(out_bytes)))
        received = list(zip(pointers.from_address(into), sizes.from_address(in_bytes)))
        for step in range(self.ranks):
            self._swap((self.rank + step) % self.ranks, sent, (self.rank - step) % self.ranks,
                       received)

    def _swap(self, to: int, sent: Sequence[Any], source: int, received: Sequence[Any]) -> None:
        none = self._mpi.PROC_NULL
        for at in range(0, max(sent[to][1], received[source][1]), self._PART):
            parts = []
            for address, size in (sent[to], received[source]):
                count = max(0, min(self._PART, size - at))
                parts.append(view(address + at, count) if count > 0 else memoryview(b""))
            self._comm.Sendrecv(
                self._bytes(parts[0]), to if len(parts[0]) > 0 else none, 0,
                self._bytes(parts[1]), source if len(parts[1]) > 0 else none, 0)


def mpi(comm: Any = None) -> Ranks:
    """Return the ranks of an MPI communicator.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        Default ``MPI.COMM_WORLD``. It must live as long as the ranks are used. A program that
        communicates by it while a fit runs passes a duplicate, ``comm.Dup()``.

    Notes
    -----
    MPI has no time limits. When a process ends without MPI's finalization, ``mpirun`` ends the
    others; ``python -m mpi4py program.py`` makes an uncaught exception end all of them, too.
    """
    if comm is None:
        from mpi4py import MPI

        comm = MPI.COMM_WORLD
    return _MpiRanks(comm)
