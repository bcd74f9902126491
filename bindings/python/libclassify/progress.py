"""How long calls run: Ctrl-C, what callbacks raise, progress and time limits.

While a call of the library runs, the library asks a callback on the calling thread whether to go
on. Python runs signal handlers only between bytecodes of its main thread, so that is where Ctrl-C
is noticed, and what its handler raises must come out of the call. Two facts make this delicate:

- an exception that leaves a ctypes callback is printed and lost;
- a pending signal raises at the first bytecode of the function that runs next, before any `try`.

So the code that C calls is a generator that waits within its `try` (`Listener._listen`). Each
thread has its own, and only C code of Python, without bytecodes, is on the way to it:
`operator.getitem` and `property` look it up among the attributes of the thread.
"""

from __future__ import annotations

import atexit
import collections
import ctypes
import itertools
import logging
import operator
import os
import threading
import time
from contextvars import ContextVar, Token
from typing import (
    Any,
    Callable,
    Deque,
    Generator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from ._bar import Bar
from ._declarations import (
    CLF_LOG_INFO,
    CLF_LOG_WARNING,
    CLF_PROGRESS_CANCEL,
    CLF_PROGRESS_GO,
    CLF_PROGRESS_STOP,
    clf_progress,
)
from ._library import check, lib, text
from .errors import ArgumentError, Cancelled, TimeLimitReached, TypeMismatch, of_status


class Progress(NamedTuple):
    """What a long call reports.

    Attributes
    ----------
    stage : str
        Names the work: the kind that is fitted, "predict", "read" …
    step, steps : int
        Steps done, and in all (an upper bound for iterative solvers; 0 where it is not known).
    loss, metric : float
        The current objective and score; NaN where they do not apply.
    seconds : float
        Since the call began.
    """

    stage: str
    step: int
    steps: int
    loss: float
    metric: float
    seconds: float


Report = Callable[[Progress], Any]

#: What a report of progress returns to end the call now and keep what there is.
STOP: int = CLF_PROGRESS_STOP


def _answer(reported: Any) -> int:
    """Return the answer that the library gets for the result of a report."""
    if isinstance(reported, int) and reported == STOP:
        return STOP
    return CLF_PROGRESS_CANCEL if reported else CLF_PROGRESS_GO


def _stronger(first: int, second: int) -> int:
    """Return the answer of two reports: one that cancels counts more than one that stops."""
    return CLF_PROGRESS_CANCEL if CLF_PROGRESS_CANCEL in (first, second) else max(first, second)


_Waiting = Generator[Any, Any, None]
_LEVELS = {CLF_LOG_WARNING: logging.WARNING, CLF_LOG_INFO: logging.INFO}


class Callbacks:
    """What the callbacks of a context lead to; the `user` of both."""

    __slots__ = ("log", "progress", "late_errors", "__weakref__")

    def __init__(
        self, log: Callable[[int, str], Any], progress: Optional[Report]
    ) -> None:
        self.log = log
        self.progress = progress
        self.late_errors: List[BaseException] = []  # what `log` raised on a thread of the library


    def install(self, context: Any) -> None:
        """Become the callbacks of a new context of the library."""
        check(lib.clf_context_set_progress(context, _ON_PROGRESS, id(_thread)))
        check(lib.clf_context_set_log(context, _ON_LOG, id(self)))


def _on_log(callbacks: Callbacks, level: int, message: bytes) -> None:
    _thread.logs += 1
    try:
        callbacks.log(_LEVELS.get(level, logging.INFO), text(message) or "")
    except BaseException as error:  # comes out of the call that logged
        listener = _thread.listener
        if listener is None or listener.depth == 0:
            callbacks.late_errors.append(error)
        elif listener.error is None:
            listener.error = error
    finally:
        _thread.logs -= 1


class _Thread(threading.local):
    """How C reaches the listener of the calling thread. The library's own threads have none."""

    listener: Optional[Listener] = None
    logs = 0  # log callbacks that the thread is in
    stopped = False  # whether its last call was ended by STOP
    ask: Callable[[Optional[int]], int] = (0).__and__  # 0: go on
    take_log: Callable[[], Callable[..., None]] = itertools.repeat(_on_log).__next__
    __getitem__ = property(operator.attrgetter("ask"))
    __call__ = property(operator.methodcaller("take_log"))


_thread = _Thread()
_ON_PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.py_object, ctypes.c_void_p)(operator.getitem)
_ON_LOG = ctypes.CFUNCTYPE(None, ctypes.py_object, ctypes.c_int32, ctypes.c_char_p)(_thread)


