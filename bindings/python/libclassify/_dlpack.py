"""DLPack capsules: the pointers to tensors that Python's array libraries exchange.

A capsule named "dltensor" holds a `DLManagedTensor *`. Its consumer renames it to "used_dltensor"
and calls the tensor's deleter when it is done; a capsule that nobody consumed calls it itself.
Source: the DLPack specification, "Python Specification for DLPack".
"""

from __future__ import annotations

import ctypes
from typing import Any

from . import errors

_NAME, _USED = b"dltensor", b"used_dltensor"
_api = ctypes.pythonapi
_new = _api.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_rename = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_SetName", _api)
)
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", _api)
)
_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", _api)
)
# In a destructor the capsule is dying: its address must not become a reference.
_dying_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_IsValid", _api)
)
_dying_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", _api)
)


class _Managed(ctypes.Structure):
    """The `DLManagedTensor` of DLPack 0.x."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
    ]


def _destroy(capsule: Any) -> None:
    if _dying_valid(capsule, _NAME):
        pointer = _dying_pointer(capsule, _NAME)
        _Managed.from_address(pointer).deleter(pointer)


_destructor = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_destroy)
_destructor_address = ctypes.cast(_destructor, ctypes.c_void_p).value


def capsule(managed: int) -> Any:
    """Return a capsule of a `DLManagedTensor *`, which is deleted with whoever has it last."""
    return _new(managed, _NAME, _destructor_address)


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
