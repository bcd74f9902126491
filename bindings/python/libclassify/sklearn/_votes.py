"""How machines for pairs of classes vote, and the weights of classes as LIBSVM has them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ._labels import class_weights


def weight_of_classes(class_weight: Any, classes: np.ndarray, indices: Any) -> np.ndarray:
    """Return the weight of each class; "balanced" counts rows, whatever their weights."""
    given = class_weights(class_weight, classes)
    if given == "balanced":
        return len(indices) / (len(classes) * np.bincount(indices, minlength=len(classes)))
    return np.ones(len(classes)) if given is None else np.asarray(given, np.float64)


def votes_of(pairs: np.ndarray, classes: int) -> np.ndarray:
    """Return the number of pairs that each class wins, [n_samples, n_classes]."""
    return (pairs > 0) @ _differences(classes) + np.arange(classes)  # small integers: exact


@functools.lru_cache(maxsize=8)
def _differences(classes: int) -> np.ndarray:
    """Return what a pair won adds to the votes beyond a pair lost, [pairs, n_classes].

    If each pair is lost, its second class wins: class k has k votes.
    """
    first, second = np.triu_indices(classes, 1)
    each = np.eye(classes)
    return each[first] - each[second]


def by_votes(pairs: np.ndarray, classes: int) -> np.ndarray:
    """Return votes plus a fraction below 1/3 that grows with the sum of a class's values."""
    sums = np.zeros((len(pairs), classes))
    first, second = np.triu_indices(classes, 1)
    for pair, (i, j) in enumerate(zip(first, second)):
        sums[:, i] += pairs[:, pair]
        sums[:, j] -= pairs[:, pair]
    return votes_of(pairs, classes) + sums / (3 * (np.abs(sums) + 1))
