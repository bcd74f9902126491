"""Tensors: typed, strided arrays that the library and NumPy share."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Sequence, Tuple

import numpy as np

from . import _arrays, _dlpack, errors
from ._declarations import CONSTANTS
from ._handle import Handle, integers
from ._library import lib
from .context import Context, context_of

DTYPES = {
    CONSTANTS["CLF_F32"]: np.dtype(np.float32),
    CONSTANTS["CLF_F64"]: np.dtype(np.float64),
    CONSTANTS["CLF_U8"]: np.dtype(np.uint8),
    CONSTANTS["CLF_I32"]: np.dtype(np.int32),
    CONSTANTS["CLF_I64"]: np.dtype(np.int64),
    CONSTANTS["CLF_BF16"]: np.dtype("V2"),
    CONSTANTS["CLF_I8"]: np.dtype(np.int8),
}
_BF16 = DTYPES[CONSTANTS["CLF_BF16"]]
_CODES = {dtype: code for code, dtype in DTYPES.items()}


def _code(dtype: Any) -> int:
    wanted = np.dtype(dtype)
    if wanted not in _CODES:
        names = ", ".join(str(known) for known in _CODES)
        raise errors.TypeMismatch(f"a tensor cannot hold {wanted}; it holds {names}")
    return _CODES[wanted]


# ctypes makes a type for each length, which takes longer than the rest of a call.
_SIZES = [ctypes.c_int64 * max(length, 1) for length in range(9)]


def _sizes(values: Sequence[int]) -> Any:
    length = len(values)
    kind = _SIZES[length] if length < len(_SIZES) else ctypes.c_int64 * length
    return kind(*values)


class _Memory:
    """Lends a tensor's memory to NumPy, whose arrays keep this object, and so the tensor."""

    def __init__(self, tensor: "Tensor", writable: bool) -> None:
        dtype = tensor.dtype
        self.tensor = tensor
        self.__array_interface__ = {
            "version": 3,
            "typestr": dtype.str,
            "shape": tensor.shape,
            "strides": tuple(step * dtype.itemsize for step in tensor.strides),
            "data": (lib.clf_tensor_data(tensor.pointer) or 0, not writable),
        }