class Listener:
    """What callbacks leave for the call that their thread is in."""

    __slots__ = ("depth", "error", "callbacks", "watch", "stopped")

    def __init__(self) -> None:
        self.depth = 0  # calls that the thread is in: more than one where a callback makes calls
        self.error: Optional[BaseException] = None  # cancels the call, which raises it
        self.callbacks: Optional[Callbacks] = None
        self.watch: Optional[watch] = None
        self.stopped = False  # whether a report has answered STOP
        _thread.ask = self._begin(self._step, 0, 1).send
        _thread.take_log = self._begin(lambda _: _on_log, _on_log, _on_log).__next__
        _thread.listener = self

    def _begin(self, answer_to: Callable[[Any], Any], first: Any, failed: Any) -> _Waiting:
        waiting = self._listen(answer_to, first, failed)
        next(waiting)
        return waiting

    def _listen(self, answer_to: Callable[[Any], Any], first: Any, failed: Any) -> _Waiting:
        """Answer what C asks. What is raised here, by a signal or a callback, becomes `error`.

        A second signal may raise where the first one is handled, so there are two `try`.
        """
        answer, called = first, False
        while True:
            try:
                while True:
                    try:
                        called = False
                        asked = yield answer
                        called = True
                        answer = answer_to(asked)
                    except BaseException as error:
                        if isinstance(error, GeneratorExit) and not called:
                            return  # the thread ends
                        error.__context__ = self.error
                        self.error, answer = error, failed
            except BaseException as error:
                error.__context__ = self.error
                self.error, answer = error, failed

    def _step(self, address: int) -> int:
        callbacks, inner = self.callbacks, self.watch
        if self.error is not None or (_ending and not _in_main_thread()):
            return 1
        if callbacks is None:  # a predictor's call, which does not pass by call()
            return 0
        if callbacks.late_errors:
            return 1
        if callbacks.progress is None and inner is None:
            return 0
        progress = _read(address)
        answer = CLF_PROGRESS_GO
        if callbacks.progress is not None:
            answer = _answer(callbacks.progress(progress))
        while inner is not None:
            answer = _stronger(inner.tell(progress), answer)
            inner = inner.outer
        self.stopped = answer == STOP
        return answer


def _read(address: int) -> Progress:
    c = clf_progress.from_address(address)
    return Progress(text(c.stage) or "", c.step, c.steps, c.loss, c.metric, c.seconds)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


_busy: Set[Listener] = set()  # threads that are in a call
_ending = False  # the interpreter
_late: Deque[Tuple[Callable[[Any], None], Any, Any]] = collections.deque()


def call(callbacks: Callbacks, function: Callable[..., Any], values: Sequence[Any]) -> Any:
    """Call a function of the library on a context that has these callbacks.

    What was raised meanwhile, by a signal or by a callback, comes out when the call has ended; else
    a negative status is raised as an :class:`~libclassify.errors.Error`.
    """
    listener = _thread.listener or Listener()
    _raise_left(listener)
    within = _innermost.get()
    if within is not None:
        within.begin(function.__name__)
    outer = listener.error, listener.callbacks, listener.watch, listener.stopped
    try:
        listener.depth += 1
        _busy.add(listener)
        listener.callbacks, listener.watch, listener.stopped = callbacks, within, False
        result = function(*values)
        failed = function.restype is ctypes.c_int32 and result < 0
        message = text(lib.clf_last_error()) if failed else None
    finally:
        error, _thread.stopped = listener.error, listener.stopped
        listener.error, listener.callbacks, listener.watch, listener.stopped = outer
        listener.depth -= 1
        if listener.depth == 0:
            _busy.discard(listener)
            _free_late()
    if error is None and callbacks.late_errors:
        error = callbacks.late_errors.pop()
    if error is not None:
        try:
            raise error
        finally:
            error = None  # or its traceback, which has this frame, would keep it
    if failed:
        raise of_status(result, message or "")
    return result


def leave(error: BaseException) -> None:
    """Make the call that this thread is in raise `error`, unless it has another one already."""
    listener = _thread.listener
    if listener is not None and listener.depth > 0 and listener.error is None:
        listener.error = error


def was_stopped() -> bool:
    """Return whether a report has ended the last call of this thread by `STOP`."""
    return _thread.stopped


def _raise_left(listener: Listener) -> None:
    """Raise what a predictor's call has left, since that does not pass here."""
    if _ending and not _in_main_thread():
        raise Cancelled("the interpreter is ending")
    if listener.error is not None and listener.depth == 0:
        error, listener.error = listener.error, None
        raise error


