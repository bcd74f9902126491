"""Ranks that exchange bytes by sockets."""

from __future__ import annotations

import os
import selectors
import socket
import struct
import time
import weakref
from typing import Callable, Dict, Iterator, Optional, Sequence, Tuple

from .. import errors
from ._ranks import Ranks, _text

Address = Tuple[str, int]

# What goes over a socket before its bytes: what for, the number of the exchange, and their size.
_HEAD = struct.Struct("<cqq")
_GATHER, _BROADCAST, _FAILED = b"g", b"b", b"f"
_NONCE = 32  # random bytes
# A proof that the token is known, random bytes, the number of the rank and that of all.
_HELLO = struct.Struct(f"<32s{_NONCE}sii")


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
        self._label = f"{names[rank]}: ".encode("utf-8", "replace") if names else b""
        _open.add(self)

    def _name(self, rank: int) -> str:
        return f"rank {rank} ({self._names[rank]})" if self._names else f"rank {rank}"

    def close(self) -> None:
        self._failed = self._failed or self.ranks > 1
        links, self._links = self._links, {}
        for link in links.values():
            link.close()

    def _interrupt(self) -> None:
        """Fail what another thread exchanges now, or next."""
        self._failed = self.ranks > 1
        for link in list(self._links.values()):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended

    def _end(self, error: BaseException) -> None:
        if self._links:
            text = _text(error)
            if not isinstance(error, (_Gone, TimeoutError, errors.PeerError)):
                text = f"{self._name(self.rank)}: ".encode("utf-8", "replace") + text
            self._tell_failure(text)
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
        waiting = set(ranks)
        with selectors.DefaultSelector() as selector:
            for rank in ranks:
                selector.register(self._links[rank], selectors.EVENT_READ, rank)
            while waiting:
                left = None if until is None else max(0, until - time.monotonic())
                ready = selector.select(left)
                if not ready:
                    late = ", ".join(self._name(rank) for rank in sorted(waiting))
                    raise TimeoutError(f"{late} has sent nothing for {self._timeout:g} seconds")
                for key, _ in ready:
                    selector.unregister(key.fileobj)
                    waiting.remove(key.data)
                    yield key.data

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


_open: "weakref.WeakSet[_SocketRanks]" = weakref.WeakSet()


def _forked() -> None:
    """Close the parent's connections in a child, so that they end with the parent."""
    for ranks in list(_open):
        ranks.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


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


def _proof(token: bytes, who: bytes, *said: bytes) -> bytes:
    """Return what shows that its sender knows the token, without the token."""
    import hmac  # late, because it loads OpenSSL

    return hmac.new(token, b"libclassify " + who + b"".join(said), "sha256").digest()


def _same(one: bytes, other: bytes) -> bool:
    import hmac

    return hmac.compare_digest(one, other)


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ipaddress.ip_address(each[4][0].split("%")[0]).is_loopback for each in found)


def _welcome(link: socket.socket, ranks: int, token: bytes, until: float) -> Tuple[int, bytes]:
    """Ask who has connected; return which rank it is, 0 for none, and what proves rank 0 to it."""
    asked, hello = os.urandom(_NONCE), bytearray(_HELLO.size)
    try:
        _limit(link, until)
        link.sendall(asked)
        _receive(link, memoryview(hello), until)
    except OSError:
        return 0, b""
    proof, said, rank, theirs = _HELLO.unpack(hello)
    known = _same(proof, _proof(token, b"rank", asked, hello[32:]))
    if not known or theirs != ranks or not 0 < rank < ranks:
        return 0, b""
    return rank, _proof(token, b"root", asked, said)


def _accept(listener: socket.socket, ranks: int, token: bytes, until: float,
            name: Callable[[int], str]) -> Dict[int, socket.socket]:
    links: Dict[int, socket.socket] = {}
    answers: Dict[int, bytes] = {}
    try:
        while len(links) < ranks - 1:
            listener.settimeout(max(0.001, until - time.monotonic()))
            try:
                link = listener.accept()[0]
            except socket.timeout:
                late = ", ".join(name(r) for r in range(1, ranks) if r not in links)
                raise errors.PeerError(f"{late} did not connect in time") from None
            try:
                rank, answer = _welcome(link, ranks, token, min(until, time.monotonic() + 5))
            except BaseException:
                link.close()
                raise
            if rank == 0 or rank in links:
                link.close()  # somebody else
                continue
            _keep_alive(link)
            links[rank], answers[rank] = link, answer
        for rank, link in links.items():
            link.settimeout(5)
            link.sendall(answers[rank])
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
            asked, said, answer = bytearray(_NONCE), os.urandom(_NONCE), bytearray(32)
            _receive(link, memoryview(asked), until)
            hello = said + struct.pack("<ii", rank, ranks)
            link.sendall(_proof(token, b"rank", asked, hello) + hello)
            _receive(link, memoryview(answer), until)
            if not _same(bytes(answer), _proof(token, b"root", asked, said)):
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
        A secret of these ranks, needed unless all are on one machine: connections of others are
        closed. What is sent is not encrypted.
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
    host = address[0] if listener is None else listener.getsockname()[0]
    if ranks > 1 and not token and not _is_loopback(host):
        raise errors.ArgumentError(f"{host} is there for other machines, too: ranks need a token, the "
                                   "same on all")
    if rank != 0:
        return _SocketRanks(rank, ranks, {0: _connect(address, rank, ranks, token, until, name)},
                            timeout, names)
    own = listener if listener is not None else listen(*address)
    try:
        return _SocketRanks(0, ranks, _accept(own, ranks, token, until, name), timeout, names)
    finally:
        own.close()
