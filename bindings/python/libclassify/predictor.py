"""Predictions of single rows, in microseconds.

`Model.predict` makes a new array, dataset and results for each call, and checks and locks
whatever it is passed: some tens of microseconds, which do not matter for many rows. A predictor
makes one buffer and one dataset of it for each thread, and refills the buffer. It reserves the
memory of the predictions. What remains is the library's work and about one microsecond for ctypes.
"""

from __future__ import annotations

import ctypes
import functools
import struct
import threading
from typing import TYPE_CHECKING, Any, Callable, Tuple

import numpy as np

from . import _arrays, _labels, errors
from ._library import lib
from .context import Context
from .dataset import Dataset

if TYPE_CHECKING:
    from .model import Model


class _Desk(threading.local):
    """The buffers of the calling thread, and the calls on them; made when it first predicts."""

    def __init__(self, model: Model) -> None:
        self.row = np.zeros(model.n_features)
        self.bytes = memoryview(self.row).cast("B")
        self.dataset = Dataset(self.row.reshape(1, -1), context=model.context)
        self.label = np.zeros(1, np.int32)
        self.values = np.zeros(model.n_outputs)
        self.predict = self._call(model, lib.clf_model_predict, self.label)
        self.decide = self._call(model, lib.clf_model_decision_function_f64, self.values)
        self.prove = self._call(model, lib.clf_model_predict_proba_f64, self.values)

    def _call(self, model: Model, function: Any, out: np.ndarray) -> Callable[[], int]:
        """Return the call with arguments that ctypes need not convert."""
        return functools.partial(
            function,
            ctypes.c_void_p(model.pointer),
            ctypes.c_void_p(self.dataset.pointer),
            ctypes.c_void_p(out.ctypes.data),
            ctypes.c_int64(out.size),
        )


class Predictor:
    """Predicts one row at a time with a model as it is now; any number of threads may share it.

    The predictor has a copy of the fitted model, so that later fits neither change nor delay it.
    It computes the same as the model does for the row in float64.

    Parameters
    ----------
    model : Model
        A fitted model.
    callers : int, default 1
        How many threads predict at the same time without allocating memory. More threads may
        share the predictor; it then allocates for some of their calls.

    Examples
    --------
    >>> predict = model.predictor()  # doctest: +SKIP
    >>> predict([5.1, 3.5, 1.4, 0.2])  # doctest: +SKIP
    'setosa'
    """

    def __init__(self, model: Model, callers: int = 1) -> None:
        self._model = model.__copy__()
        self._callers = callers
        self._features = model.n_features
        self._pack = struct.Struct(f"{self._features}d").pack_into
        classes = model.classes
        self._none = _labels.with_none(classes, np.array([-1]))[-1]
        self._labels = list(classes) if model.n_classes > 0 else None
        self._desk = _Desk(self._model)
        self._reserve()
        self._regression = self._labels is None and self._desk.predict() < 0  # it has no labels

    def _reserve(self) -> None:
        """Reserve the memory of predictions, unless the model refuses a row of zeros."""
        try:
            self._model.change(lib.clf_model_reserve, self._desk.dataset, self._callers)
        except errors.DataError:
            pass

    def predict(self, row: Any) -> Any:
        """Predict the label of a row, or the target of a regression.

        Parameters
        ----------
        row : list, tuple or array_like of numbers
            As many as the model has features.

        Returns
        -------
        An element of ``model.classes``, or what `Model.predict` has for none of them. Of a
        regression a float, or float64 [outputs] if it has more than one. Of a one-class machine 0
        or -1.
        """
        if self._regression:
            values = self.decision_function(row)
            return float(values[0]) if values.size == 1 else values
        desk = self._filled(row)
        if desk.predict() < 0:
            self._run(desk.predict)
        index = desk.label[0]
        if self._labels is None:
            return int(index)
        return self._labels[index] if index >= 0 else self._none

    __call__ = predict

    def decision_function(self, row: Any) -> np.ndarray:
        """Compute the score of each class for a row, or the outputs of a regression: float64."""
        desk = self._filled(row)
        if desk.decide() < 0:
            self._run(desk.decide)
        return desk.values.copy()

    def predict_proba(self, row: Any) -> np.ndarray:
        """Compute the probability of each class for a row, float64 [classes]."""
        desk = self._filled(row)
        if desk.prove() < 0:
            self._run(desk.prove)
        return desk.values.copy()

    def _filled(self, row: Any) -> _Desk:
        """Put a row into the thread's buffer."""
        desk = self._desk
        if isinstance(row, (list, tuple)):
            try:
                self._pack(desk.bytes, 0, *row)  # three times as fast as NumPy
                return desk
            except struct.error:
                pass
        elif type(row) is np.ndarray and row.shape == desk.row.shape and row.dtype.kind in "fiu":
            desk.row[:] = row
            return desk
        desk.row[:] = self._checked(row)
        return desk

    def _checked(self, row: Any) -> np.ndarray:
        """Return anything else that stands for a row, or say what is wrong with it."""
        if hasattr(row, "tocsr"):
            raise errors.TypeMismatch("a predictor takes dense rows; pass row.toarray()")
        values = _arrays.numbers(row, "the row")
        if values.size != self._features:
            raise errors.ShapeError(
                f"the row has {values.size} values; the model was fitted on {self._features} "
                "features. Model.predict takes many rows"
            )
        return values.reshape(-1)

    def _run(self, call: Callable[[], int]) -> None:
        """Repeat a call that failed in the way in which all others run, which raises."""
        self._model.run(call.func, *(argument.value for argument in call.args[1:]))

    @property
    def context(self) -> Context:
        """The context of the model."""
        return self._model.context

    def __reduce__(self) -> Tuple[Any, ...]:
        return Predictor, (self._model, self._callers)

    def __repr__(self) -> str:
        return f"Predictor({self._model!r})"
