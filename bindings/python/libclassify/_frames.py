"""Data frames of pandas as rows. pandas is never imported: its objects bring what is needed."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _arrays, errors

def is_pandas(values: Any) -> bool:
    """Whether an object is a DataFrame or a Series of pandas."""
    return type(values).__module__.partition(".")[0] == "pandas" or (
        hasattr(values, "iloc") and hasattr(values, "dtypes")
    )


def names_of(columns: Any) -> Optional[Tuple[str, ...]]:
    """Return column names where all are texts; None for numbered columns."""
    listed = list(columns)
    return tuple(listed) if listed and all(isinstance(name, str) for name in listed) else None


def pandas_rows(frame: Any, what: str) -> _arrays.Rows:
    """Return a DataFrame as rows. Nullable values that are missing become NaN."""
    if frame.ndim != 2:
        raise errors.ShapeError(
            f"{what} is one column, a Series; it must be [rows, features]: pass {what}.to_frame() "
            f"for rows of one feature"
        )
    names = names_of(frame.columns)
    dtypes = list(frame.dtypes)
    for name, dtype in zip(frame.columns, dtypes):
        _check(name, dtype, what)
    if dtypes and all(_is_sparse(dtype) for dtype in dtypes):
        rows = _arrays.rows(frame.sparse.to_coo(), what)
        return _arrays.Rows(None, rows.csr, names)
    if dtypes and all(isinstance(d, np.dtype) and d == dtypes[0] and d.kind in "iuf"
                      for d in dtypes):
        array = _arrays.numbers(frame.to_numpy(), what)
        if array.dtype.kind == "f" and not array.flags.c_contiguous:
            array = np.ascontiguousarray(array)
        return _arrays.Rows(array, None, names)
    columns, categories = [], {}
    for i, name in enumerate(frame.columns):
        values = _column(frame.iloc[:, i], f"{what}: column {name!r}")
        columns.append(coded(values, i, categories, f"{what}: column {name!r}"))
    return _arrays.Rows(stacked(columns, len(frame)), None, names, categories)


class Coded(NamedTuple):
    """Codes of categories, -1 where they are missing, and what they stand for."""

    codes: np.ndarray
    categories: List[Any]


def coded(values: Any, column: int, categories: Dict[int, List[str]], what: str) -> np.ndarray:
    """Return a column as numbers. Texts become codes, whose names `categories` receives."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "O":
        values = _codes_of(values, what)
    if not isinstance(values, Coded):
        return values
    if values.categories:
        categories[column] = [str(name) for name in values.categories]
    codes = values.codes.astype(np.float32 if len(values.categories) < 1 << 24 else np.float64)
    codes[values.codes < 0] = np.nan
    return codes


def _codes_of(values: np.ndarray, what: str) -> Coded:
    """Return codes of texts, in order of their appearance; None and NaN are missing."""
    found: Dict[str, int] = {}
    codes = np.full(len(values), -1, np.int64)
    for i, value in enumerate(values):
        if isinstance(value, str):
            codes[i] = found.setdefault(value, len(found))
        elif not _is_missing(value):
            raise errors.TypeMismatch(
                f"{what} holds texts and {value!r}, a {type(value).__name__}: make all of them texts, "
                f"or numbers"
            )
    return Coded(codes, list(found))


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def days(values: np.ndarray) -> np.ndarray:
    """Return datetime64 as days since 1970-01-01, NaN where there is none."""
    exact = values.astype("datetime64[us]")
    out = exact.astype(np.int64) / 86400e6
    out[np.isnat(exact)] = np.nan
    return out


def stacked(columns: List[np.ndarray], rows: int) -> np.ndarray:
    """Return columns as one array [rows, columns] of a type that holds all of their values."""
    dtype = np.result_type(*columns) if columns else np.dtype(np.float64)
    out = np.empty((rows, len(columns)), dtype)
    for i, values in enumerate(columns):
        out[:, i] = values
    return out


def _is_sparse(dtype: Any) -> bool:
    return type(dtype).__name__ == "SparseDtype"


def _check(name: Any, dtype: Any, what: str) -> None:
    kind = getattr(dtype, "kind", "O")
    if kind == "m" or str(dtype).startswith(("period", "timedelta")):
        raise errors.TypeMismatch(
            f"{what}: column {name!r} holds periods or durations ({dtype}): make numbers of it, such "
            "as days"
        )
    if kind == "c":
        raise errors.TypeMismatch(f"{what}: column {name!r} holds complex numbers")


def _column(series: Any, what: str) -> Any:
    """Return numbers, an array of texts, or Coded."""
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    if type(dtype).__name__ == "CategoricalDtype":
        return Coded(series.cat.codes.to_numpy(), list(series.cat.categories))
    if kind == "M" or str(dtype).startswith("datetime"):
        aware = getattr(dtype, "tz", None) is not None
        return days((series.dt.tz_convert(None) if aware else series).to_numpy("datetime64[us]"))
    if kind in "US" or str(dtype).startswith(("string", "str", "large_string")):
        return series.to_numpy(object)
    if isinstance(dtype, np.dtype):
        array = series.to_numpy()
        if array.dtype.kind == "O" and any(isinstance(value, str) for value in array):
            return array
    elif kind in "iufb" and not series.isna().any():
        array = series.to_numpy(dtype=kind + str(_itemsize(dtype)))
    else:
        try:
            array = series.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise errors.TypeMismatch(f"{what} holds {dtype}, which are no numbers") from error
    return _arrays.numbers(array, what)


def _itemsize(dtype: Any) -> int:
    return getattr(getattr(dtype, "numpy_dtype", None), "itemsize", 8)
