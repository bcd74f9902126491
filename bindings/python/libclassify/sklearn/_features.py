"""Names of features, in and out of transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._compat import check_is_fitted


def input_names(estimator: Any, input_features: Any) -> np.ndarray:
    """Return the names of the features that were fitted on; "x0", "x1" … where there are none."""
    check_is_fitted(estimator)
    fitted = getattr(estimator, "feature_names_in_", None)
    count = estimator.n_features_in_
    if input_features is None:
        return np.array([f"x{i}" for i in range(count)], object) if fitted is None else fitted
    names = np.asarray(input_features, object)
    if fitted is not None and not np.array_equal(fitted, names):
        raise ValueError("input_features is not equal to feature_names_in_")
    if len(names) != count:
        raise ValueError(
            f"input_features should have length equal to number of features ({count}), got "
            f"{len(names)}"
        )
    return names


def prefixed_names(estimator: Any, count: int) -> np.ndarray:
    """Return the class's name in lower case with a number, such as "pca0"."""
    check_is_fitted(estimator)
    prefix = type(estimator).__name__.lower()
    return np.array([f"{prefix}{i}" for i in range(count)], object)
