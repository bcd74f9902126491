"""scikit-learn's callbacks, which it has from version 1.9 on.

A fit is the task of its callbacks, and each report of progress a task within it: its name is the
stage, and its metadata have step, steps and loss. Fits with callbacks report every step of their
solver (`_context`). A callback that asks for an early end of the fit gets it, with what the solver
has found; where that is nothing, the callback is refused.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, Optional

from .. import errors
from ..progress import STOP, Progress, watch

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    HAS_CALLBACKS = True
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""

    HAS_CALLBACKS = False


def has_callbacks(estimator: Any) -> bool:
    """Return whether callbacks follow the fits of an estimator."""
    return hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")


def followed(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Return a fit that tells callbacks when it begins and ends, and what it does meanwhile."""
    if not HAS_CALLBACKS:
        return fit

    @functools.wraps(fit)
    def fit_followed(self: Any, X: Any, y: Any = None, *args: Any, **named: Any) -> Any:
        if not has_callbacks(self) or hasattr(self, "_callback_fit_ctx"):
            return fit(self, X, y, *args, **named)
        return _tell(self, fit, X, y, *args, **named)

    return fit_followed


def _tell(self: Any, fit: Callable[..., Any], X: Any, y: Any, *args: Any, **named: Any) -> Any:
    def work(estimator: Any) -> Any:
        context = estimator._init_callback_context(max_subtasks=None)
        weights = named.get("sample_weight", args[0] if args else None)
        arguments = {"estimator": estimator, "X": X, "y": y}
        if weights is not None:
            arguments["metadata"] = {"sample_weight": weights}
        context.call_on_fit_task_begin(**arguments)
        steps = _Steps(estimator, context)
        steps.follow(lambda: fit(estimator, X, y, *args, **named))
        context.call_on_fit_task_end(**arguments, reconstruction_attributes={})
        return estimator

    return with_callbacks(work)(self)


class _Steps:
    """The tasks within a fit, one for each report."""

    def __init__(self, estimator: Any, context: Any) -> None:
        self._estimator = estimator
        self._context = context
        self._task: Any = None
        self._metadata: Optional[dict] = None
        self._asked = False  # to end the fit early

    def follow(self, fit: Callable[[], Any]) -> None:
        """Run a fit; it ends early where a callback asks for that."""
        try:
            with watch(self._report):
                fit()
        except errors.Cancelled:
            if not self._asked:
                raise
            raise errors.Unsupported(
                f"a callback asks {type(self._estimator).__name__} to end its fit early, when it "
                "has nothing to keep: let it make more steps, limit the iterations, or raise an "
                "exception to cancel it"
            ) from None
        self._end()

    def _report(self, progress: Progress) -> Any:
        """Begin the task of a report, which ends with the next one."""
        if self._end():
            self._asked = True
            return STOP
        self._metadata = {"step": progress.step, "steps": progress.steps, "loss": progress.loss}
        self._task = self._context.subcontext(task_name=progress.stage)
        self._task.call_on_fit_task_begin(estimator=self._estimator, metadata=self._metadata)
        return None

    def _end(self) -> bool:
        """End the task that is there; return whether a callback asks to end the fit."""
        if self._task is None:
            return False
        task, self._task = self._task, None
        return bool(task.call_on_fit_task_end(estimator=self._estimator, metadata=self._metadata))
