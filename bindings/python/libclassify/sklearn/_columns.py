"""Columns of texts and numbers, with missing values, as rows of the library."""

from __future__ import annotations

from numbers import Real
from typing import Any, Dict, List, Tuple

import numpy as np

from .. import errors
from .._arrays import missing
from ..dataset import Dataset


def missing_of(X: np.ndarray) -> np.ndarray:
    """Return where values are None, NaN or pandas' NA."""
    if X.dtype.kind == "f":
        return np.isnan(X)
    if X.dtype.kind != "O":
        return np.zeros(X.shape, bool)
    return np.array([missing(value) for value in X.ravel()], bool).reshape(X.shape)


def table_of(rows: np.ndarray, texts: Dict[int, List[str]], **truth: Any) -> Dataset:
    """Return a dataset of columns as `coded` returns them, with labels or targets."""
    data = Dataset(rows, **truth)
    for j, names in texts.items():
        data.set_categories(int(j), names)
    return data


def coded(X: np.ndarray, lacks: np.ndarray) -> Tuple[np.ndarray, Dict[int, List[str]]]:
    """Return columns as f64, NaN where they lack values.

    Texts become codes in their order; their names are returned by column.
    """
    if X.dtype.kind not in "OUS":
        rows = X.astype(np.float64)
        rows[lacks] = np.nan
        return rows, {}
    rows, names = np.full(X.shape, np.nan), {}
    for j in range(X.shape[1]):
        there = np.flatnonzero(~lacks[:, j])
        values = X[there, j].tolist()
        if all(isinstance(value, str) for value in values):
            codes = {name: code for code, name in enumerate(sorted(set(values)))}
            rows[there, j] = [codes[value] for value in values]
            if codes:
                names[j] = list(codes)
        elif all(isinstance(value, (Real, np.bool_)) for value in values):
            rows[there, j] = values
        else:
            types = sorted({type(value).__name__ for value in values})
            raise errors.TypeMismatch(
                f"column {j}: each argument must be a string, or each a number; got {types}"
            )
    return rows, names
