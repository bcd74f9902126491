"""The kernel Fisher discriminant."""

from __future__ import annotations

from typing import Any, Dict, Optional

from .. import errors
from ._base import Classifier, ProbabilityMixin
from ._fisher import (
    ProjectionMixin,
    checked_components,
    checked_priors,
    discriminant_params_of,
)
from ._kernels import KernelMixin, kernel_params


class KernelFisherDiscriminant(ProbabilityMixin, ProjectionMixin, KernelMixin, Classifier):
    """Fisher's discriminant in the space of a kernel.

    Axes are combinations of the kernel's values with some rows, the landmarks (Mika et al. 1999;
    Baudat and Anouar 2000). scikit-learn has no such estimator.

    Parameters
    ----------
    kernel : str, default "rbf"
        "linear" (x·y), "poly" ((gamma x·y + coef0)^degree), "rbf" (exp(-gamma |x - y|²)), "sigmoid"
        (tanh(gamma x·y + coef0)) or "precomputed".
    gamma : float, "scale" or "auto", default "scale"
        As in scikit-learn's ``SVC``.
    degree : int, default 3
    coef0 : float, default 0.0
    alpha : float, default 0.1
        Strength of the regularization, added to the diagonal of the kernel matrix.
    landmarks : int, default 5000
        Limit of the rows that the axes are made of, drawn from each class; 0 for all rows.
    n_components : int, optional
        Number of axes, at most ``n_classes - 1``.
    priors : array-like of shape (n_classes,), optional
    solver : "auto", "cholesky" or "cg", default "auto"
        With ``landmarks=0``: "cholesky" is exact, "cg" suits many rows.
    tol : float, default 1e-4
        Relative residual at which "cg" stops.
    max_iter : int, default 200
        Limit of the iterations of "cg".
    cache_size : int, default 4096
        Megabytes for the kernel matrix in "cg".
    random_state : int, RandomState or None, default 0
        Seed of the choice of landmarks.
    n_jobs : int, optional
        Threads; None uses all that the process may use.
    verbose : int, default 0
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    explained_variance_ratio_ : ndarray of shape (n_components,)
    n_iter_ : int
        Iterations of "cg"; 1 for a direct solution.
    n_features_in_, feature_names_in_, model_
    """

    _kind = "fisher"
    _names = {
        "gamma": "gamma",
        "degree": "degree",
        "coef0": "coef0",
        "alpha": "alpha",
        "landmarks": "landmarks",
        "solver": "solver",
        "tol": "residual",
        "max_iter": "max_iterations",
        "cache_size": "cache_mb",
        "reject": "reject",
    }
    _random = True

    def __init__(
        self,
        kernel: str = "rbf",
        *,
        gamma: Any = "scale",
        degree: int = 3,
        coef0: float = 0.0,
        alpha: float = 0.1,
        landmarks: int = 5000,
        n_components: Optional[int] = None,
        priors: Any = None,
        solver: str = "auto",
        tol: float = 1e-4,
        max_iter: int = 200,
        cache_size: int = 4096,
        random_state: Any = 0,
        n_jobs: Optional[int] = None,
        verbose: int = 0,
        reject: float = 0.0,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.alpha = alpha
        self.landmarks = landmarks
        self.n_components = n_components
        self.priors = priors
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.cache_size = cache_size
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.reject = reject

    def _max_components(self) -> int:
        return len(self.classes_) - 1

    def _library_params(self) -> Dict[str, Any]:
        return {
            **super()._library_params(),
            **kernel_params(self),
            "priors": checked_priors(self.priors, len(self.classes_)),
            "components": checked_components(self.n_components, self._max_components()),
        }

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {**super()._params_of(params), **discriminant_params_of(params)}

    def _adopt(self, model: Any) -> None:
        if self.kernel is None:
            raise errors.TypeMismatch(
                "the model has no kernel, so it is not a KernelFisherDiscriminant; load it as a "
                "FisherDiscriminant"
            )
        super()._adopt(model)

    def _of_second(self, values: Any) -> Any:
        return values[..., 1] - values[..., 0]

    @property
    def n_iter_(self) -> int:
        """Iterations of "cg"; 1 for a direct solution."""
        iterations = self._tensor("iterations")
        return 1 if iterations is None else max(1, int(iterations[0]))
