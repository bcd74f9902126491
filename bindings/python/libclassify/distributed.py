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

import ctypes
import functools
import operator
import select
import socket
import struct
import threading
import time
import weakref
from contextvars import ContextVar, Token
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from . import catalog, errors, progress
from ._declarations import clf_communicator
from ._library import check, lib
from .context import Context

_together: ContextVar[Optional["Ranks"]] = ContextVar("libclassify.ranks", default=None)

Address = Tuple[str, int]


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
        self._gather(_view(mine, size), _view(everything, size * self.ranks))

    def _on_broadcast(self, _user: Any, data: int, size: int, root: int) -> None:
        self._broadcast(_view(data, size), root)

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


def _view(address: int, size: int) -> memoryview:
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")


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
        data = _view(values, 8 * count)
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
                parts.append(_view(address + at, count) if count > 0 else memoryview(b""))
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


# What goes over a socket before its bytes: what for, the number of the exchange, and their size.
_HEAD = struct.Struct("<cqq")
_GATHER, _BROADCAST, _FAILED = b"g", b"b", b"f"
_HELLO = struct.Struct("<32sii")


class _Gone(ConnectionError):
    """A rank ended its connection."""


class _SocketRanks(Ranks):
    """Ranks that send everything by way of rank 0.

    A rank that ends, however it ends, ends its connection. Rank 0 then tells all others which one
    it was. So nobody waits for a process that is no more.
    """

    def __init__(self, rank: int, ranks: int, links: Dict[int, socket.socket],
                 timeout: Optional[float], names: Sequence[str]) -> None:
        self._links = links
        self._timeout = timeout
        self._names = names
        self._number = 0
        super().__init__(rank, ranks)

    def _name(self, rank: int) -> str:
        return f"rank {rank} ({self._names[rank]})" if self._names else f"rank {rank}"

    def close(self) -> None:
        for link in self._links.values():
            link.close()
        self._links = {}

    def _leave(self, error: BaseException) -> None:
        self._end(error)
        super()._leave(error)

    def _end(self, error: BaseException) -> None:
        if self._links:
            text = str(error) if isinstance(error, Exception) else type(error).__name__
            if not isinstance(error, (_Gone, TimeoutError, errors.PeerError)):
                text = f"{self._name(self.rank)}: {text}"
            self._tell_failure(text.encode())
        self.close()

    def _tell_failure(self, text: bytes) -> None:
        for link in self._links.values():
            try:
                link.settimeout(1)
                link.sendall(_HEAD.pack(_FAILED, self._number, len(text)) + text)
            except OSError:
                pass  # that rank has ended, or does not read

    def _link(self, rank: int) -> socket.socket:
        if rank not in self._links:
            raise errors.PeerError("the ranks have failed before, or are closed")
        return self._links[rank]

    def _patience(self) -> Optional[float]:
        """How long to wait; for rank 0 long enough that it is the first to say for whom it waits."""
        if self._timeout is None:
            return None
        return self._timeout if self.rank == 0 else 2 * self._timeout + 1

    def _deadline(self) -> Optional[float]:
        patience = self._patience()
        return None if patience is None else time.monotonic() + patience

    def _send(self, rank: int, what: bytes, data: memoryview, until: Optional[float]) -> None:
        link = self._link(rank)
        try:
            _limit(link, until)
            link.sendall(_HEAD.pack(what, self._number, len(data)))
            link.sendall(data)
        except socket.timeout:
            raise TimeoutError(f"{self._name(rank)} has not read for {self._patience():g} seconds")
        except OSError as error:
            self._told(rank)
            raise _Gone(f"{self._name(rank)} has ended its connection: {error}")

    def _told(self, rank: int) -> None:
        """Raise what rank 0 has sent about a failure before its connection ended."""
        if self.rank == 0:
            return
        try:
            self._links[rank].settimeout(1)
            self._read_head(rank)
        except errors.Error:
            raise
        except OSError:
            pass  # it was killed

    def _read_head(self, rank: int) -> Tuple[bytes, int, int]:
        head = bytearray(_HEAD.size)
        _receive(self._links[rank], memoryview(head), None)
        what, number, size = _HEAD.unpack(head)
        if what == _FAILED:
            text = bytearray(min(size, 4096))
            _receive(self._links[rank], memoryview(text), None)
            raise errors.PeerError(text.decode("utf-8", "replace"))
        return what, number, size

    def _receive(self, rank: int, what: bytes, data: memoryview, until: Optional[float]) -> None:
        link = self._link(rank)
        try:
            _limit(link, until)
            found = self._read_head(rank)
            if found != (what, self._number, len(data)):
                raise errors.PeerError(f"{self._name(rank)} is out of step: it sends {found}, where "
                                       f"{(what, self._number, len(data))} is due")
            _receive(link, data, until)
        except socket.timeout:
            raise TimeoutError(
                f"{self._name(rank)} has sent nothing for {self._patience():g} seconds")
        except errors.Error:
            raise
        except OSError as error:
            raise _Gone(f"{self._name(rank)} has ended its connection ({error})")

    def _ready(self, ranks: Sequence[int], until: Optional[float]) -> Iterator[int]:
        """Give the ranks in the order in which they have something to read, or have ended."""
        waiting = {self._links[rank]: rank for rank in ranks}
        while waiting:
            left = None if until is None else max(0, until - time.monotonic())
            ready = select.select(list(waiting), [], [], left)[0]
            if not ready:
                late = ", ".join(self._name(rank) for rank in sorted(waiting.values()))
                raise TimeoutError(f"{late} has sent nothing for {self._timeout:g} seconds")
            for link in ready:
                yield waiting.pop(link)

    def _gather(self, mine: memoryview, everything: memoryview) -> None:
        self._number += 1
        until, size = self._deadline(), len(mine)
        if self.rank != 0:
            self._send(0, _GATHER, mine, until)
            self._receive(0, _GATHER, everything, until)
            return
        everything[:size] = mine
        for rank in self._ready(sorted(self._links), until):
            self._receive(rank, _GATHER, everything[rank * size:(rank + 1) * size], until)
        for rank in self._links:
            self._send(rank, _GATHER, everything, until)

    def _broadcast(self, data: memoryview, root: int) -> None:
        self._number += 1
        until = self._deadline()
        if self.rank == root and root != 0:
            self._send(0, _BROADCAST, data, until)
        elif self.rank != 0:
            self._receive(0, _BROADCAST, data, until)
        if self.rank == 0:
            if root != 0:
                self._receive(root, _BROADCAST, data, until)
            for rank in self._links:
                if rank != root:
                    self._send(rank, _BROADCAST, data, until)


