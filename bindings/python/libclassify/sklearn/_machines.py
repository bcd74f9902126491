"""What support vector machines of all types share: kernels, parameters, fitted attributes."""

from __future__ import annotations

import math
from typing import Any, Dict, Optional, Tuple

import numpy as np

from .. import distributed, errors
from ._checks import check_numbers
from ._kernels import KernelMixin, kernel_params

_TYPES = ("c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr")  # the library's numbers
MAX_C = 1e30  # the library's, which is infinite for rows of f32


def positive_weights(sample_weight: Any) -> Any:
    """Return row weights of which those below 0 are 0; one must be above it."""
    if sample_weight is not None:
        sample_weight = np.maximum(np.asarray(sample_weight, np.float64), 0)
        if not sample_weight.any():
            raise errors.DataError(
                "Invalid input - all samples have zero or negative weights."
            )
    return sample_weight


class MachineMixin(KernelMixin):
    """Estimators of the library's model ``svm``, of one of its types."""

    _kind = "svm"
    _type = ""  # the library's parameter `type`
    _names = {"coef0": "coef0", "degree": "degree", "gamma": "gamma", "tol": "tolerance",
              "cache_size": "cache_mb"}
    _lacks = {
        "shrinking": ((True,), "the solver chooses itself which rows it looks at; the solution "
                               "is the same"),
    }

    # Parameters

    def _pairwise_kernel(self) -> bool:
        return callable(self.kernel) or self.kernel == "precomputed"

    def _accepts_sparse(self) -> bool:
        return self.kernel != "precomputed"

    def _library_params(self) -> Dict[str, Any]:
        params = super()._library_params()
        if params.get("C") == math.inf:
            params["C"] = MAX_C
        return {
            **params,
            "type": self._type,
            **({"kernel": "precomputed"} if callable(self.kernel) else kernel_params(self)),
            "max_iterations": None if self.max_iter == -1 else self.max_iter,
        }

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        own = super()._params_of(params)
        if own.get("C") == MAX_C:
            own["C"] = math.inf
        return {**own, "max_iter": params["max_iterations"] or -1}

    def _check_params(self) -> None:
        check_numbers(self, tol=0, cache_size=0, degree=0, coef0=-math.inf, max_iter=-1,
                      **{name: 0 for name in ("C", "nu", "epsilon") if hasattr(self, name)})
        if self.max_iter == 0:
            raise errors.ArgumentError("max_iter is 0; it is the limit of the iterations, or -1")

    # Fitting

    def _rows(self, X: Any, y: Any = "no_validation", *, reset: bool, **checks: Any) -> Any:
        if callable(self.kernel):
            return self._kernel_rows(X, y, reset=reset, **checks)
        if self.kernel == "precomputed" and hasattr(X, "tocsr"):
            raise errors.TypeMismatch("Sparse precomputed kernels are not supported.")
        rows = super()._rows(X, y, reset=reset, **checks)
        X = rows[0] if isinstance(rows, tuple) else rows
        if reset and self.kernel == "precomputed" and X.shape[0] != X.shape[1]:
            raise errors.ShapeError(
                f"Precomputed matrix must be a square matrix. Input is a {X.shape[0]}x"
                f"{X.shape[1]} matrix."
            )
        return rows

    def _describe(self, X: Any, y: np.ndarray, weights: Optional[np.ndarray]) -> None:
        alone = distributed.active() is None
        rows = int(distributed.total(X.shape[0]))
        self.shape_fit_ = (rows, getattr(self, "n_features_in_", X.shape[1]))
        self.support_vectors_ = self._vectors_of(X) if alone else self._kept_vectors()

    def _vectors_of(self, X: Any) -> Any:
        if self._pairwise_kernel():
            return np.empty((0, 0))
        return X[self.support_].astype(np.float64)

    def _adopt(self, model: Any) -> None:
        super()._adopt(model)
        found = self._tensor("type")
        fitted = "c_svc" if found is None else _TYPES[found[0]]
        if fitted != self._type:
            raise errors.TypeMismatch(f"the model is an svm of type={fitted}, not a "
                                      f"{type(self).__name__}, whose type is {self._type}")
        self.support_vectors_ = self._kept_vectors()

    def _kept_vectors(self) -> np.ndarray:
        """Return the support vectors that the model holds, as float32."""
        vectors = self._tensor("support_vectors")
        center = self._tensor("center")
        vectors = np.empty((0, 0)) if vectors is None else np.array(vectors, np.float64)
        return vectors if center is None or not vectors.size else vectors + center

    def _signed(self, values: np.ndarray) -> np.ndarray:
        """Return machines' values with scikit-learn's signs."""
        return values

    # Fitted attributes

    @property
    def support_(self) -> np.ndarray:
        """Numbers of the support vectors among the rows of the fit."""
        return np.array(self._tensor("support"), np.int32)

    @property
    def n_support_(self) -> np.ndarray:
        """Number of support vectors of each class."""
        return np.array(self._tensor("support_count"), np.int32)

    @property
    def dual_coef_(self) -> np.ndarray:
        """Coefficients of the support vectors, in LIBSVM's layout; sparse after sparse rows."""
        found = self._signed(np.array(self._tensor("dual_coef_f64", "dual_coef"), np.float64))
        return self._like_rows(found)

    def _like_rows(self, values: np.ndarray) -> Any:
        """Return values as a sparse matrix, if the rows of the fit were one."""
        if not hasattr(self.support_vectors_, "tocsr"):
            return values
        from scipy.sparse import csr_matrix

        return csr_matrix(values)

    def _linear_map(self) -> Tuple[np.ndarray, np.ndarray]:
        weights = np.array(self._tensor("weights_f64", "weights"), np.float64)
        intercept = np.array(self._tensor("intercept"), np.float64)
        center = self._tensor("center")
        return weights, intercept if center is None else intercept - weights @ center

    @property
    def coef_(self) -> np.ndarray:
        """Weights of the features, with a linear kernel."""
        if self.kernel != "linear":
            raise AttributeError("coef_ is only available when using a linear kernel")
        coefficients = self._like_rows(self._signed(self._linear_map()[0]))
        values = coefficients if isinstance(coefficients, np.ndarray) else coefficients.data
        values.flags.writeable = False
        return coefficients

    @property
    def intercept_(self) -> np.ndarray:
        """Constant of each machine."""
        if self.kernel == "linear":
            return self._signed(self._linear_map()[1])
        return self._signed(np.array(self._tensor("intercept"), np.float64))

    @property
    def n_iter_(self) -> np.ndarray:
        """Iterations of each machine."""
        return np.array(self._tensor("iterations"), np.int32)

    @property
    def fit_status_(self) -> int:
        """0 if all machines converged, else 1."""
        return 0 if self.model_.outcome == "converged" else 1

