"""What users pass as numbers, rows and labels, as arrays that the library takes.

Nothing is lost in silence: what is no number (text, categories, dates, complex numbers) is refused
by a sentence that names the place and what to do. Missing values become NaN, which the library
refuses by row and column where it cannot use them.
"""

from __future__ import annotations

import math
import numbers as _numbers
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from . import errors

# The element types of the library, and for others the nearest one that holds all their values.
_STORED = {"f4", "f8", "u1", "i4", "i8"}
_CONVERTED = {"f2": "f4", "i1": "i4", "i2": "i4", "u2": "i4", "u4": "i8", "b1": "u1"}

_REFUSED = {
    "c": "complex numbers: pass the real and imaginary parts, or absolute values, as features",
    "M": "dates: pass numbers made of them, such as days since a date, years or weekdays",
    "m": "durations: pass them as numbers, such as array / numpy.timedelta64(1, 's')",
    "U": "texts: pass numbers; columns of texts in a data frame of features become categories",
    "S": "texts: pass numbers; columns of texts in a data frame of features become categories",
    "V": "records: pass a plain array of numbers",
}


class Rows(NamedTuple):
    """Rows of features: dense (`array`) or sparse (`csr`: row starts, columns, values, width)."""

    array: Optional[np.ndarray]
    csr: Optional[Tuple[np.ndarray, np.ndarray, np.ndarray, int]]
    names: Optional[Tuple[str, ...]]
    categories: Dict[int, List[str]] = {}  # of columns whose values are codes


class Labels(NamedTuple):
    """Labels as the library takes them: numbers or names, and the kind of array they were."""

    array: Optional[np.ndarray]
    names: Optional[List[bytes]]
    kind: Tuple[str, np.dtype]


def numbers(values: Any, what: str) -> np.ndarray:
    """Return array_like as an aligned array of float32, float64, uint8, int32 or int64.

    An array of these is returned as it is, whatever its order. Booleans become uint8, float16
    float32, other integers int32 or int64; Python objects, and integers with masked or missing
    values, float64.
    """
    if isinstance(values, np.ma.MaskedArray):
        return _unmasked(values, what)
    array = values if type(values) is np.ndarray else _as_array(values, what)
    kind = array.dtype.kind
    if kind == "O":
        return _of_objects(array, what)
    if kind in _REFUSED:
        raise errors.TypeMismatch(f"{what} has {_REFUSED[kind]}")
    return _stored(array)


def _as_array(values: Any, what: str) -> np.ndarray:
    try:
        if hasattr(values, "__dlpack__") and not hasattr(values, "__array__"):
            return np.from_dlpack(values)
        return np.asarray(values)
    except (ValueError, TypeError, BufferError, RuntimeError) as error:
        message = _uneven(values, what)
        if message is not None:
            raise errors.ShapeError(message) from error
        raise errors.TypeMismatch(f"{what} cannot become an array of numbers: {error}") from error


def _uneven(values: Any, what: str) -> Optional[str]:
    """Return what is wrong with a list of rows of several lengths."""
    if not isinstance(values, (list, tuple)):
        return None
    lengths = [len(row) if hasattr(row, "__len__") else -1 for row in values]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            shown = ["one number" if n < 0 else f"{n} values" for n in (length, lengths[0])]
            return f"{what}: row {i} has {shown[0]}, row 0 has {shown[1]}"
    return None


def _stored(array: np.ndarray) -> np.ndarray:
    dtype = array.dtype
    if dtype.byteorder not in "=|" and not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
        dtype = array.dtype
    code = dtype.kind + str(dtype.itemsize)
    if code not in _STORED:
        array = _converted(array, code)
    dtype = array.dtype.newbyteorder("=") if not array.dtype.isnative else array.dtype
    if not array.flags.aligned or any(step % array.itemsize for step in array.strides):
        array = array.copy()
    return array.view(_plain(dtype)) if array.dtype != _plain(dtype) else array


def _plain(dtype: np.dtype) -> np.dtype:
    """Return the dtype by which tensors know it: long long is int64 on every platform."""
    return np.dtype(dtype.kind + str(dtype.itemsize))


