"""The parameters of kernels (Boser, Guyon and Vapnik 1992), by scikit-learn's names.

The value of two rows x and y is ``x·y`` for "linear", ``(gamma x·y + coef0)^degree`` for "poly",
``exp(-gamma |x - y|²)`` for "rbf", and ``tanh(gamma x·y + coef0)`` for "sigmoid".
"""

from __future__ import annotations

from typing import Any, Callable, Dict

import numpy as np

from .. import errors
from ._compat import check_is_fitted

_WORDS = {
    "linear": "linear",
    "poly": "polynomial",
    "rbf": "rbf",
    "sigmoid": "sigmoid",
    "precomputed": "precomputed",
}


def kernel_params(estimator: Any) -> Dict[str, Any]:
    """Return the library's parameters for an estimator's kernel, gamma, degree and coef0."""
    kernel = estimator.kernel
    if kernel not in _WORDS:
        reason = "functions of your own are not called" if callable(kernel) else "unknown"
        raise errors.Unsupported(
            f"{type(estimator).__name__} has no kernel {kernel!r} ({reason}); it takes one of "
            f"{list(_WORDS)}, and rows or a kernel matrix with 'precomputed'"
        )
    return {
        "kernel": _WORDS[kernel],
        "gamma": estimator.gamma,
        "degree": estimator.degree,
        "coef0": estimator.coef0,
    }


def is_table(X: Any) -> bool:
    """Return whether X is rows of numbers, and not a list of objects such as texts."""
    if hasattr(X, "tocsr"):
        return True
    try:
        array = np.asarray(X)
    except ValueError:  # lists of unequal lengths
        return False
    return array.ndim == 2 and array.dtype.kind in "biuf"


def kernel_values(kernel: Callable[[Any, Any], Any], X: Any, fitted: Any) -> np.ndarray:
    """Return the checked values of a user's kernel, [rows of X, rows of the fit]."""
    values = kernel(X, fitted)
    values = np.asarray(values.toarray() if hasattr(values, "toarray") else values, np.float64)
    shape = tuple(rows.shape[0] if hasattr(rows, "shape") else len(rows) for rows in (X, fitted))
    if values.shape != shape:
        raise errors.ShapeError(
            f"the kernel returned an array of shape {values.shape}; it has to be {shape}, a row "
            "for each row of the first argument, and a column for each of the second"
        )
    if not np.isfinite(values).all():
        raise errors.DataError("the kernel returned NaN or infinity")
    return values


class KernelMixin:
    """Estimators with a kernel; a precomputed one takes a matrix of pairs for rows."""

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        words = {word: name for name, word in _WORDS.items()}
        return {**super()._params_of(params), "kernel": words.get(params["kernel"])}

    def _more_tags(self) -> Dict[str, Any]:
        return {**super()._more_tags(), "pairwise": self.kernel == "precomputed"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags

    def _kernel_rows(self, X: Any, y: Any, *, reset: bool, **checks: Any) -> Any:
        """Return the values of the user's kernel with the rows of the fit, and the labels.

        Rows of numbers are checked, and the kernel takes them as f64; it may also take objects.
        """
        table = is_table(X)
        if table:
            checked = super()._rows(X, y, reset=reset, **checks)
            X = checked[0] if isinstance(checked, tuple) else checked
            X = X.astype(np.float64, copy=False)
        elif not reset:
            check_is_fitted(self)
        if reset:
            self._fit_rows = X
        values = kernel_values(self.kernel, X, self._fit_rows)
        if not table:
            checked = super()._rows(values, y, reset=reset, **checks)
        if not table and reset:
            del self.n_features_in_  # which objects do not have
        return (values, checked[1]) if isinstance(checked, tuple) else values