def _limit(link: socket.socket, until: Optional[float]) -> None:
    link.settimeout(None if until is None else max(0.001, until - time.monotonic()))


def _receive(link: socket.socket, data: memoryview, until: Optional[float]) -> None:
    at = 0
    while at < len(data):
        if until is not None:
            _limit(link, until)
        count = link.recv_into(data[at:])
        if count == 0:
            raise _Gone("nothing more comes")
        at += count


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return the socket on which rank 0 waits for the others; its address is ``getsockname()``.

    Parameters
    ----------
    host : str
        A name or address of this machine that the others reach. The default is for processes of one
        machine.
    port : int
        0 for any that is free.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _keep_alive(link: socket.socket) -> None:
    """Notice within a minute that the other machine is gone, which ends no connection."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3),
                        ("TCP_USER_TIMEOUT", 60000)):
        if hasattr(socket, name):
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _secret(token: bytes) -> bytes:
    import hmac  # late, because it loads OpenSSL

    return hmac.new(token, b"libclassify ranks", "sha256").digest()


def _same(one: bytes, other: bytes) -> bool:
    import hmac

    return hmac.compare_digest(one, other)


def _accept(listener: socket.socket, ranks: int, token: bytes, until: float,
            name: Callable[[int], str]) -> Dict[int, socket.socket]:
    links: Dict[int, socket.socket] = {}
    try:
        while len(links) < ranks - 1:
            listener.settimeout(max(0.001, until - time.monotonic()))
            try:
                link = listener.accept()[0]
            except socket.timeout:
                late = ", ".join(name(r) for r in range(1, ranks) if r not in links)
                raise errors.PeerError(f"{late} did not connect in time") from None
            hello = bytearray(_HELLO.size)
            try:
                link.settimeout(5)
                _receive(link, memoryview(hello), None)
                secret, rank, theirs = _HELLO.unpack(hello)
            except OSError:
                link.close()
                continue
            known = _same(secret, _secret(token))
            if not known or theirs != ranks or not 0 < rank < ranks or rank in links:
                link.close()  # somebody else
                continue
            _keep_alive(link)
            links[rank] = link
        for link in links.values():
            link.settimeout(5)
            link.sendall(_secret(token))
    except BaseException:
        for link in links.values():
            link.close()
        raise
    return links


def _connect(address: Address, rank: int, ranks: int, token: bytes, until: float,
             name: Callable[[int], str]) -> socket.socket:
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise errors.PeerError(f"{name(0)} at {address[0]}:{address[1]} cannot be reached")
        link = None
        try:
            link = socket.create_connection(address, timeout=left)
            link.sendall(_HELLO.pack(_secret(token), rank, ranks))
            answer = bytearray(32)
            _receive(link, memoryview(answer), until)
            if not _same(bytes(answer), _secret(token)):
                raise errors.PeerError(f"{address[0]}:{address[1]} is not rank 0 of these ranks")
            _keep_alive(link)
            return link
        except (OSError, ValueError) as error:
            if link is not None:
                link.close()
            if isinstance(error, errors.Error):
                raise
            time.sleep(min(0.05, max(0.0, left)))
        except BaseException:
            if link is not None:
                link.close()
            raise


def sockets(rank: int, ranks: int, address: Address, *, token: bytes = b"",
            listener: Optional[socket.socket] = None, timeout: Optional[float] = None,
            connect_timeout: float = 60, names: Sequence[str] = ()) -> Ranks:
    """Connect processes by sockets, without MPI.

    All bytes pass through rank 0, which sends what `ranks` processes need: right for some tens of
    them, or for small models; MPI is faster.

    Parameters
    ----------
    rank, ranks : int
        Number of this process, from 0, and of all.
    address : (host, port)
        Where rank 0 listens, and the others connect.
    token : bytes, optional
        A secret of these ranks: connections of others are closed. What is sent is not encrypted.
    listener : socket, optional
        Of `listen`, for rank 0, whose address is then known before; it is closed here.
    timeout : float, optional
        Seconds for which an exchange waits for a rank; the call then fails on all. The default
        waits as long as the process is there, since another rank may compute for hours. A process
        that ends, or a machine that is gone for a minute, is noticed in any case.
    connect_timeout : float
        Seconds for which the ranks wait for each other here.
    names : sequence of str, optional
        What messages call the ranks, in addition to their numbers.
    """
    until = time.monotonic() + connect_timeout

    def name(number: int) -> str:
        return f"rank {number} ({names[number]})" if names else f"rank {number}"

    if not 0 <= rank < ranks:
        raise errors.ArgumentError(f"rank {rank} of {ranks} ranks; it must be 0 to {ranks - 1}")
    if rank != 0:
        return _SocketRanks(rank, ranks, {0: _connect(address, rank, ranks, token, until, name)},
                            timeout, names)
    own = listener if listener is not None else listen(*address)
    try:
        return _SocketRanks(0, ranks, _accept(own, ranks, token, until, name), timeout, names)
    finally:
        own.close()
