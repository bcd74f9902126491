"""Optimizers: how networks turn gradients into steps."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, Optional

from . import catalog
from ._handle import Handle
from ._library import check, lib, text
from .context import Context, context_of


class Optimizer(Handle):
    """A rule for steps: sgd, adam, adamw, rmsprop, adagrad …

    Parameters
    ----------
    kind : str
        One of ``kinds("optimizer")``.
    context : Context, optional
    **params
        See ``params("optimizer", kind)``.
    """

    _free = lib.clf_optimizer_free

    def __init__(self, kind: str, *, context: Optional[Context] = None, **params: Any) -> None:
        context = context_of(context)
        self._make(context, lib.clf_optimizer_create, context, kind,
                   catalog.to_text("optimizer", kind, params))

    @classmethod
    def _like(cls, pointer: int, context: Context) -> "Optimizer":
        """Return an optimizer of the kind and parameters of one that a model owns."""
        size = ctypes.c_size_t()
        check(lib.clf_optimizer_params(pointer, None, 0, ctypes.byref(size)))
        buffer = ctypes.create_string_buffer(size.value)
        check(lib.clf_optimizer_params(pointer, buffer, size.value, None))
        kind = lib.clf_optimizer_kind(pointer)
        return cls._new(context, lib.clf_optimizer_create, context, kind, buffer.value)

    @property
    def kind(self) -> str:
        """The kind, such as "adam"."""
        return text(self.run(lib.clf_optimizer_kind))

    @property
    def params(self) -> Dict[str, Any]:
        """The parameters by name, as Python values."""
        return catalog.from_text("optimizer", self.kind, self._text(lib.clf_optimizer_params))

    def __reduce__(self) -> Any:
        return _restored, (self.kind, self.params, self.context)

    def _described(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.params.items()
                        if value is not None)
        return f"Optimizer({self.kind!r}{given})"


def _restored(kind: str, params: Dict[str, Any], context: Context) -> Optimizer:
    return Optimizer(kind, context=context, **params)
