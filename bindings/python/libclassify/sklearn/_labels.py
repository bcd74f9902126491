"""Labels, row weights, class weights and seeds, as scikit-learn's users write them."""

from __future__ import annotations

import numbers
from typing import Any, Optional, Sequence, Union

import numpy as np

from .. import errors
from ..dataset import Dataset


def class_weights(class_weight: Any, classes: np.ndarray) -> Union[None, str, Sequence[float]]:
    """Return the library's ``class_weight`` for scikit-learn's.

    Parameters
    ----------
    class_weight : None, "balanced" or dict of label to weight
        Classes that the dict lacks have weight 1.
    classes : ndarray of shape (n_classes,)
        The labels in the library's order.
    """
    if class_weight is None or class_weight == "balanced":
        return class_weight
    if not hasattr(class_weight, "items"):
        raise errors.ArgumentError(
            f"class_weight must be a dict, 'balanced' or None; it is {class_weight!r}"
        )
    known = classes.tolist()
    unknown = [label for label in class_weight if label not in known]
    if unknown and len(class_weight) - len(unknown) < len(known):
        raise errors.ArgumentError(f"The classes, {unknown}, of class_weight are not labels of y")
    return [float(class_weight.get(label, 1.0)) for label in known]


def class_weight_of(model: Any) -> Any:
    """Return scikit-learn's ``class_weight`` of a fitted model of the library."""
    given = model.params["class_weight"]
    if isinstance(given, str):
        return None if given == "none" else given
    labels = model.classes.tolist()
    if isinstance(given, dict):
        return {label: given[str(label)] for label in labels if str(label) in given}
    return dict(zip(labels, given))


def row_weights(sample_weight: Any, rows: int) -> Optional[np.ndarray]:
    """Check row weights; return them as f64 of shape (rows,), or None for equal weights."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Number):
        sample_weight = np.full(rows, sample_weight)
    weights = np.array(sample_weight, np.float64)
    if weights.ndim != 1:
        raise ValueError("Sample weights must be 1D array or scalar")
    if weights.shape != (rows,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(rows,)}!")
    if not np.isfinite(weights).all():
        raise ValueError("Input sample_weight contains NaN or infinity.")
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def rows_of_classes(
    classes: np.ndarray, X: Any, y: np.ndarray, weights: Optional[np.ndarray]
) -> Dataset:
    """Return labeled rows as a dataset that has all classes, whether or not rows have them."""
    indices = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    strange = classes[indices] != y
    if strange.any():
        unknown = sorted(set(np.asarray(y)[strange].tolist()))
        raise ValueError(f"y holds labels that are not in `classes`: {unknown}")
    count = len(classes)
    rows = np.r_[np.zeros(count, np.intp), np.arange(X.shape[0])]  # one row for each class first
    weights = None if weights is None else weights[rows]
    whole = Dataset(X[rows], np.concatenate([classes, classes[indices]]), sample_weight=weights)
    return whole.subset(np.arange(count, len(rows)))


def seed_of(random_state: Any) -> int:
    """Return a seed: an int itself, otherwise a number drawn from the generator.

    None draws from NumPy's global generator, as scikit-learn does, so ``numpy.random.seed`` makes
    it repeatable.
    """
    if random_state is None:
        return int(np.random.randint(2**31 - 1))
    if isinstance(random_state, numbers.Integral):
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    raise ValueError(f"{random_state!r} cannot be used to seed a numpy.random.RandomState instance")
