"""DLPack capsules: the pointers to tensors that Python's array libraries exchange.

A capsule named "dltensor" holds a `DLManagedTensor *`. Its consumer renames it to "used_dltensor"
and calls the tensor's deleter when it is done; a capsule that nobody consumed calls it itself. It
may do so while an exception is on its way, in which no Python code can run, so our capsules are
NumPy's, whose destructors are C. NumPy lacks bfloat16: its capsule of 16-bit integers is relabeled.
Source: the DLPack specification, "Python Specification for DLPack".
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from . import errors

_NAME, _USED = b"dltensor", b"used_dltensor"
_BFLOAT = 4  # kDLBfloat
_api = ctypes.pythonapi
_rename = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_SetName", _api)
)
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", _api)
)
_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", _api)
)


class _Managed(ctypes.Structure):
    """The first members of the `DLManagedTensor` of DLPack 0.x."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
    ]


def capsule(array: np.ndarray) -> Any:
    """Return a capsule of a writable array, which it shares; elements of V2 are bfloat16."""
    if array.dtype.kind != "V":
        return array.__dlpack__()
    made = array.view(np.uint16).__dlpack__()
    _Managed.from_address(_pointer(made, _NAME)).code = _BFLOAT
    return made


class Consumed:
    """Lends the pointer of a capsule; what is made of it in the block then owns the tensor.

    If the block fails, the capsule keeps it.
    """

    def __init__(self, source: Any) -> None:
        self.source = source

    def __enter__(self) -> int:
        source = self.source
        self.capsule = source.__dlpack__() if hasattr(source, "__dlpack__") else source
        if type(self.capsule).__name__ != "PyCapsule":
            raise errors.TypeMismatch(f"{type(source).__name__} has no __dlpack__")
        if not _valid(self.capsule, _NAME):
            raise errors.ArgumentError("the DLPack capsule was consumed before")
        pointer = _pointer(self.capsule, _NAME)
        _rename(self.capsule, _USED)
        return pointer

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is not None:
            _rename(self.capsule, _NAME)
