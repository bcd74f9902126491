"""The ranks as one of them sees them, and what C calls to exchange bytes."""

from __future__ import annotations

import ctypes
import functools
import logging
import operator
import os
import threading
import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .. import catalog, errors, progress
from .._declarations import clf_communicator
from .._library import check, lib
from ..context import Context
from ..tensor import Tensor

# The blocks that are open here, outermost first; None is one of `alone`.
_blocks: ContextVar[Tuple[Optional["Ranks"], ...]] = ContextVar("libclassify.ranks", default=())
_counting = threading.Lock()
_open_blocks = 0  # of all threads
_warned = False


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


def total(value: Any) -> Any:
    """Return the sum of a number of each rank, within a block of ranks; else the number.

    Of arrays, which have the same shape on all ranks, it is an array of f64.
    """
    ranks = active()
    if ranks is None:
        return value
    values = np.asarray(value, np.float64)
    return ranks._gathered(values[np.newaxis]).sum(axis=0)[()]


@contextmanager
def alone() -> Iterator[None]:
    """Fit what this process has, also within a block of ranks."""
    outer = _blocks.get()
    _blocks.set((*outer, None))
    try:
        yield
    finally:
        _blocks.set(outer)


@contextmanager
def telling() -> Iterator[None]:
    """Within a block of ranks, tell them what a fit raises before it has met them.

    Otherwise they would wait for this rank. The call that they are in says what is raised later,
    or the end of the block does.
    """
    ranks = active()
    before = None if ranks is None else ranks._exchanges
    try:
        yield
    except Exception as error:
        if ranks is not None and ranks._exchanges == before:
            ranks._tell(error)
        raise


def active() -> Optional["Ranks"]:
    """Return the ranks whose ``with`` block this thread (or asyncio task) is in, or None."""
    global _warned
    blocks = _blocks.get()
    if not blocks and _open_blocks > 0 and not _warned:
        _warned = True
        logging.getLogger("libclassify").warning(
            "a thread fits its own rows alone while another one is in a block of ranks: a block "
            "holds for the thread that enters it")
    return blocks[-1] if blocks else None


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
        self._own: Optional[Context] = None  # for what is not a fit
        self._exchanges = 0
        self._word: Optional[bytes] = None  # what the others are about to hear
        self._label = b""  # what the others hear besides the number
        self._process = os.getpid()
        self._failed = False  # and then perhaps out of step
        types = {name: kind for name, kind in clf_communicator._fields_}
        give_up = functools.partial(_give_up, self)
        calls = {name: types[name](_Entry(functools.partial(_guarded, self, function), give_up))
                 for name, function in self._callbacks().items()}
        self._in_call = ctypes.c_int64()  # which the contexts of these ranks share
        self._calls = clf_communicator(struct_size=ctypes.sizeof(clf_communicator), rank=rank,
                                       ranks=ranks, in_call=ctypes.addressof(self._in_call),
                                       **calls)

    def _gathered(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of all ranks, in a call of all of them."""
        if self._own is None or self._own.closed:
            self._own = self._new_context(threads=1)
        mine = Tensor(rows, context=self._own)
        return Tensor._new(self._own, lib.clf_gather_rows, self._own, mine).numpy()

    def _tell(self, error: BaseException) -> None:
        """Fail the call of all ranks in which the others are, or the next one, by this error."""
        self._word = self._label + _text(error)
        try:
            self._gathered(np.zeros(()))  # which has no rows, so that the call fails
        except errors.ArgumentError:
            pass
        except BaseException as other:
            self._end(error)
            if not isinstance(other, Exception):
                raise
        finally:
            self._word = None

    def _callbacks(self) -> Dict[str, Callable[..., None]]:
        return {"all_gather": self._on_gather, "broadcast": self._on_broadcast}

    def _gather(self, mine: memoryview, everything: memoryview) -> None:
        raise NotImplementedError

    def _broadcast(self, data: memoryview, root: int) -> None:
        raise NotImplementedError

    def _on_gather(self, _user: Any, mine: int, size: int, everything: int) -> None:
        self._gather(view(mine, size), view(everything, size * self.ranks))

    def _on_broadcast(self, _user: Any, data: int, size: int, root: int) -> None:
        there = view(data, size)
        if self._word is not None and root == self.rank:  # the message of the call that fails
            word = self._word[:size - 1].ljust(size, b"\0")
            there[:] = word
        self._broadcast(there, root)

    def _leave(self, error: BaseException) -> None:
        """Make the call raise what a callback raised."""
        self._failed = True
        self._end(error)
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
                found = self._contexts[key] = self._new_context(**params)
        return found

    def _new_context(self, **params: Any) -> Context:
        context = Context(**params)
        context._communicator = self
        check(lib.clf_context_set_communicator(context.pointer, ctypes.byref(self._calls)))
        return context

    def shard_range(self, rows: int) -> Tuple[int, int]:
        """Return the first row that this rank should have, and how many, of `rows` of all."""
        return shard_range(rows, self.rank, self.ranks)

    def close(self) -> None:
        """End the connections, if the ranks have any of their own."""

    def __enter__(self) -> "Ranks":
        _count_blocks(1)
        _blocks.set((*_blocks.get(), self))
        return self

    def __exit__(self, _kind: Any, error: Optional[BaseException], _trace: Any) -> None:
        _blocks.set(_blocks.get()[:-1])
        _count_blocks(-1)
        if error is not None:
            self._end(error)

    def _end(self, error: BaseException) -> None:
        """Tell the others that this rank does not go on, where that is possible."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, rank {self.rank} of {self.ranks}>"


def _count_blocks(change: int) -> None:
    global _open_blocks
    with _counting:
        _open_blocks += change


def _text(error: BaseException) -> bytes:
    text = str(error) if isinstance(error, Exception) else ""
    return (text or type(error).__name__).encode("utf-8", "replace")


def _guarded(ranks: Ranks, function: Callable[..., None], *arguments: Any) -> int:
    try:
        ranks._exchanges += 1
        if ranks._failed:
            raise errors.PeerError("the ranks have failed before, or are closed")
        if ranks._process != os.getpid():
            raise errors.PeerError("ranks are of the process that made them, not of its children")
        function(*arguments)
        return 0
    except BaseException as error:
        _give_up(ranks, error)
        return 1


def _give_up(ranks: Ranks, error: BaseException) -> None:
    try:
        ranks._leave(error)
    except BaseException as second:  # Ctrl-C again
        ranks.close()
        progress.leave(second)


def view(address: int, size: int) -> memoryview:
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")
