"""Labels: what users pass as y, and classes given back as arrays of the same kind.

The library's classes have names, which are texts. Labels that are whole numbers are passed as
numbers, so that classes are in numerical order; all others as names, in the order of their bytes.
"""

from __future__ import annotations

import re
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from . import _arrays, _arrow, errors
from ._arrays import Labels

Kind = Tuple[str, np.dtype]  # of the elements ("i", "f", "b", "U", "S"), and the array's dtype

_WHOLE = re.compile(r"-?[0-9]{1,19}")


def labels(values: Any, what: str = "y") -> Labels:
    """Return labels as numbers or as names, with the kind of array they were.

    Parameters
    ----------
    values : array_like of shape [rows]
        Integers, floats that are whole numbers, booleans, str, bytes, or categories of these.
    """
    array = _one_column(values, what)
    kind = array.dtype.kind
    if kind == "O":
        return _of_objects(array, what, isinstance(values, (list, tuple)))
    if kind in "US":
        return Labels(None, _names(array.tolist(), what), (kind, _flexible(array.dtype)))
    if kind == "f":
        _check_whole(array, what)
    elif kind not in "iub":
        raise errors.TypeMismatch(
            f"{what} is of dtype {array.dtype}: labels are integers, booleans or texts; convert "
            f"it, such as by {what}.astype(str)"
        )
    return Labels(_integers(array, what), None, (kind.replace("u", "i"), array.dtype))


def with_none(classes: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return the classes and, if some index is -1, what stands for none of them at the end."""
    if indices.size == 0 or indices.min() >= 0:
        return classes
    if classes.dtype.kind == "u":
        classes = classes.astype(np.int64)  # which has -1
    if classes.dtype.kind in "if" and -1 not in classes:
        return np.append(classes, classes.dtype.type(-1 if classes.dtype.kind == "i" else np.nan))
    return np.append(classes.astype(object), None)


def _one_column(values: Any, what: str) -> np.ndarray:
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        row = int(np.argmax(np.ma.getmaskarray(values).ravel()))
        raise errors.DataError(f"{what}: row {row} has no label (it is masked)")
    if not hasattr(values, "__array__") and _arrow.has_arrow(values):
        array = _arrow.column(values, what)
    else:
        try:
            array = np.asarray(values)
        except (ValueError, TypeError) as error:
            raise errors.TypeMismatch(f"{what} cannot become an array of labels: {error}") from error
    if array.dtype.kind == "U" and isinstance(values, (list, tuple)):
        array = np.array(values, object)  # NumPy turns [1, "a"] into two texts
    if array.ndim != 1:
        column = array.ndim == 2 and array.shape[1] == 1
        advice = f"; pass the column itself, {what}[:, 0]" if column else ""
        raise errors.ShapeError(
            f"{what} has shape {list(array.shape)}; it must be [rows], one label a row{advice}"
        )
    return array


def _flexible(dtype: np.dtype) -> np.dtype:
    return np.dtype(dtype.kind)


def _check_whole(array: np.ndarray, what: str) -> None:
    wrong = np.flatnonzero(~(np.isfinite(array) & (array == np.floor(array))))
    if wrong.size == 0:
        return
    row = int(wrong[0])
    if np.isnan(array[row]):
        raise errors.DataError(f"{what}: row {row} has no label (NaN)")
    raise errors.DataError(
        f"{what}: row {row} has the label {array[row]:g}; labels are whole numbers or names. For a "
        f"regression pass targets={what}"
    )


def _integers(array: np.ndarray, what: str) -> np.ndarray:
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and array.size:
        if int(array.max()) > np.iinfo(np.int64).max:
            raise errors.DataError(
                f"{what} has the label {array.max()}, which int64 cannot hold; pass texts, such as "
                f"{what}.astype(str)"
            )
    return _arrays.numbers(array, what)


def _of_objects(array: np.ndarray, what: str, listed: bool) -> Labels:
    values = array.tolist()
    kinds = set()
    for row, value in enumerate(values):
        if _arrays.missing(value):
            raise errors.DataError(f"{what}: row {row} has no label ({value})")
        kinds.add(_kind_of(value, row, what))
    if len(kinds) > 1:
        raise errors.TypeMismatch(
            f"{what} mixes labels of several types: {', '.join(sorted(_WORDS[k] for k in kinds))}; "
            "pass all of them as texts or all as numbers"
        )
    kind = kinds.pop() if kinds else "U"
    if kind in "US":
        dtype = np.dtype(kind) if listed else np.dtype(object)
        return Labels(None, _names(values, what), (kind, dtype))
    try:
        plain = np.array(values, {"b": bool, "i": np.int64, "f": np.float64}[kind])
    except OverflowError as error:
        raise errors.DataError(
            f"{what} has a label that int64 cannot hold; pass texts, such as list(map(str, {what}))"
        ) from error
    return Labels(labels(plain, what).array, None, (kind, np.dtype(object)))


_WORDS = {"b": "booleans", "i": "integers", "f": "floats", "U": "texts", "S": "bytes"}


def _kind_of(value: Any, row: int, what: str) -> str:
    for kind, types in (("b", (bool, np.bool_)), ("i", (int, np.integer)),
                        ("f", (float, np.floating)), ("U", str), ("S", bytes)):
        if isinstance(value, types):
            return kind
    raise errors.TypeMismatch(
        f"{what}: row {row} has a label of type {type(value).__name__}; labels are integers, "
        "booleans or texts"
    )


def _names(values: Sequence[Any], what: str) -> List[bytes]:
    found = []
    for row, value in enumerate(values):
        try:
            name = value if isinstance(value, bytes) else value.encode()
        except UnicodeEncodeError as error:
            raise errors.DataError(f"{what}: the label in row {row} is not valid Unicode") from error
        if b"\0" in name:
            raise errors.DataError(f"{what}: the label in row {row} holds a NUL character")
        found.append(name)
    return found


def whole_names(names: Sequence[str]) -> bool:
    """Whether all names are integers that int64 holds, written as the library writes them."""
    return all(
        _WHOLE.fullmatch(name) is not None and -(2**63) <= int(name) < 2**63 for name in names
    )


def classes(names: Sequence[str], kind: Optional[Kind]) -> np.ndarray:
    """Return class names as an array of the kind of the labels that they were made of.

    Without a kind, as of a model from a file: int64 if all names are integers, else str.
    """
    if kind is None or (kind[0] in "bif" and not whole_names(names)):
        return np.array([int(n) for n in names], np.int64) if names and whole_names(names) else (
            np.array(list(names), np.str_)
        )
    element, dtype = kind
    values: List[Any] = list(names)
    if element in "bif":
        values = [{"b": bool, "i": int, "f": float}[element](int(name)) for name in names]
    elif element == "S":
        values = [name.encode() for name in names]
    if dtype != object:
        return np.array(values, dtype)
    out = np.empty(len(values), object)
    out[:] = values
    return out
