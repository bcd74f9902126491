"""Who may use a handle: many calls that read it, or one call that changes it.

ctypes releases the GIL for every call, so two Python threads may enter the library at once. The C
interface allows that for calls that take a const handle only; a gate keeps the others apart.

Ctrl-C may raise between any two bytecodes, so code that lets go of a gate may never run. A gate
therefore remembers the frame that took it: a hold whose frame its thread no longer executes is void.
"""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType
from typing import Dict, List, Optional, Tuple

from .errors import ArgumentError

_PATIENCE = 0.05  # seconds until a waiting thread looks for holds that are void
_FEW = 16  # holds from which on those that are void are looked for
_generation = 0


def _forked() -> None:
    global _generation
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Hold:
    """A thread's use of a handle, by a frame that it executes."""

    __slots__ = ("thread", "frame", "changes")

    def __init__(self, frame: Optional[FrameType], changes: bool) -> None:
        self.thread = threading.get_ident()
        self.frame = frame
        self.changes = changes

    def void(self) -> bool:
        """Whether the thread has left the frame, without saying so."""
        frame = sys._current_frames().get(self.thread)
        while frame is not None:
            if frame is self.frame:
                return False
            frame = frame.f_back
        return True


class Gate:
    """Lets in any number of readers, or one writer.

    The child of a fork has none of the parent's other threads, so it forgets their holds. A handle
    that one of them was changing at that moment cannot be used in the child.

    Attributes
    ----------
    changes : int
        Grows with every writer, so that readers know what is outdated.
    """

    __slots__ = ("lock", "holds", "many", "waiting", "generation", "broken", "changes")

    def __init__(self) -> None:
        self.broken = False
        self.changes = 0
        self._reset()

    def _reset(self) -> None:
        self.lock = threading.RLock()  # a signal's handler may use the handle that its thread uses
        self.holds: List[Hold] = []
        self.many = _FEW
        self.waiting: List[threading.Lock] = []
        self.generation = _generation

    def _after_fork(self) -> None:
        me = threading.get_ident()
        self.broken = self.broken or any(h.changes and h.thread != me for h in self.holds)
        self._reset()

    def enter(self, changes: bool, frame: Optional[FrameType]) -> Hold:
        """Wait until this thread may use the handle, and take it for a frame of the thread."""
        if self.generation != _generation:
            self._after_fork()
        if self.broken:
            raise ArgumentError(
                "another thread was changing this object when the process forked: "
                "the child cannot use it"
            )
        hold = Hold(frame, changes)
        while True:
            with self.lock:
                if not self.holds or not self._in_the_way(hold):
                    if len(self.holds) >= self.many:
                        self._drop_void()
                    self.holds.append(hold)
                    self.changes += changes
                    return hold
                wake = threading.Lock()
                wake.acquire()
                self.waiting.append(wake)
            wake.acquire(timeout=_PATIENCE)

    def _in_the_way(self, wanted: Hold) -> bool:
        """Return whether to wait for another thread. Void holds are dropped.

        Waiting for itself, in a callback, would never end, and is refused.
        """
        others = False
        for hold in list(self.holds):
            if not (wanted.changes or hold.changes):
                continue
            if hold.void():
                self.holds.remove(hold)
            elif hold.thread == wanted.thread:
                raise ArgumentError(
                    "a callback must not use an object that the call it runs in is changing, "
                    "nor change one that the call is reading"
                )
            else:
                others = True
        return others

    def _drop_void(self) -> None:
        self.holds = [hold for hold in self.holds if not hold.void()]
        self.many = max(_FEW, 2 * len(self.holds))

    def leave(self, hold: Hold) -> None:
        """Let others in."""
        with self.lock:
            if hold in self.holds:
                self.holds.remove(hold)
            waiting, self.waiting = self.waiting, []
        for wake in waiting:
            wake.release()


class Passage:
    """A context manager that holds several gates; taken in one order, so that none waits forever."""

    __slots__ = ("wanted", "entered")

    def __init__(self, wanted: Dict[Gate, bool]) -> None:
        self.wanted = wanted
        self.entered: List[Tuple[Gate, Hold]] = []

    def __enter__(self) -> None:
        frame = sys._getframe(1)
        gates = sorted(self.wanted, key=id) if len(self.wanted) > 1 else self.wanted
        try:
            for gate in gates:
                self.entered.append((gate, gate.enter(self.wanted[gate], frame)))
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        while self.entered:
            gate, hold = self.entered.pop()
            gate.leave(hold)