def _converted(array: np.ndarray, code: str) -> np.ndarray:
    if code == "b1":
        return array.view(np.uint8)
    if code == "u8":
        small = array.size == 0 or int(array.max()) <= np.iinfo(np.int64).max
        return array.astype(np.int64 if small else np.float64)
    return array.astype(_CONVERTED.get(code, "f8"))


def _unmasked(values: Any, what: str) -> np.ndarray:
    data = numbers(np.asarray(values.data), what)
    mask = np.ma.getmaskarray(values)
    if not mask.any():
        return data
    filled = data.astype(data.dtype if data.dtype.kind == "f" else np.float64)
    filled[mask] = np.nan
    return filled


def missing(value: Any) -> bool:
    """Whether a Python object stands for no value: None, NaN, pandas' NA and NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def place(index: Tuple[int, ...]) -> str:
    """Return where an element is, in words."""
    if len(index) == 1:
        return f"row {index[0]}"
    if len(index) == 2:
        return f"row {index[0]}, column {index[1]}"
    return f"index {list(index)}"


def _of_objects(array: np.ndarray, what: str) -> np.ndarray:
    out = np.empty(array.shape, np.float64)
    for index in np.ndindex(array.shape):
        value = array[index]
        if missing(value):
            out[index] = np.nan
        elif isinstance(value, (bool, np.bool_, _numbers.Real)) or _is_decimal(value):
            try:
                out[index] = float(value)
            except OverflowError as error:
                raise errors.DataError(
                    f"{what}: {value!r} in {place(index)} is beyond the range of float64"
                ) from error
        else:
            kind = "a complex number" if isinstance(value, complex) else type(value).__name__
            raise errors.TypeMismatch(
                f"{what}: {place(index)} holds {_shortened(value)}, {kind}: it must be a number; "
                "encode texts and categories first, such as by scikit-learn's OneHotEncoder"
            )
    return out


def _is_decimal(value: Any) -> bool:
    return type(value).__module__ in ("decimal", "_decimal") and hasattr(value, "as_tuple")


def _shortened(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


def rows(values: Any, what: str = "X", one_row: bool = False) -> Rows:
    """Return what was passed as rows [rows, features…].

    Parameters
    ----------
    values : array_like, sparse matrix, data frame, or object with Arrow's or DLPack's protocol
    what : str
        The name of the argument, for messages.
    """
    from . import _arrow, _frames  # needed only for what plain arrays are not

    if type(values) is not np.ndarray:
        if hasattr(values, "tocsr"):
            return _sparse(values, what)
        if _frames.is_pandas(values):
            return _frames.pandas_rows(values, what)
        if not isinstance(values, np.ndarray) and _arrow.has_arrow(values):
            return _arrow.rows(values, what)
    array = numbers(values, what)
    _check_dimensions(array, what)
    if array.dtype.kind == "f" and not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    return Rows(array, None, None)


def _check_dimensions(array: np.ndarray, what: str) -> None:
    if array.ndim == 0:
        raise errors.ShapeError(f"{what} is a single number; it must be [rows, features]")
    if array.ndim == 1:
        raise errors.ShapeError(
            f"{what} has one dimension, [{len(array)}]; it must be [rows, features]. Reshape it: "
            f"{what}.reshape(-1, 1) for rows of one feature, {what}.reshape(1, -1) for one row"
        )


def _sparse(values: Any, what: str) -> Rows:
    if values.ndim != 2:
        raise errors.ShapeError(
            f"{what} is a sparse array of {values.ndim} dimension; it must be [rows, features]"
        )
    if values.dtype.kind in _REFUSED:
        raise errors.TypeMismatch(f"{what} has {_REFUSED[values.dtype.kind]}")
    csr = values.tocsr()
    if not csr.has_canonical_format:  # the sum of duplicates is the value, as SciPy defines it
        csr = csr.copy()
        csr.sum_duplicates()
    data = numbers(csr.data, what)
    indptr, indices = _stored(csr.indptr), _stored(csr.indices)
    return Rows(None, (indptr, indices, np.ascontiguousarray(data), csr.shape[1]), None)


def column(values: Any, what: str, rows_are: str = "[rows]") -> np.ndarray:
    """Return numbers of one dimension: weights, and targets of one output."""
    array = numbers(values, what)
    if array.ndim != 1:
        raise errors.ShapeError(f"{what} has shape {list(array.shape)}; it must be {rows_are}")
    return array
