"""Pickles of estimators that every NumPy reads.

NumPy 2 writes arrays and numbers under names of modules that NumPy 1 does not have. In the pickle
of an estimator they are bytes, with their type and shape.
"""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np

from .._warnings import warn


class Portable:
    """An array, or a number of NumPy, that is about to be pickled."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> Tuple[Any, ...]:
        array = np.asarray(self.value)
        held = array.ravel().tolist() if array.dtype.hasobject else array.tobytes()
        return _made, (array.dtype.str, array.shape, held, isinstance(self.value, np.generic))


def _made(dtype: str, shape: Tuple[int, ...], held: Any, is_number: bool) -> Any:
    if isinstance(held, bytes):
        array = np.frombuffer(held, dtype).reshape(shape).copy()
    else:
        array = np.empty(len(held), object)
        array[:] = held
        array = array.reshape(shape)
    return array[()] if is_number else array


def portable(value: Any) -> Any:
    """Return an attribute as it is pickled."""
    if type(value) is np.ndarray and value.dtype.names is None or isinstance(value, np.generic):
        return Portable(value)
    return _each(portable, value)


def restored(value: Any) -> Any:
    """Return what `portable` was given, where it was copied without a pickle."""
    return value.value if type(value) is Portable else _each(restored, value)


def _each(change: Any, value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(change(element) for element in value)
    if type(value) is dict:
        return {name: change(element) for name, element in value.items()}
    return value


class InconsistentVersionWarning(UserWarning):
    """A pickle was written by another version of libclassify."""


class PortableState:
    """An estimator whose pickles every NumPy reads; one of another version causes a warning."""

    def __getstate__(self) -> Dict[str, Any]:
        from .. import __version__

        state = {name: portable(value) for name, value in super().__getstate__().items()}
        return {**state, "_libclassify_version": __version__}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        from .. import __version__

        state = {name: restored(value) for name, value in state.items()}
        written_by = state.pop("_libclassify_version", None)
        if written_by != __version__:
            warn(
                f"{type(self).__name__} was pickled by libclassify {written_by} and is loaded by "
                f"{__version__}; its parameters may mean something else here",
                InconsistentVersionWarning,
            )
        super().__setstate__(state)
