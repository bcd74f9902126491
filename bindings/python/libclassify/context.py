"""Contexts: the threads, seed, memory limit, log and progress that calls share."""

from __future__ import annotations

import collections
import contextlib
import ctypes
import logging
import os
import threading
import weakref
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional

from . import catalog, errors
from ._handle import Handle
from ._library import check, lib, text
from .progress import Callbacks, Progress, free

_logger = logging.getLogger("libclassify")

# A report waits for the GIL, which costs milliseconds while another Python thread is busy.
_DEFAULTS = {"progress_interval": 0.1}


class _Collected(threading.local):
    """Warnings of the fit that the thread is in, which end in one of Python's own."""

    lines: Optional[List[str]] = None


_collected = _Collected()


def _log(level: int, line: str) -> None:
    if level == logging.WARNING and _collected.lines is not None:
        _collected.lines.append(line)
    else:
        _logger.log(level, "%s", line)


@contextlib.contextmanager
def collected_warnings() -> Iterator[List[str]]:
    """Collect the warnings that contexts without a log callback report in this thread.

    What is left in the list at the end of the block goes to `logging`.
    """
    outer, _collected.lines = _collected.lines, []
    lines = _collected.lines
    try:
        yield lines
    finally:
        _collected.lines = outer
        for line in lines:
            _log(logging.WARNING, line)


class Context(Handle):
    """What calls share: threads, seed, memory limit, log and progress.

    Parameters
    ----------
    log : callable, optional
        ``log(level, message)`` receives what the library reports; the levels are those of
        `logging`, WARNING and INFO. It may be called from any thread. Without it the lines go to
        ``logging.getLogger("libclassify")``.
    progress : callable, optional
        ``progress(report)`` receives a :class:`Progress` about ten times a second, on the thread
        that made the call. `STOP` as its result ends a fit or a search with what it has; any other
        true result cancels the call, which raises :class:`~libclassify.errors.Cancelled`.
    **params
        `threads`, `seed`, `memory_limit`, `cpu` …; see ``params("context")``. Progress is reported
        every 0.1 seconds at most, unless `progress_interval` says otherwise.

    Notes
    -----
    What a callback raises cancels the call and is raised by it. An object of the library keeps its
    context alive; the context ends with the last of them.
    """

    _free = lib.clf_context_free
    _shared: "weakref.WeakValueDictionary[Optional[bytes], Context]" = weakref.WeakValueDictionary()
    _recent: "Deque[Context]" = collections.deque(maxlen=4)
    _sharing = threading.Lock()

    def __init__(self, *, log: Optional[Callable[[int, str], Any]] = None,
                 progress: Optional[Callable[[Progress], Any]] = None, **params: Any) -> None:
        for name, callback in (("log", log), ("progress", progress)):
            if callback is not None and not callable(callback):
                raise errors.TypeMismatch(
                    f"{name} must be callable, not {type(callback).__name__}"
                )
        given = catalog.to_text("context", "context", {**_DEFAULTS, **params})
        self._given = params
        self._callbacks = Callbacks(log or _log, progress)
        self._ended = False
        self._communicator: Any = None  # the ranks, whose callbacks the library calls
        self._out = ctypes.c_void_p()
        check(lib.clf_context_create(ctypes.byref(self._out), None, given))
        self._callbacks.install(self.pointer)

    @classmethod
    def shared(cls, **params: Any) -> "Context":
        """Return the context that has these parameters and no callbacks of its own.

        The same parameters give the same context as long as anything uses it, so that many models
        share one set of threads.
        """
        params = {name: params[name] for name in sorted(params) if params[name] is not None}
        key = catalog.to_text("context", "context", {**_DEFAULTS, **params})
        with cls._sharing:
            found = cls._shared.get(key)
            if found is None or found.closed:
                found = cls._shared[key] = cls(**params)
            if found not in cls._recent:
                cls._recent.append(found)
        return found

    @property
    def context(self) -> "Context":
        """The context itself."""
        return self

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._ended

    def close(self) -> None:
        """Give the context up. It ends when no object uses it any more."""
        self._ended = True

    def _release(self) -> None:
        out, self._out = self._out, None
        if out is None or out.value is None:
            return
        free(type(self)._free, out, (self._callbacks, self._communicator))

    @property
    def log(self) -> Optional[Callable[[int, str], Any]]:
        """The callback that receives the log, or None."""
        return None if self._callbacks.log is _log else self._callbacks.log

    @property
    def progress(self) -> Optional[Callable[[Progress], Any]]:
        """The callback that receives progress, or None."""
        return self._callbacks.progress

    @property
    def params(self) -> Dict[str, Any]:
        """The parameters, by name."""
        return catalog.from_text("context", "context", self._text(lib.clf_context_params))

    @property
    def threads(self) -> int:
        """How many threads a call may use, the calling one included."""
        return lib.clf_context_threads(self.pointer)

    @property
    def cpu(self) -> str:
        """The kernels in use: "generic", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16" or "amx"."""
        return text(lib.clf_context_cpu(self.pointer))

    @property
    def memory(self) -> int:
        """Bytes that are allocated through this context now."""
        return lib.clf_context_memory(self.pointer)

    @property
    def memory_peak(self) -> int:
        """The maximum number of bytes that were ever allocated through this context at once."""
        return lib.clf_context_memory_peak(self.pointer)

    def __reduce__(self) -> Any:
        # Callbacks belong to a process; the copy logs and reports by default. What was not given
        # stays at its default, so that the copy is the context which others share.
        return _shared, (self._given,)

    def __copy__(self) -> "Context":
        return self

    def __deepcopy__(self, _memo: Any) -> "Context":
        return self

    def _described(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"Context({given})"


def _forked() -> None:
    Context._sharing = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _shared(params: Dict[str, Any]) -> Context:
    return Context.shared(**params)


def context_of(context: Optional[Context]) -> Context:
    """Return a context that may be used: the given one, or the shared one with the defaults."""
    if context is None:
        return Context.shared()
    if not isinstance(context, Context):
        raise errors.TypeMismatch(f"context must be a Context, not {type(context).__name__}")
    if context.closed:
        raise errors.ArgumentError("the context is closed")
    return context
