"""The ranks as one of them sees them, and what C calls to exchange bytes."""

from __future__ import annotations

import ctypes
import functools
import operator
import struct
import threading
import weakref
from contextvars import ContextVar, Token
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from .. import catalog, errors, progress
from .._declarations import clf_communicator
from .._library import check, lib
from ..context import Context

_together: ContextVar[Optional["Ranks"]] = ContextVar("libclassify.ranks", default=None)


def shard_range(rows: int, rank: int, ranks: int, *,
                context: Optional[Context] = None) -> Tuple[int, int]:
    """Return the first row of a rank, and how many it should have.

    With these parts the results have the same bits for any number of ranks.

    Parameters
    ----------
    rows : int
        Of all ranks.
    rank, ranks : int
        Number of this rank, from 0, and of all.
    context : Context, optional
        For its parameter `shards`.
    """
    first, count = ctypes.c_int64(), ctypes.c_int64()
    check(lib.clf_shard_range(None if context is None else context.pointer, rows, rank, ranks,
                              ctypes.byref(first), ctypes.byref(count)))
    return first.value, count.value


def total(value: float) -> float:
    """Return the sum of a number of each rank, within a block of ranks; else the number."""
    ranks = _together.get()
    return value if ranks is None else ranks._total(value)


def active() -> Optional["Ranks"]:
    """Return the ranks whose ``with`` block this thread (or asyncio task) is in, or None."""
    return _together.get()


class _Entry:
    """What C calls: `function`, behind a generator in whose ``try`` a pending signal raises.

    An exception that leaves a ctypes callback is lost, and C would read a success.
    """

    def __init__(self, function: Callable[..., int], leave: Callable[[BaseException], Any]) -> None:
        waiting = self._wait(function, leave)
        next(waiting)
        self.take = waiting.__next__

    @staticmethod
    def _wait(function: Callable[..., int], leave: Callable[[BaseException], Any]) -> Iterator[Any]:
        answer: Callable[..., int] = function
        while True:
            try:
                yield answer
                answer = function
            except GeneratorExit:
                return
            except BaseException as error:
                leave(error)
                answer = _failed

    __call__ = property(operator.methodcaller("take"))


def _failed(*_: Any) -> int:
    return 1


class Ranks:
    """The processes that fit together, as one of them sees it; made by `mpi` or `sockets`.

    A subclass exchanges bytes: ``_gather(mine, all)`` copies the bytes of each rank to ``all``, in
    their order, and ``_broadcast(data, root)`` copies those of one. What they raise fails the call
    on this rank, and the ranks are not used again.

    Attributes
    ----------
    rank, ranks : int
        The number of this process, from 0, and how many there are.
    """

    def __init__(self, rank: int, ranks: int) -> None:
        self.rank = rank
        self.ranks = ranks
        self._contexts: "weakref.WeakValueDictionary[Any, Context]" = weakref.WeakValueDictionary()
        self._making = threading.Lock()
        self._tokens: List[Token[Optional[Ranks]]] = []
        self._failure: Optional[BaseException] = None
        types = {name: kind for name, kind in clf_communicator._fields_}
        calls = {name: types[name](_Entry(functools.partial(_guarded, self, function), self._leave))
                 for name, function in self._callbacks().items()}
        self._calls = clf_communicator(struct_size=ctypes.sizeof(clf_communicator), rank=rank,
                                       ranks=ranks, **calls)

    def _total(self, value: float) -> float:
        everything = bytearray(8 * self.ranks)
        self._gather(memoryview(struct.pack("<d", value)), memoryview(everything))
        return sum(struct.unpack(f"<{self.ranks}d", everything))

    def _callbacks(self) -> Dict[str, Callable[..., None]]:
        return {"all_gather": self._on_gather, "broadcast": self._on_broadcast}

    def _gather(self, mine: memoryview, everything: memoryview) -> None:
        raise NotImplementedError

    def _broadcast(self, data: memoryview, root: int) -> None:
        raise NotImplementedError

    def _on_gather(self, _user: Any, mine: int, size: int, everything: int) -> None:
        self._gather(view(mine, size), view(everything, size * self.ranks))

    def _on_broadcast(self, _user: Any, data: int, size: int, root: int) -> None:
        self._broadcast(view(data, size), root)

    def _leave(self, error: BaseException) -> None:
        """Make the call raise what a callback raised."""
        self._failure = error
        if not isinstance(error, errors.Error) and isinstance(error, Exception):
            told = errors.PeerError(f"rank {self.rank} of {self.ranks}: {error}")
            told.__cause__ = error
            error = told
        progress.leave(error)

    def context(self, **params: Any) -> Context:
        """Return a context whose fits include the rows of all ranks.

        Parameters
        ----------
        **params
            Of :class:`~libclassify.Context`. All but `threads` and `memory_limit` must be the same
            on all ranks. The same parameters give the same context while anything uses it.
        """
        key = catalog.to_text("context", "context", {
            name: params[name] for name in sorted(params) if params[name] is not None})
        with self._making:
            found = self._contexts.get(key)
            if found is None or found.closed:
                found = Context(**params)
                found._communicator = self
                check(lib.clf_context_set_communicator(found.pointer, ctypes.byref(self._calls)))
                self._contexts[key] = found
        return found

    def shard_range(self, rows: int) -> Tuple[int, int]:
        """Return the first row that this rank should have, and how many, of `rows` of all."""
        return shard_range(rows, self.rank, self.ranks)

    def close(self) -> None:
        """End the connections, if the ranks have any of their own."""

    def __enter__(self) -> "Ranks":
        self._tokens.append(_together.set(self))
        return self

    def __exit__(self, _kind: Any, error: Optional[BaseException], _trace: Any) -> None:
        _together.reset(self._tokens.pop())
        if error is not None:
            self._end(error)

    def _end(self, error: BaseException) -> None:
        """Tell the others that this rank does not go on, where that is possible."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, rank {self.rank} of {self.ranks}>"


def _guarded(ranks: Ranks, function: Callable[..., None], *arguments: Any) -> int:
    try:
        function(*arguments)
        return 0
    except BaseException as error:
        ranks._leave(error)
        return 1


def view(address: int, size: int) -> memoryview:
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")
