"""Support vector regression, and the one-class machine, which detects outliers."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Union

import numpy as np

from ..dataset import Dataset
from ._base import ModelEstimator, RegressorMixin, result_type
from ._compat import OutlierMixin
from ._decision import IntervalMixin
from ._labels import row_weights
from ._machines import MachineMixin, positive_weights


class _OneMachine(MachineMixin, ModelEstimator):
    """Fits and decisions of a single machine."""

    def _params_for(self, data: Dataset) -> Dict[str, Any]:
        self._check_params()
        return {}

    def _fit_rows_to(self, X: Any, sample_weight: Any, **wanted: Any) -> None:
        weights = row_weights(positive_weights(sample_weight), X.shape[0])
        self._fit_model(Dataset(X, sample_weight=weights, **wanted))
        self._describe(X, None, weights)

    def _values(self, X: Any) -> np.ndarray:
        X = self._rows(X, reset=False)
        return np.asarray(self.model_.decision_function(X)[:, 0], result_type(X))

    @property
    def class_weight_(self) -> np.ndarray:
        """Empty: there are no classes."""
        return np.empty(0)

    def _vectors(self) -> int:
        """Return the number of support vectors; a constant has one with coefficient 0."""
        found = self._tensor("dual_coef_f64", "dual_coef")
        return found.shape[1] if found.any() else 0

    @property
    def support_(self) -> np.ndarray:
        """Numbers of the support vectors among the rows of the fit."""
        return super().support_[: self._vectors()]

    @property
    def n_support_(self) -> np.ndarray:
        """Number of support vectors, of shape (1,)."""
        return np.array([self._vectors()], np.int32)

    @property
    def dual_coef_(self) -> np.ndarray:
        """Coefficients of the support vectors, of shape (1, n_SV); sparse after sparse rows."""
        return super().dual_coef_[:, : self._vectors()]

    @property
    def n_iter_(self) -> int:
        """Iterations of the machine."""
        return int(self._tensor("iterations")[0])


class _Regression(IntervalMixin, RegressorMixin, _OneMachine):
    """Regressions of one target."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the machine.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            With ``kernel="precomputed"`` the kernel values, of shape (n_samples, n_samples).
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : array-like of shape (n_samples,), optional
            Factors of `C`. Rows whose weight is not above 0 are left out.

        Returns
        -------
        self
        """
        X, y = self._rows(X, y, reset=True, y_numeric=True)
        self._fit_rows_to(X, sample_weight, targets=y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the target of each row, an array of shape (n_samples,)."""
        return self._values(X)


class SVR(_Regression):
    """Support vector regression: errors up to epsilon have no weight.

    It minimizes ``|w|² / 2 + C sum_i w_i max(0, |y_i - f(x_i)| - epsilon)`` (Vapnik 1995), as
    LIBSVM and scikit-learn's ``SVR`` do. Parameters, defaults and fitted attributes are those of
    scikit-learn.

    Parameters
    ----------
    kernel : str or callable, default "rbf"
        "linear", "poly", "rbf", "sigmoid", "precomputed", or a function of two arrays of rows that
        returns the matrix of kernel values.
    degree : int, default 3
    gamma : "scale", "auto" or float, default "scale"
    coef0 : float, default 0.0
    tol : float, default 1e-3
    C : float, default 1.0
        Weight of the errors against the flatness of f.
    epsilon : float, default 0.1
        Half the width of the tube in which errors have no weight.
    shrinking : bool, default True
        Must be True: it concerns only the way to the solution.
    cache_size : float, default 200
        Memory for kernel values, in MB.
    verbose : bool, default False
    max_iter : int, default -1
        Limit of the iterations; -1 for the library's.
    n_jobs : int, optional
        Threads; None uses all that the process may use.

    Attributes
    ----------
    support_ : ndarray of shape (n_SV,)
    support_vectors_ : ndarray or sparse matrix of shape (n_SV, n_features)
    n_support_ : ndarray of shape (1,)
    dual_coef_ : ndarray of shape (1, n_SV)
    intercept_ : ndarray of shape (1,)
    coef_ : ndarray of shape (1, n_features)
        With a linear kernel.
    n_iter_, fit_status_ : int
    shape_fit_ : tuple
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    ===================  =================================  ====================================
    parameter            scikit-learn                       here
    ===================  =================================  ====================================
    shrinking            True, False                        True
    max_iter             -1: no limit; 0: no step           -1: the library's limit; not 0
    gamma="scale"        variance of all rows               rows count by their weights
    kernel values        f64                                f32, of u8 rows exact
    ===================  =================================  ====================================
    """

    _type = "epsilon_svr"
    _names = {**MachineMixin._names, "C": "C", "epsilon": "epsilon"}

    def __init__(
        self,
        *,
        kernel: Union[str, Callable[[Any, Any], Any]] = "rbf",
        degree: int = 3,
        gamma: Any = "scale",
        coef0: float = 0.0,
        tol: float = 1e-3,
        C: float = 1.0,
        epsilon: float = 0.1,
        shrinking: bool = True,
        cache_size: float = 200,
        verbose: bool = False,
        max_iter: int = -1,
        n_jobs: Optional[int] = None,
    ) -> None:
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.tol = tol
        self.C = C
        self.epsilon = epsilon
        self.shrinking = shrinking
        self.cache_size = cache_size
        self.verbose = verbose
        self.max_iter = max_iter
        self.n_jobs = n_jobs


