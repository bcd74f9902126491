"""The parameters of kernels (Boser, Guyon and Vapnik 1992), by scikit-learn's names.

The value of two rows x and y is ``x·y`` for "linear", ``(gamma x·y + coef0)^degree`` for "poly",
``exp(-gamma |x - y|²)`` for "rbf", and ``tanh(gamma x·y + coef0)`` for "sigmoid".
"""

from __future__ import annotations

from typing import Any, Dict

from .. import errors

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
