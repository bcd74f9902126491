"""Who may use a handle: many calls that read it, or one call that changes it.

ctypes releases the GIL for every call, so two Python threads may enter the library at once. The C
interface allows that for calls that take a const handle only; a gate keeps the others apart.
"""

from __future__ import annotations

import os
import threading
from typing import Dict, List

from .errors import ArgumentError

_held = threading.local()
_generation = 0


def _forked() -> None:
    global _generation
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Gate:
    """Lets in any number of readers, or one writer.

    The child of a fork has none of the parent's other threads, so it forgets their calls. A handle
    that one of them was changing at that moment cannot be used in the child.
    """

    __slots__ = ("condition", "readers", "writer", "generation", "broken", "changes")

    def __init__(self) -> None:
        self.broken = False
        self.changes = 0  # how often a writer was there, so that readers know what is outdated
        self._reset()

    def _reset(self) -> None:
        self.condition = threading.Condition(threading.Lock())
        self.readers = 0
        self.writer = 0
        self.generation = _generation

    def _after_fork(self) -> None:
        self.broken = self.broken or self.writer not in (0, threading.get_ident())
        self._reset()

    def enter(self, changes: bool) -> None:
        """Wait until this thread may use the handle."""
        if self.generation != _generation:
            self._after_fork()
        if self.broken:
            raise ArgumentError(
                "another thread was changing this object when the process forked: "
                "the child cannot use it"
            )
        mine = _mine().get(self)
        if mine is not None:
            if changes or mine:
                raise ArgumentError(
                    "a callback must not use an object that the call it runs in is changing, "
                    "nor change one that the call is reading"
                )
            self._count(1)
            return
        with self.condition:
            while self.writer or (changes and self.readers):
                self.condition.wait()
            if changes:
                self.writer = threading.get_ident()
            else:
                self.readers += 1

    def leave(self, changes: bool) -> None:
        """Let others in."""
        if changes:
            with self.condition:
                self.writer = 0
                self.changes += 1
                self.condition.notify_all()
        else:
            self._count(-1)

    def _count(self, readers: int) -> None:
        with self.condition:
            self.readers += readers
            if self.readers == 0:
                self.condition.notify_all()


def _mine() -> Dict[Gate, bool]:
    """Return the gates that this thread is in, and whether it changes what is behind them."""
    try:
        return _held.gates
    except AttributeError:
        _held.gates = {}
        return _held.gates


class Passage:
    """A context manager that holds several gates; taken in one order, so that none waits forever."""

    __slots__ = ("wanted", "entered", "added")

    def __init__(self, wanted: Dict[Gate, bool]) -> None:
        self.wanted = wanted
        self.entered: List[Gate] = []
        self.added: List[Gate] = []

    def __enter__(self) -> None:
        mine = _mine()
        try:
            for gate in sorted(self.wanted, key=id) if len(self.wanted) > 1 else self.wanted:
                changes = self.wanted[gate]
                gate.enter(changes)
                self.entered.append(gate)
                if gate not in mine:
                    mine[gate] = changes
                    self.added.append(gate)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        mine = _mine()
        for gate in self.added:
            mine.pop(gate, None)
        for gate in self.entered:
            gate.leave(self.wanted[gate])
