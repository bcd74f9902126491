"""Data frames of pandas as rows. pandas is never imported: its objects bring what is needed."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import numpy as np

from . import _arrays, errors

ENCODE = (
    "encode it first, for example by scikit-learn's OneHotEncoder or pandas.get_dummies: the codes "
    "of categories are no numbers"
)


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
    columns = [
        _column(frame.iloc[:, i], f"{what}, column {name!r}")
        for i, name in enumerate(frame.columns)
    ]
    return _arrays.Rows(stacked(columns, len(frame)), None, names)


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
    if type(dtype).__name__ == "CategoricalDtype":
        held = "categories"
    elif kind in "mM" or str(dtype).startswith(("datetime", "period", "timedelta")):
        raise errors.TypeMismatch(
            f"{what}: column {name!r} holds dates or durations ({dtype}): make numbers of it, such "
            "as days since a date, years or weekdays"
        )
    elif kind == "c":
        raise errors.TypeMismatch(f"{what}: column {name!r} holds complex numbers")
    elif kind in "US" or str(dtype).startswith(("string", "str", "large_string")):
        held = "texts"
    else:
        return
    raise errors.TypeMismatch(f"{what}: column {name!r} holds {held} ({dtype}): {ENCODE}")


def _column(series: Any, what: str) -> np.ndarray:
    if isinstance(series.dtype, np.dtype):
        array = series.to_numpy()
    elif getattr(series.dtype, "kind", "O") in "iufb" and not series.isna().any():
        array = series.to_numpy(dtype=series.dtype.kind + str(_itemsize(series.dtype)))
    else:
        try:
            array = series.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise errors.TypeMismatch(f"{what} holds {series.dtype}: {ENCODE}") from error
    return _arrays.numbers(array, what)


def _itemsize(dtype: Any) -> int:
    return getattr(getattr(dtype, "numpy_dtype", None), "itemsize", 8)