def free(function: Callable[[Any], None], pointer: Any, keeps: Any) -> None:
    """Free a context, which the library forbids within callbacks: then when the call has ended."""
    listener = _thread.listener
    if _thread.logs > 0 or (listener is not None and listener.depth > 0):
        _late.append((function, pointer, keeps))
    else:
        function(pointer)


def _free_late() -> None:
    while _late:
        try:
            function, pointer, _ = _late.popleft()
        except IndexError:  # another thread was faster
            return
        function(pointer)


def _number(kind: Callable[[Any], Any], name: str, value: Any) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise TypeMismatch(f"{name} must be a number, not {value!r}") from None


class watch:
    """Shows the progress of the long calls within a `with` block, and limits them.

    It holds for the calls of the thread (or of the asyncio task, and of what the task runs by
    ``asyncio.to_thread``). When the block is left, calls within it that still run in other threads
    are cancelled.

    Parameters
    ----------
    report : callable, optional
        ``report(progress)`` receives a :class:`Progress` about ten times a second, on the thread
        that made the call. `STOP` as its result ends a fit or a search with what it has; any other
        true result cancels the call, which raises :class:`~libclassify.errors.Cancelled`; an
        exception cancels it and comes out of it.
    verbose : int or bool, default 0
        1 shows a bar where stderr is a terminal or a notebook, and nothing elsewhere; from 2 on it
        is shown everywhere, as lines. The bar is tqdm's where that is installed.
    time_limit : float, optional
        Seconds from the entry of the block. A call that still runs then raises
        :class:`~libclassify.errors.TimeLimitReached` within a second, and what it works on stays as
        it was; so does each call within the block that begins later.

    Examples
    --------
    >>> with watch(verbose=1, time_limit=60):  # doctest: +SKIP
    ...     model.fit(train)

    Keep what a fit has found after a minute:

    >>> with watch(lambda progress: STOP if progress.seconds > 60 else None):  # doctest: +SKIP
    ...     model.fit(train)
    """

    def __init__(
        self,
        report: Optional[Report] = None,
        *,
        verbose: int = 0,
        time_limit: Optional[float] = None,
    ) -> None:
        if report is not None and not callable(report):
            raise TypeMismatch(f"report must be callable, not {type(report).__name__}")
        self._report = report
        self._verbose = _number(operator.index, "verbose", verbose)
        self._time_limit: Optional[float] = None
        if time_limit is not None:
            self._time_limit = _number(float, "time_limit", time_limit)
            if not self._time_limit > 0:
                raise ArgumentError(f"time_limit must be above 0 seconds, not {time_limit}")
        self.outer: Optional[watch] = None
        self._token: Optional[Token[Optional[watch]]] = None

    def __enter__(self) -> watch:
        if self._token is not None:
            raise ArgumentError("this watch is in use already; make one for each block")
        self._cancelled = False
        self._bar = Bar(self._verbose)
        self._began = time.monotonic()
        self.outer = _innermost.get()
        self._token = _innermost.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _innermost.reset(self._token)
            self._token = None
            self._cancelled = True
            self._bar.close()

    def cancel(self) -> None:
        """Cancel the calls within the block, also those to come; any thread may say so."""
        self._cancelled = True

    def _is_late(self) -> bool:
        return (self._time_limit is not None
                and time.monotonic() - self._began >= self._time_limit)

    def begin(self, name: str) -> None:
        """Refuse a call that begins after the time limit, or after `cancel`."""
        if self._is_late():
            raise TimeLimitReached(
                f"time_limit={self._time_limit:g} seconds is over before {name}"
            )
        if self._cancelled:
            raise Cancelled(f"{name}: the block that it is called in was cancelled")
        if self.outer is not None:
            self.outer.begin(name)

    def tell(self, progress: Progress) -> int:
        """Receive what a call reports; return whether it goes on."""
        if self._is_late():
            raise TimeLimitReached(
                f"{progress.stage}: time_limit={self._time_limit:g} seconds is over at step "
                f"{progress.step} of {progress.steps}"
            )
        self._bar.show(progress)
        answer = CLF_PROGRESS_GO if self._report is None else _answer(self._report(progress))
        return CLF_PROGRESS_CANCEL if self._cancelled else answer


_innermost: ContextVar[Optional[watch]] = ContextVar("libclassify.watch", default=None)


def _end() -> None:
    """Cancel the calls of daemon threads: a thread that returns from C into an interpreter that has
    ended is stopped in the middle, while the library's threads still work for it."""
    global _ending
    _ending = True
    patience = time.monotonic() + 5
    while _busy - {_thread.listener} and time.monotonic() < patience:
        time.sleep(0.01)


def _forked() -> None:
    """Forget the parent's other threads."""
    _busy.intersection_update({_thread.listener})


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