class Tensor(Handle):
    """An array of up to 8 dimensions whose memory the library and Python share.

    Parameters
    ----------
    values : array_like
        Numbers. An array of float32, float64, uint8, int32 or int64 is not copied; it must not
        change while the library uses it. Others are converted.
    scale : float, optional
        Factor between stored numbers and values, of uint8 only, such as 1 / 255.
    context : Context, optional
    """

    _free = lib.clf_tensor_free

    def __init__(self, values: Any, *, scale: Optional[float] = None,
                 context: Optional[Context] = None) -> None:
        self._wrap(_arrays.numbers(values, "a tensor"), context_of(context), scale)

    def _wrap(self, array: np.ndarray, context: Context, scale: Optional[float] = None) -> None:
        size = array.itemsize
        self._make(
            context, lib.clf_tensor_wrap, context, array.__array_interface__["data"][0],
            _CODES[array.dtype], array.ndim, integers(array.shape),
            integers([step // size for step in array.strides]), keeps=array,
        )
        if scale is not None:
            self.change(lib.clf_tensor_set_scale, float(scale))

    @classmethod
    def _of(cls, array: np.ndarray, context: Context, scale: Optional[float] = None) -> "Tensor":
        """Wrap an array that is of a dtype and layout that the library takes."""
        self = cls.__new__(cls)
        self._wrap(array, context, scale)
        return self

    @classmethod
    def zeros(cls, shape: Sequence[int], dtype: Any = np.float32, *,
              context: Optional[Context] = None) -> "Tensor":
        """Return a tensor of zeros whose memory the library owns; `numpy()` writes to it."""
        context = context_of(context)
        shape = (shape,) if hasattr(shape, "__index__") else tuple(shape)
        return cls._new(context, lib.clf_tensor_create, context, _code(dtype), len(shape),
                        integers(shape, what="an extent"))

    @classmethod
    def from_dlpack(cls, source: Any, *, context: Optional[Context] = None) -> "Tensor":
        """Return a tensor that shares the memory of an object with `__dlpack__`, or of a capsule.

        The memory must be the CPU's, its elements float32, float64, uint8, int32 or int64.
        """
        context = context_of(context)
        with _dlpack.Consumed(source) as managed:
            return cls._new(context, lib.clf_tensor_from_dlpack, context, managed)

    # What a tensor has

    @property
    def dtype(self) -> np.dtype:
        """The type of the stored elements; V2 of bfloat16, which NumPy lacks."""
        return DTYPES[self.run(lib.clf_tensor_dtype)]

    @property
    def ndim(self) -> int:
        """The number of dimensions, 0 to 8."""
        return self.run(lib.clf_tensor_ndim)

    @property
    def shape(self) -> Tuple[int, ...]:
        """The extent of each axis."""
        return tuple(self.run(lib.clf_tensor_extent, i) for i in range(self.ndim))

    @property
    def strides(self) -> Tuple[int, ...]:
        """From one index of an axis to the next, in elements."""
        return tuple(self.run(lib.clf_tensor_stride, i) for i in range(self.ndim))

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.run(lib.clf_tensor_count)

    @property
    def scale(self) -> float:
        """The factor between stored numbers and values."""
        return self.run(lib.clf_tensor_scale)

    @scale.setter
    def scale(self, value: float) -> None:
        self.change(lib.clf_tensor_set_scale, float(value))

    @property
    def writable(self) -> bool:
        """Whether the library owns the memory and lets it be written."""
        return bool(self.run(lib.clf_tensor_writable))

    # Views and copies

    def _view(self, function: Any, *arguments: Any) -> "Tensor":
        return Tensor._new(self.context, function, self, *arguments, keeps=self._keeps)

    def slice(self, axis: int, start: int, count: int, step: int = 1) -> "Tensor":
        """Return a view of `count` indices of an axis, from `start` on."""
        return self._view(lib.clf_tensor_slice, axis, start, count, step)

    def reshape(self, *shape: Any) -> "Tensor":
        """Return a view of another shape; one extent may be -1. Needs C-contiguous memory."""
        sizes = tuple(shape[0]) if len(shape) == 1 and not hasattr(shape[0], "__index__") else shape
        return self._view(lib.clf_tensor_reshape, len(sizes), integers(sizes, what="an extent"))

    def permute(self, *axes: int) -> "Tensor":
        """Return a view with the axes in another order."""
        if len(axes) != self.ndim:
            raise errors.ArgumentError(
                f"the tensor has {self.ndim} axes; {len(axes)} are given"
            )
        return self._view(lib.clf_tensor_permute, integers(axes, ctypes.c_int32, "an axis"))

    @property
    def T(self) -> "Tensor":
        """A view with the axes in reverse order."""
        return self.permute(*reversed(range(self.ndim)))

    def copy(self, dtype: Any = None) -> "Tensor":
        """Return a C-contiguous copy, with elements of another type where `dtype` is given.

        The scale is applied, except from uint8 to uint8.
        """
        code = _code(self.dtype if dtype is None else dtype)
        return Tensor._new(self.context, lib.clf_tensor_copy, self, code)

    # Exchange

    def numpy(self) -> np.ndarray:
        """Return the stored elements as an array that shares the memory; see `scale`.

        The array is read-only, unless the library owns the memory and lets it be written. That of
        bfloat16, which NumPy lacks, is a copy as float32.
        """
        view = self.permute(*range(self.ndim))  # outlives this tensor if that is closed
        return view._array(self.writable)

    def _array(self, writable: bool = False) -> np.ndarray:
        if self.dtype == _BF16:
            return self.copy(np.float32)._array()
        return self._elements(writable and self.size > 0)

    def _elements(self, writable: bool) -> np.ndarray:
        if self.size == 0:
            empty = np.empty(self.shape, self.dtype)
            empty.flags.writeable = writable
            return empty
        return np.asarray(_Memory(self, writable))

    def _values(self) -> "Tensor":
        """Return the tensor, or where it has a scale, a copy of the values."""
        return self if self.scale == 1 else self.copy(np.float32)

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        values = self._values()
        array = values.numpy()
        if copy is False and (values is not self or (dtype is not None and dtype != array.dtype)):
            raise ValueError("the values of this tensor need a copy")
        return array.astype(dtype or array.dtype, copy=bool(copy))

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None,
                   copy: Optional[bool] = None) -> Any:
        """Return a DLPack capsule of the values: of this memory if the library owns it.

        Tensors with a scale, and those on memory that the library only reads, are copied:
        ``copy=False`` raises BufferError for them.
        """
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"a tensor is in the CPU's memory, not on device {dl_device}")
        shares = self.scale == 1 and self.writable
        if copy is False and not shares:
            raise BufferError("this tensor is read-only or has a scale: DLPack needs a copy")
        source = self if shares and not copy else self.copy(
            np.float32 if self.scale != 1 else None
        )
        return _dlpack.capsule(source.permute(*range(source.ndim))._elements(True))

    def __dlpack_device__(self) -> Tuple[int, int]:
        return (1, 0)  # kDLCPU

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a tensor without dimensions has no length")
        return self.shape[0]

    def __reduce__(self) -> Any:
        scale, elements = self.scale, np.array(self._elements(False))
        return _restored, (elements, scale if scale != 1 else None, self.context)

    def __copy__(self) -> "Tensor":
        return self._view(lib.clf_tensor_permute,
                          integers(range(self.ndim), ctypes.c_int32))

    def _described(self) -> str:
        scale = self.scale
        return f"<Tensor {self.dtype}{list(self.shape)}{f' scale={scale:g}' if scale != 1 else ''}>"


def _restored(array: np.ndarray, scale: Optional[float], context: Context) -> Tensor:
    return Tensor._of(array, context, scale)
