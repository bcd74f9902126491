"""Coefficients and intercepts of models whose decisions are linear in the rows."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

from ._compat import check_is_fitted


class LinearModel:
    """``coef_`` and ``intercept_``, computed from the model's tensors in f64.

    A model that was fitted on rows far from 0 subtracts a center from every row; here the center is
    part of the intercept, so ``X @ coef_.T + intercept_`` are the decisions.
    """

    def _linear_map(self) -> Tuple[np.ndarray, np.ndarray]:
        """Return W [n_outputs, n_features] and b [n_outputs]."""
        weights = self._tensor("weights_f64", "weights")
        if weights is None or self._tensor("support") is not None:
            raise AttributeError("a model with a kernel has no coefficients")
        if weights.shape[1] != self.model_.n_features:
            raise AttributeError("the model's transforms change the features before it weighs them")
        weights = np.array(weights, np.float64)
        intercept = np.array(self._tensor("intercept_f64", "intercept"), np.float64)
        center = self._tensor("center")
        intercept = intercept if center is None else intercept - weights @ center
        return weights.astype(self._dtype), intercept.astype(self._dtype)

    @property
    def coef_(self) -> np.ndarray:
        """Coefficients, of shape (n_classes, n_features), or (1, n_features) with two classes."""
        weights, _ = self._linear_map()
        return self._of_second(weights.T)[np.newaxis] if len(self.classes_) == 2 else weights

    @property
    def intercept_(self) -> np.ndarray:
        """Intercepts, of shape (n_classes,), or (1,) with two classes."""
        _, intercept = self._linear_map()
        return self._of_second(intercept[np.newaxis]) if len(self.classes_) == 2 else intercept


class SparseCoefficients(LinearModel):
    """Linear models whose ``coef_`` can be shown as a sparse matrix."""

    _shows_sparse = False

    @property
    def coef_(self) -> Any:
        """Coefficients, of shape (n_classes, n_features), or (1, n_features) with two classes."""
        coefficients = super().coef_
        if not self._shows_sparse:
            return coefficients
        from scipy.sparse import csr_matrix

        return csr_matrix(coefficients)

    def sparsify(self) -> Any:
        """Show ``coef_`` as a sparse matrix from now on; predictions stay as they are."""
        return self._show(True)

    def densify(self) -> Any:
        """Show ``coef_`` as an array again."""
        return self._show(False)

    def _show(self, sparse: bool) -> Any:
        check_is_fitted(self)
        self._shows_sparse = sparse
        return self
