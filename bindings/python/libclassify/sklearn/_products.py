"""Products of the features of sparse rows.

The products of d factors are the increasing sequences of d entries of a row. They are found degree
by degree for all rows at once: each sequence is extended by every entry of its row that may follow
the last. The column of a sequence i_1 ≤ … ≤ i_d among those of degree d is its place in
lexicographic order: a sum over k of how many sequences share the first k - 1 factors and have a
smaller k-th one.
"""

from __future__ import annotations

from math import comb
from typing import Any, List

import numpy as np


def count_products(features: int, degree: int, interaction_only: bool) -> int:
    """Return the number of products of exactly `degree` features, repeated or not."""
    if interaction_only:
        return comb(features, degree)
    return comb(features + degree - 1, degree) if features > 0 else int(degree == 0)


def sparse_products(X: Any, low: int, high: int, interaction_only: bool, bias: bool) -> Any:
    """Return the products of `low` to `high` features of CSR rows, and a column of ones, as CSR."""
    from scipy.sparse import csr_matrix

    rows, features = X.shape
    X = X.copy()
    X.sum_duplicates()
    columns, parts = 0, []
    if bias:
        parts.append((np.ones(rows, X.dtype), np.arange(rows), np.zeros(rows, np.int64)))
        columns = 1
    place = np.arange(X.nnz)[np.newaxis]  # [d, sequences]: the entries of each sequence
    values = X.data
    row_of = np.repeat(np.arange(rows), np.diff(X.indptr))
    end_of = X.indptr[row_of + 1].astype(np.int64)
    for degree in range(1, high + 1):
        if degree > 1:
            place, values = _extended(X, place, values, end_of, interaction_only)
        if degree >= low:
            chosen = X.indices[place].astype(np.int64)
            found = _places(chosen, features, interaction_only)
            parts.append((values, row_of[place[0]], columns + found))
            columns += count_products(features, degree, interaction_only)
    data, row, column = (np.concatenate(arrays) for arrays in zip(*parts))
    return csr_matrix((data, (row, column)), shape=(rows, columns), dtype=X.dtype)


def _extended(
    X: Any, place: np.ndarray, values: np.ndarray, end_of: np.ndarray, interaction_only: bool
) -> Any:
    """Extend each sequence by all entries of its row that may follow."""
    last = place[-1]
    first = last + interaction_only
    counts = end_of[last] - first
    source = np.repeat(np.arange(len(last)), counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    following = first[source] + np.arange(len(source)) - before
    return np.vstack([place[:, source], following]), values[source] * X.data[following]


def _places(chosen: np.ndarray, features: int, interaction_only: bool) -> np.ndarray:
    """Return the places of sequences of features [degree, sequences] in lexicographic order."""
    degree = len(chosen)
    found = np.zeros(chosen.shape[1], np.int64)
    for k in range(degree):
        # starts[v]: sequences of the remaining factors whose k-th feature is below v.
        rest: List[int] = [0]
        for v in range(features):
            left = features - v - interaction_only
            rest.append(rest[-1] + count_products(left, degree - 1 - k, interaction_only))
        starts = np.array(rest, np.int64)
        found += starts[chosen[k]]
        if k > 0:
            found -= starts[chosen[k - 1] + interaction_only]
    return found