class NuSVR(_Regression):
    """Support vector regression whose nu determines the width of the tube.

    At most a share `nu` of the rows lies beyond the tube, and at least that share supports it
    (Schölkopf et al. 2000). The machine is that of :class:`SVR` for an epsilon that follows from
    nu. Parameters, defaults and fitted attributes are those of scikit-learn's ``NuSVR``; all but
    `nu` are described at :class:`SVR`.

    Parameters
    ----------
    nu : float, default 0.5
        Above 0, at most 1.
    """

    _type = "nu_svr"
    _names = {**MachineMixin._names, "C": "C", "nu": "nu"}

    def __init__(
        self,
        *,
        nu: float = 0.5,
        C: float = 1.0,
        kernel: Union[str, Callable[[Any, Any], Any]] = "rbf",
        degree: int = 3,
        gamma: Any = "scale",
        coef0: float = 0.0,
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 200,
        verbose: bool = False,
        max_iter: int = -1,
        n_jobs: Optional[int] = None,
    ) -> None:
        self.nu = nu
        self.C = C
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.shrinking = shrinking
        self.tol = tol
        self.cache_size = cache_size
        self.verbose = verbose
        self.max_iter = max_iter
        self.n_jobs = n_jobs


class OneClassSVM(OutlierMixin, _OneMachine):
    """The one-class machine: where most rows are, and which rows lie elsewhere.

    At most a share `nu` of the rows of the fit are outliers, and at least that share are support
    vectors (Schölkopf et al. 2001). Parameters, defaults and fitted attributes are those of
    scikit-learn's ``OneClassSVM``; all but `nu` are described at :class:`SVR`.

    Parameters
    ----------
    nu : float, default 0.5
        Above 0, at most 1.

    Attributes
    ----------
    offset_ : ndarray of shape (1,)
        ``decision_function(X) = score_samples(X) - offset_``.
    support_, support_vectors_, n_support_, dual_coef_, intercept_, coef_, n_iter_, fit_status_
        As of :class:`SVR`.
    """

    _type = "one_class"
    _searchable = False  # it learns no labels, by which a search could compare
    _names = {**MachineMixin._names, "nu": "nu"}

    def __init__(
        self,
        *,
        kernel: Union[str, Callable[[Any, Any], Any]] = "rbf",
        degree: int = 3,
        gamma: Any = "scale",
        coef0: float = 0.0,
        tol: float = 1e-3,
        nu: float = 0.5,
        shrinking: bool = True,
        cache_size: float = 200,
        verbose: bool = False,
        max_iter: int = -1,
        n_jobs: Optional[int] = None,
    ) -> None:
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.tol = tol
        self.nu = nu
        self.shrinking = shrinking
        self.cache_size = cache_size
        self.verbose = verbose
        self.max_iter = max_iter
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit the machine.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            With ``kernel="precomputed"`` the kernel values, of shape (n_samples, n_samples).
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; 2 counts as the row twice. Rows whose weight is not above 0 are
            left out.

        Returns
        -------
        self
        """
        X = self._rows(X, reset=True)
        self._fit_rows_to(X, sample_weight)
        return self

    @property
    def offset_(self) -> np.ndarray:
        """The value of `score_samples` on the boundary."""
        return -self.intercept_

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the value of each row: positive for inliers, an array of shape (n_samples,)."""
        return self._values(X)

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the sums of kernel values, without the offset, an array of shape (n_samples,)."""
        values = self._values(X)
        return (values + self.offset_).astype(values.dtype, copy=False)

    def predict(self, X: Any) -> np.ndarray:
        """Return 1 for inliers and -1 for outliers, an array of shape (n_samples,)."""
        return np.where(self._values(X) > 0, 1, -1)
