"""Sequences step by step: a fitted recurrent network reads a stream as it arrives."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _arrays, errors
from ._handle import Handle
from ._library import lib
from .model import Model


class Sequence(Handle):
    """The state of a network after the steps that it has read.

    Parameters
    ----------
    model : Network
        Fitted, with recurrent layers that read forward only. The sequence keeps it; once it is
        fitted again, the sequence is over.
    """

    _free = lib.clf_sequence_free

    def __init__(self, model: Model) -> None:
        self._fits = model._fits
        self._make(model.context, lib.clf_sequence_create, model, keeps=model)

    def _check(self) -> Model:
        model = self._keeps
        if model._fits != self._fits:
            raise errors.ArgumentError(
                "the network was changed after this sequence began; begin another"
            )
        return model

    def feed(self, steps: Any) -> "Sequence":
        """Read steps, [count, features of a step], or ids of tokens, [count]; returns itself."""
        array = np.ascontiguousarray(_arrays.numbers(steps, "steps"), np.float32)
        features = self.n_features
        if array.ndim == 0 or array.ndim > 2 or array.size != len(array) * features:
            raise errors.ShapeError(
                f"steps have shape {list(array.shape)}; it must be [count, {features}]"
            )
        self._change(lib.clf_sequence_feed, array.ctypes.data, len(array))
        return self

    def _change(self, function: Any, *arguments: Any) -> Any:
        model = self._check()
        with model.reading():
            return self.change(function, *arguments)

    def reset(self) -> "Sequence":
        """Forget all steps; returns itself."""
        self._change(lib.clf_sequence_reset)
        return self

    @property
    def n_features(self) -> int:
        """The number of features of a step; 1 for ids of tokens."""
        return self.run(lib.clf_sequence_features)

    @property
    def steps(self) -> int:
        """How many steps were read since the beginning or the last reset."""
        return self.run(lib.clf_sequence_steps)

    def __len__(self) -> int:
        return self.steps

    def __bool__(self) -> bool:
        return True

    def _values(self, function: Any) -> np.ndarray:
        out = np.empty(self._check().n_outputs, np.float32)
        self._change(function, out.ctypes.data, out.size)
        return out.astype(np.float64)

    def decision_function(self) -> np.ndarray:
        """Compute the scores after the steps so far, float64 [outputs]."""
        return self._values(lib.clf_sequence_decision_function)

    def predict_proba(self) -> np.ndarray:
        """Compute the probabilities of the classes after the steps so far, float64 [classes]."""
        return self._values(lib.clf_sequence_predict_proba)

    def predict(self) -> Any:
        """Return the label of the class with the highest score."""
        return self._check().classes[int(np.argmax(self.decision_function()))]

    def _described(self) -> str:
        return f"<Sequence of {self.steps} steps>"
