"""Arrow's PyCapsule protocol, read by ctypes: no library but NumPy is needed.

An object offers `__arrow_c_stream__` (tables: batches of columns) or `__arrow_c_array__` (one
batch, or one column). The structures are those of "The Arrow C data interface" and "The Arrow C
stream interface"; columns of numbers, booleans and texts are read, and copied.
"""

from __future__ import annotations

import ctypes
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np

from . import _arrays, _frames, errors


class Schema(ctypes.Structure):
    """The `ArrowSchema` of the C data interface."""


class Array(ctypes.Structure):
    """The `ArrowArray` of the C data interface."""


class Stream(ctypes.Structure):
    """The `ArrowArrayStream` of the C stream interface."""


_release = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", _release),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", _release),
    ("private_data", ctypes.c_void_p),
]
_get = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
Stream._fields_ = [
    ("get_schema", _get),
    ("get_next", _get),
    ("get_last_error", ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)),
    ("release", _release),
    ("private_data", ctypes.c_void_p),
]
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)

_NUMBERS = {
    "c": "i1", "C": "u1", "s": "i2", "S": "u2", "i": "i4", "I": "u4", "l": "i8", "L": "u8",
    "e": "f2", "f": "f4", "g": "f8",
}
_OFFSETS = {"u": "i4", "z": "i4", "U": "i8", "Z": "i8"}


def has_arrow(values: Any) -> bool:
    """Whether an object has Arrow's protocol."""
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def rows(values: Any, what: str) -> _arrays.Rows:
    """Return a table as rows; null values become NaN."""
    names, batches = _read(values, what, texts=True)
    if names is None:
        raise errors.ShapeError(
            f"{what} is one column; it must be [rows, features], such as a table of columns"
        )
    columns, categories = [], {}
    for i, name in enumerate(names):
        whole = np.concatenate([batch[i] for batch in batches]) if batches else np.empty(0)
        place = f"{what}: column {name!r}"
        found = _frames.coded(whole, i, categories, place)
        columns.append(_arrays.numbers(found, place))
    count = len(columns[0]) if columns else 0
    return _arrays.Rows(_frames.stacked(columns, count), None, _frames.names_of(names), categories)


def column(values: Any, what: str) -> np.ndarray:
    """Return one column, of numbers or texts, as an array."""
    names, batches = _read(values, what, texts=True)
    if names is not None and len(names) != 1:
        raise errors.ShapeError(f"{what} has {len(names)} columns; it must be one")
    return np.concatenate([batch[0] for batch in batches]) if batches else np.empty(0)


def _read(values: Any, what: str, texts: bool) -> Tuple[Optional[List[str]], List[List[Any]]]:
    """Return the names of the columns (None for a bare column), and arrays for each batch."""
    if hasattr(values, "__arrow_c_stream__"):
        capsule = values.__arrow_c_stream__()
        stream = Stream.from_address(_pointer(capsule, b"arrow_array_stream"))
        return _read_stream(stream, what, texts)
    capsules = values.__arrow_c_array__()  # they release what they hold when they die
    schema = Schema.from_address(_pointer(capsules[0], b"arrow_schema"))
    array = Array.from_address(_pointer(capsules[1], b"arrow_array"))
    names = _names(schema)
    return names, [_batch(schema, array, names, what, texts)]


def _read_stream(stream: Stream, what: str, texts: bool) -> Any:
    schema = Schema()
    _check(stream, stream.get_schema(ctypes.addressof(stream), ctypes.addressof(schema)), what)
    try:
        names = _names(schema)
        batches = [_batch(schema, array, names, what, texts) for array in _arrays_of(stream, what)]
        if not batches:
            batches = [[np.empty(0) for _ in names]] if names is not None else []
        return names, batches
    finally:
        if schema.release:
            schema.release(ctypes.addressof(schema))


def _arrays_of(stream: Stream, what: str) -> Iterator[Array]:
    while True:
        array = Array()
        _check(stream, stream.get_next(ctypes.addressof(stream), ctypes.addressof(array)), what)
        if not array.release:
            return
        try:
            yield array
        finally:
            array.release(ctypes.addressof(array))


def _check(stream: Stream, code: int, what: str) -> None:
    if code != 0:
        reason = stream.get_last_error(ctypes.addressof(stream))
        raise errors.DataError(f"{what}: its Arrow stream failed: {(reason or b'').decode()}")


def _names(schema: Schema) -> Optional[List[str]]:
    if schema.format != b"+s":
        return None
    return [(schema.children[i].contents.name or b"").decode() for i in range(schema.n_children)]


def _batch(schema: Schema, array: Array, names: Optional[List[str]], what: str,
           texts: bool) -> List[np.ndarray]:
    if names is None:
        return [_values(schema, array, array.offset, array.length, what, texts)]
    if _invalid(array, array.offset, array.length).any():
        raise errors.DataError(f"{what}: its Arrow table has rows that are null as a whole")
    found = []
    for i, name in enumerate(names):
        child, kind = array.children[i].contents, schema.children[i].contents
        start = array.offset + child.offset
        found.append(_values(kind, child, start, array.length, f"{what}: column {name!r}", texts))
    return found


