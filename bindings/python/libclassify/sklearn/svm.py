"""Support vector machines for classification; regressions and the one-class machine are in _svr.py.

``SVC(kernel="linear")`` is fast for dense and sparse rows here, as ``LinearSVC`` is, which has
another objective.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple, Union

import numpy as np

from .. import distributed, errors
from ..dataset import Dataset
from ._base import Classifier, result_type
from ._compat import NotFittedError
from ._linear_svc import LinearSVC
from ._machines import MachineMixin, positive_weights
from ._svr import SVR, NuSVR, OneClassSVM
from ._votes import by_votes, votes_of, weight_of_classes

__all__ = ["LinearSVC", "NuSVC", "NuSVR", "OneClassSVM", "SVC", "SVR"]


class SVC(MachineMixin, Classifier):
    """The support vector machine (C-SVC), with one machine for each pair of classes.

    It minimizes ``|w|² / 2 + C sum_i w_i max(0, 1 - y_i f(x_i))`` for each pair (Cortes and Vapnik
    1995), as LIBSVM and scikit-learn's ``SVC`` do, by sequential minimal optimization (Platt 1998).
    Parameters, defaults, fitted attributes, signs and shapes are those of scikit-learn.

    Parameters
    ----------
    C : float, default 1.0
        Weight of the errors against the margin.
    kernel : str or callable, default "rbf"
        "linear", "poly", "rbf", "sigmoid", "precomputed", or a function of two arrays of rows that
        returns the matrix of kernel values.
    degree : int, default 3
    gamma : "scale", "auto" or float, default "scale"
    coef0 : float, default 0.0
    shrinking : bool, default True
        Must be True: it concerns only the way to the solution.
    probability : bool, default False
        Whether to fit probabilities (Platt 2000) as well, in a five-fold cross-validation.
        "deprecated", scikit-learn's default, is read as False.
    tol : float, default 1e-3
    cache_size : float, default 200
        Memory for kernel values, in MB.
    class_weight : dict or "balanced", optional
    max_iter : int, default -1
        Limit of the iterations of each machine. -1 for the library's: 1000 for each row, and at
        least 10,000,000, for all machines together.
    decision_function_shape : "ovr" or "ovo", default "ovr"
    break_ties, verbose : bool, default False
    random_state : int, RandomState or None
        Seed of the folds of the probabilities.
    n_jobs : int, optional
        Threads; None uses all that the process may use.
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    class_weight_ : ndarray of shape (n_classes,)
    support_ : ndarray of shape (n_SV,)
        Numbers of the support vectors among the rows, class after class.
    support_vectors_ : ndarray or sparse matrix of shape (n_SV, n_features)
    n_support_ : ndarray of shape (n_classes,)
    dual_coef_ : ndarray of shape (n_classes - 1, n_SV)
    intercept_ : ndarray of shape (n_classes * (n_classes - 1) / 2,)
    coef_ : ndarray of shape (n_classes * (n_classes - 1) / 2, n_features)
        With a linear kernel.
    probA_, probB_ : ndarray of shape (n_classes * (n_classes - 1) / 2,)
        With probabilities: ``1 / (1 + exp(probA_ f + probB_))`` is that of a pair's first class.
    n_iter_ : ndarray of shape (n_classes * (n_classes - 1) / 2,)
    fit_status_ : int
        0 if all machines converged, else 1.
    shape_fit_ : tuple
        Not of a model from a file.
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    ===================  =================================  ====================================
    parameter            scikit-learn                       here
    ===================  =================================  ====================================
    shrinking            True, False                        True
    probability          the default is "deprecated"        the default is False
    max_iter             -1: no limit; 0: no step           -1: the library's limit; not 0
    gamma="scale"        variance of all rows               rows count by their weights
    sparse rows          a fit on dense rows refuses them   mixed with dense ones
    kernel values        f64                                f32, of u8 rows exact
    ===================  =================================  ====================================
    """

    _type = "c_svc"
    _names = {**MachineMixin._names, "C": "C", "reject": "reject"}

    def __init__(
        self,
        *,
        C: float = 1.0,
        kernel: Union[str, Callable[[Any, Any], Any]] = "rbf",
        degree: int = 3,
        gamma: Any = "scale",
        coef0: float = 0.0,
        shrinking: bool = True,
        probability: Any = False,
        tol: float = 1e-3,
        cache_size: float = 200,
        class_weight: Any = None,
        verbose: bool = False,
        max_iter: int = -1,
        decision_function_shape: str = "ovr",
        break_ties: bool = False,
        random_state: Any = None,
        n_jobs: Optional[int] = None,
        reject: float = 0.0,
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.shrinking = shrinking
        self.probability = probability
        self.tol = tol
        self.cache_size = cache_size
        self.class_weight = class_weight
        self.verbose = verbose
        self.max_iter = max_iter
        self.decision_function_shape = decision_function_shape
        self.break_ties = break_ties
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.reject = reject

    # Parameters

    @property
    def _random(self) -> bool:
        return self._has_probabilities()

    def _has_probabilities(self) -> bool:
        return bool(self.probability) and self.probability != "deprecated"

    def _library_params(self) -> Dict[str, Any]:
        return {**super()._library_params(), "probability": self._has_probabilities()}

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {**super()._params_of(params), "probability": params["probability"]}

    def _check_params(self) -> None:
        super()._check_params()
        if self.decision_function_shape not in ("ovr", "ovo"):
            raise errors.ArgumentError(
                f"decision_function_shape is {self.decision_function_shape!r}; it is 'ovr' or 'ovo'"
            )

    # Fitting

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "SVC":
        """Fit the machines.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            With ``kernel="precomputed"`` the kernel values, of shape (n_samples, n_samples).
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
            Factors of `C`. Rows whose weight is not above 0 are left out.

        Returns
        -------
        self
        """
        return super().fit(X, y, positive_weights(sample_weight))

    def _params_for(self, data: Dataset) -> Dict[str, Any]:
        weights, indices = data.sample_weight, data.labels
        together = distributed.active() is not None
        if together and self.class_weight is not None:
            raise errors.Unsupported(
                f"{type(self).__name__} has no class_weight with rows of several processes: each "
                "knows the classes of its own rows only; pass sample_weight"
            )
        if not together and weights is not None and len(np.unique(indices[weights > 0])) < 2:
            raise errors.DataError(
                "Invalid input - all samples with positive weights belong to the same class."
            )
        self._check_params()
        self.class_weight_ = weight_of_classes(self.class_weight, data.classes, indices)
        equal = bool((self.class_weight_ == 1).all())
        return {"class_weight": None if equal else self.class_weight_.tolist()}

    def _adopt(self, model: Any) -> None:
        super()._adopt(model)
        if model.params["multiclass"] != "one_vs_one" and len(self.classes_) > 2:
            raise errors.TypeMismatch(
                "the model has a machine for each class, and an SVC one for each pair of classes"
            )
        if self.class_weight != "balanced":  # whose file does not hold the counts of the classes
            self.class_weight_ = weight_of_classes(self.class_weight, self.classes_, None)

    # Fitted attributes

    def _signed(self, values: np.ndarray) -> np.ndarray:
        """Return machines' values, which are positive for the second of two classes."""
        return -values if len(self.classes_) == 2 else values

    def _calibration(self, column: int) -> np.ndarray:
        found = self._tensor("calibration")
        return np.empty(0) if found is None else np.array(found[:, column], np.float64)

    @property
    def probA_(self) -> np.ndarray:
        """Factors of the decisions in the sigmoids of the probabilities (Platt 1999)."""
        return self._calibration(0)

    @property
    def probB_(self) -> np.ndarray:
        """Offsets of the sigmoids of the probabilities."""
        return self._calibration(1)

    # Predictions

    def _pairs(self, X: Any) -> np.ndarray:
        """Return the values of the machines, positive for the first class of a pair."""
        return np.asarray(self.model_.project(X), np.float64)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the decision values.

        Returns
        -------
        ndarray of shape (n_samples,) with two classes, where positive values are the second's;
        (n_samples, n_classes) for ``decision_function_shape="ovr"``; and a column for each pair of
        classes, positive for its first, for "ovo"
        """
        X = self._rows(X, reset=False)
        values = self._pairs(X)
        if len(self.classes_) == 2:
            values = -values[:, 0]
        elif self._one_vs_rest():
            values = by_votes(values, len(self.classes_))
        return values.astype(result_type(X), copy=False)

    def _one_vs_rest(self) -> bool:
        return self.decision_function_shape == "ovr"

    def predict(self, X: Any) -> np.ndarray:
        """Return the class with the most votes; the first of those that have equally many.

        With ``break_ties=True`` the decision function decides between them. With probabilities it is
        the class with the highest.
        """
        if self.break_ties and not self._one_vs_rest():
            raise errors.ArgumentError(
                "break_ties must be False when decision_function_shape is 'ovo'"
            )
        X = self._rows(X, reset=False)
        if self._is_calibrated():
            return self._labels_of(self.model_.predict_indices(X))
        return self._labels_of(self._known_of(X, self._chosen(self._pairs(X))))

    def _chosen(self, pairs: np.ndarray) -> np.ndarray:
        """Return class indices by the values of the machines."""
        if len(self.classes_) == 2:
            return (pairs[:, 0] <= 0).astype(np.intp)
        of = by_votes if self.break_ties else votes_of
        return of(pairs, len(self.classes_)).argmax(axis=1)

    @property
    def predict_proba(self) -> Callable[[Any], np.ndarray]:
        """Return the probability of each class, an array of shape (n_samples, n_classes)."""
        self._require_probabilities("predict_proba")
        return self._predict_proba

    @property
    def predict_log_proba(self) -> Callable[[Any], np.ndarray]:
        """Return the logarithms of the probabilities."""
        self._require_probabilities("predict_log_proba")
        return lambda X: np.log(self._predict_proba(X))

    def _require_probabilities(self, name: str) -> None:
        if not (self._has_probabilities() or self._is_calibrated()):
            raise AttributeError(f"{name} is not available when probability=False")

    def _predict_proba(self, X: Any) -> np.ndarray:
        X = self._rows(X, reset=False)
        if not self._is_calibrated():
            raise NotFittedError(
                "predict_proba is not available when fitted with probability=False"
            )
        return self.model_._probabilities(X, result_type(X))


class NuSVC(SVC):
    """The support vector machine (nu-SVC), whose nu bounds errors and support vectors.

    At most a share `nu` of the rows of a pair of classes lies beyond the margin, and at least that
    share supports it (Schölkopf et al. 2000). The machines are those of :class:`SVC` for a C that
    follows from nu. Parameters, defaults and fitted attributes are those of scikit-learn's
    ``NuSVC``; all but `nu` are described at :class:`SVC`.

    Parameters
    ----------
    nu : float, default 0.5
        Above 0, and at most 2 n / (n + m) for a pair of classes of n and m rows, n being fewer.

    Notes
    -----
    ===================  =================================  ====================================
    parameter            scikit-learn                       here
    ===================  =================================  ====================================
    class_weight         no effect                          factors of the rows' weights
    other parameters     as of SVC                          as of SVC
    ===================  =================================  ====================================
    """

    _type = "nu_svc"
    _names = {**MachineMixin._names, "nu": "nu", "reject": "reject"}

    def __init__(
        self,
        *,
        nu: float = 0.5,
        kernel: Union[str, Callable[[Any, Any], Any]] = "rbf",
        degree: int = 3,
        gamma: Any = "scale",
        coef0: float = 0.0,
        shrinking: bool = True,
        probability: Any = False,
        tol: float = 1e-3,
        cache_size: float = 200,
        class_weight: Any = None,
        verbose: bool = False,
        max_iter: int = -1,
        decision_function_shape: str = "ovr",
        break_ties: bool = False,
        random_state: Any = None,
        n_jobs: Optional[int] = None,
        reject: float = 0.0,
    ) -> None:
        self.nu = nu
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.shrinking = shrinking
        self.probability = probability
        self.tol = tol
        self.cache_size = cache_size
        self.class_weight = class_weight
        self.verbose = verbose
        self.max_iter = max_iter
        self.decision_function_shape = decision_function_shape
        self.break_ties = break_ties
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.reject = reject