def _buffer(array: Array, index: int, dtype: str, start: int, count: int) -> np.ndarray:
    """Return elements of a buffer, a view that is valid until the array is released."""
    address = array.buffers[index] if index < array.n_buffers else None
    if not address or count == 0:
        return np.zeros(count, dtype)
    item = np.dtype(dtype).itemsize
    memory = (ctypes.c_char * (count * item)).from_address(address + start * item)
    return np.frombuffer(memory, dtype, count)


def _bits(array: Array, index: int, start: int, count: int) -> np.ndarray:
    first, last = start // 8, (start + count + 7) // 8
    bits = np.unpackbits(_buffer(array, index, "u1", first, last - first), bitorder="little")
    return bits[start - 8 * first:][:count].astype(bool)


def _invalid(array: Array, start: int, count: int) -> np.ndarray:
    """Return which elements are null."""
    if array.null_count == 0 or array.n_buffers == 0 or not array.buffers[0]:
        return np.zeros(count, bool)
    return ~_bits(array, 0, start, count)


def _values(schema: Schema, array: Array, start: int, count: int, what: str,
            texts: bool) -> np.ndarray:
    form = schema.format.decode()
    if schema.dictionary:
        return _categories(schema, array, start, count, what)
    if form == "n":
        return np.full(count, None, object) if texts else np.full(count, np.nan)
    if form[:2] in ("td", "ts"):
        return _days(array, form, start, count)
    if form in _NUMBERS:
        values = _buffer(array, 1, _NUMBERS[form], start, count).copy()
    elif form == "b":
        values = _bits(array, 1, start, count)
    elif form in _OFFSETS and texts:
        return _strings(array, _OFFSETS[form], start, count)
    elif form in ("vu", "vz") and texts:
        return _views(array, start, count)
    else:
        raise errors.TypeMismatch(f"{what} {_refusal(form)}")
    invalid = _invalid(array, start, count)
    if invalid.any():
        values = values.astype(np.float64) if values.dtype.kind != "f" else values
        values[invalid] = np.nan
    return values if texts else _arrays.numbers(values, what)


def _days(array: Array, form: str, start: int, count: int) -> np.ndarray:
    """Return dates and times as days since 1970-01-01, NaN where they are null."""
    if form == "tdD":
        values = _buffer(array, 1, "i4", start, count).astype(np.float64)
    else:
        per_day = {"s": 86400, "m": 86400e3, "u": 86400e6, "n": 86400e9}[form[2]]
        values = _buffer(array, 1, "i8", start, count) / per_day
    values[_invalid(array, start, count)] = np.nan
    return values


def _refusal(form: str) -> str:
    if form[0] == "t":
        return "holds times or durations: make numbers of it, such as days"
    if form[0] in "uUvzZ":
        return f"holds texts of the Arrow format {form!r}; cast them to (large) utf8"
    if form[0] == "d":
        return "holds decimal numbers: cast it to float64"
    return f"has the Arrow format {form!r}; it must be numbers or booleans"


def _strings(array: Array, offsets: str, start: int, count: int) -> np.ndarray:
    ends = _buffer(array, 1, offsets, start, count + 1).tolist()
    data = bytes(_buffer(array, 2, "u1", 0, ends[-1])) if count else b""
    out = np.empty(count, object)
    out[:] = [data[begin:end].decode() for begin, end in zip(ends, ends[1:])] if count else []
    out[_invalid(array, start, count)] = None
    return out


def _views(array: Array, start: int, count: int) -> np.ndarray:
    """Return texts by views of 16 bytes: those of up to 12 bytes are in the view itself."""
    views = _buffer(array, 1, "u1", 16 * start, 16 * count).reshape(count, 16)
    parts = np.ascontiguousarray(views).view("<i4").reshape(count, 4)
    out = np.empty(count, object)
    for i, invalid in enumerate(_invalid(array, start, count)):
        size, _, buffer, offset = parts[i].tolist()
        if not invalid:
            data = (views[i, 4:4 + size].tobytes() if size <= 12
                    else ctypes.string_at(array.buffers[2 + buffer] + offset, size))
            out[i] = data.decode()
    return out


def _categories(schema: Schema, array: Array, start: int, count: int, what: str) -> np.ndarray:
    codes = _buffer(array, 1, _NUMBERS[schema.format.decode()], start, count)
    entries = array.dictionary.contents
    words = _values(schema.dictionary.contents, entries, entries.offset, entries.length, what, True)
    invalid = _invalid(array, start, count)
    out = np.empty(count, object)
    if count and len(words):
        out[:] = words.astype(object)[np.where(invalid, 0, codes)]
    out[invalid] = None
    return out
