"""Ridge regression, and classification by it."""

from __future__ import annotations

import numbers
from typing import Any, Dict, List, Optional

import numpy as np

from .. import errors
from ..dataset import Dataset
from ._base import Classifier, ModelEstimator, Regressor
from ._linear import LinearModel

_DIRECT_COLUMNS = 16384
_SOLVERS = ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga")


def penalties(alpha: Any) -> Dict[str, Any]:
    """Return the library's parameters for one penalty, or one for each target."""
    if np.ndim(alpha) == 0:
        return {"alpha": alpha}
    return {"alphas": tuple(float(value) for value in np.ravel(alpha))}


def _candidates(alphas: Any) -> List[float]:
    found = np.ravel(np.asarray(alphas, object)).tolist()
    if not found:
        raise errors.ArgumentError("alphas is empty; it holds the penalties to choose from")
    for index, alpha in enumerate(found):
        if not isinstance(alpha, numbers.Real):
            raise errors.TypeMismatch(
                f"alphas[{index}] must be an instance of float, not {type(alpha).__name__}."
            )
        if not alpha > 0:
            raise errors.ArgumentError(f"alphas[{index}] == {alpha}, must be > 0.0.")
    return found


class _RidgeBase(LinearModel, ModelEstimator):
    """Parameters that the regression and the classifier have in common."""

    _kind = "ridge"
    _names = {"fit_intercept": "fit_intercept"}
    _lacks = {"positive": ((False,), "the library does not support positive fitting")}

    def _library_params(self) -> Dict[str, Any]:
        if self.solver not in _SOLVERS:
            raise errors.Unsupported(
                f"{type(self).__name__} has no solver {self.solver!r}; it takes one of "
                f"{list(_SOLVERS)}, which all find the same solution"
            )
        return {
            **super()._library_params(),
            **penalties(self.alpha),
            "fit_intercept": bool(self.fit_intercept),
            "precision": "f64",
            "tolerance": min(self.tol, 1e-7),
            "max_iterations": self.max_iter,
        }

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {
            **super()._params_of(params),
            "alpha": params["alpha"] if params["alphas"] == "none" else np.array(params["alphas"]),
            "tol": params["tolerance"],
            "max_iter": params["max_iterations"],
        }

    def _params_for(self, data: Dataset) -> Dict[str, Any]:
        # The direct solution is exact, so it stands for every solver, as long as the matrix of the
        # columns fits in 2 GB. The library's auto has sparse rows of many columns iterate.
        params = super()._params_for(data)
        several = np.ndim(self.alpha) > 0
        direct = self.solver in ("svd", "cholesky") or not data.sparse or several
        if direct and data.n_features <= _DIRECT_COLUMNS:
            params["solver"] = "cholesky"
        return params

    @property
    def n_iter_(self) -> np.ndarray:
        """Iterations of the solver, an array of shape (n_outputs,); 1 for a direct solution."""
        iterations = self._tensor("iterations")
        outputs = len(np.atleast_1d(self.intercept_))
        return np.full(outputs, 1 if iterations is None else max(1, iterations[0]), np.int32)


class Ridge(_RidgeBase, Regressor):
    """Least squares with an L2 penalty.

    It minimizes ``sum_i w_i |y_i - W x_i - b|² + alpha |W|²``; the intercept b is not penalized
    (Hoerl and Kennard 1970). Parameters, defaults and fitted attributes are those of
    scikit-learn's ``Ridge``.

    Parameters
    ----------
    alpha : float or array of shape (n_targets,), default 1.0
        Strength of the penalty, ≥ 0, or that of each target.
    fit_intercept : bool, default True
    copy_X : bool, default True
        No effect: rows are never changed.
    max_iter : int, optional
        Limit of the iterations of conjugate gradients; 1000 by default.
    tol : float, default 1e-4
        Relative residual at which conjugate gradients stop, at most 1e-7.
    solver : str, default "auto"
        All names that do not restrict the solution are accepted. The solution is direct; with more
        than 16384 columns, and of sparse rows with more than 4096, conjugate gradients find it.
    positive, random_state
        Accepted at their defaults; the solution is the same for every `random_state`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
    intercept_ : float or ndarray of shape (n_targets,)
    n_iter_ : ndarray of shape (n_targets,)
    n_features_in_, feature_names_in_
    model_ : libclassify.Model

    Notes
    -----
    ===============  ==================================  =======================================
    parameter        scikit-learn                        here
    ===============  ==================================  =======================================
    solver           the one that is named               direct where that fits in memory, else
                                                         conjugate gradients
    solver="lbfgs"   for positive=True                   refused, as positive=True is
    random_state     order of sag and saga               no effect, nothing is random
    n_iter_          None for direct solvers             1 for direct solvers
    y of one column  from 1.9 on results of one          results of two dimensions, as y
                     dimension
    sparse X         f64                                 values are rounded to f32
    sample_weight    f64                                 rounded to f32
    ===============  ==================================  =======================================
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: Optional[int] = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state

    @property
    def coef_(self) -> np.ndarray:
        """Coefficients, of shape (n_features,) or (n_targets, n_features)."""
        weights, _ = self._linear_map()
        return weights[0] if self._flat else weights

    @property
    def intercept_(self) -> Any:
        """Intercept, a float or an array of shape (n_targets,)."""
        if not self.fit_intercept:
            return 0.0
        _, intercept = self._linear_map()
        return intercept[0] if self._flat else intercept


class RidgeClassifier(_RidgeBase, Classifier):
    """Ridge regression on targets of -1 and +1, one for each class.

    Two classes have one output. Parameters, defaults and fitted attributes are those of
    scikit-learn's ``RidgeClassifier``; see :class:`Ridge` for what they mean.

    Parameters
    ----------
    class_weight : dict or "balanced", optional
        Factors of the row weights.
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.
    alpha, fit_intercept, copy_X, max_iter, tol, solver, positive, random_state
        As for :class:`Ridge`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept_ : ndarray of shape (1,) or (n_classes,)
    n_iter_, n_features_in_, feature_names_in_, model_

    Notes
    -----
    ===================  ====================  ===========
    parameter            scikit-learn          here
    ===================  ====================  ===========
    y of several labels  offered (multilabel)  refused
    other parameters     as of Ridge           as of Ridge
    ===================  ====================  ===========
    """

    _names = {**_RidgeBase._names, "reject": "reject"}

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: Optional[int] = None,
        tol: float = 1e-4,
        class_weight: Any = None,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        reject: float = 0.0,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.class_weight = class_weight
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
        self.reject = reject


class _RidgeChoice(LinearModel, ModelEstimator):
    """Parameters that the choosing regression and classifier have in common."""

    _kind = "ridge"
    _least_rows = 2
    _names = {"fit_intercept": "fit_intercept"}
    _lacks = {
        "scoring": ((None,), "leave-one-out errors are squared"),
        "cv": ((None,), "the choice is by leave-one-out; GridSearchCV takes folds"),
        "gcv_mode": (
            (None, "auto", "svd", "eigen"),
            "the decomposition follows from the shape of the rows",
        ),
        "store_cv_results": ((False,), "the errors of rows are not kept"),
    }

    def _library_params(self) -> Dict[str, Any]:
        return {
            **super()._library_params(),
            **penalties(_candidates(self.alphas)),
            "choose": "each" if self._each() else "shared",
            "fit_intercept": bool(self.fit_intercept),
            "precision": "f64",
        }

    def _each(self) -> bool:
        return False

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        if params["choose"] == "none":
            raise errors.TypeMismatch(
                f"the model's alpha was not chosen, as that of a {cls.__name__} is"
            )
        return {**super()._params_of(params), "alphas": np.array(params["alphas"])}

    def _params_for(self, data: Dataset) -> Dict[str, Any]:
        params = super()._params_for(data)
        if data.n_features <= _DIRECT_COLUMNS:
            params["solver"] = "cholesky"
        return params

    @property
    def alpha_(self) -> Any:
        """The chosen penalty, or that of each target with ``alpha_per_target=True``."""
        alpha = np.array(self._tensor("alpha"))
        return alpha if self._each() and len(alpha) > 1 else alpha[0]

    @property
    def best_score_(self) -> Any:
        """Minus the mean squared error of leave-one-out, of each target where these choose."""
        error = np.array(self._tensor("leave_one_out_error"))
        return -error if self._each() and len(error) > 1 else -error.mean()


class RidgeCV(_RidgeChoice, Regressor):
    """Ridge regression that chooses its penalty by leave-one-out errors.

    All candidates are compared by one eigendecomposition (Golub, Heath and Wahba 1979). Parameters,
    defaults and fitted attributes are those of scikit-learn's ``RidgeCV`` without folds.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,), default (0.1, 1.0, 10.0)
        Candidates, > 0.
    fit_intercept : bool, default True
    scoring, cv, store_cv_results
        Accepted at their defaults.
    gcv_mode : "auto", "svd" or "eigen", optional
        No effect: products of the columns are decomposed or, of fewer rows, those of the rows.
    alpha_per_target : bool, default False
        Whether each target has the candidate that suits it.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (n_targets,)
    best_score_ : float or ndarray of shape (n_targets,)
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
    intercept_ : float or ndarray of shape (n_targets,)
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    =================  =========================================  ==================================
    parameter          scikit-learn                               here
    =================  =========================================  ==================================
    cv, scoring        folds, any score                           leave-one-out, squared errors
    store_cv_results   offered                                    refused
    best_score_        with weights divided by the number of      divided by their sum
                       rows
    sparse X           f64                                        values are rounded to f32
    =================  =========================================  ==================================
    """

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: Optional[str] = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target

    def _each(self) -> bool:
        return bool(self.alpha_per_target)

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {**super()._params_of(params), "alpha_per_target": params["choose"] == "each"}

    coef_ = Ridge.coef_
    intercept_ = Ridge.intercept_


class RidgeClassifierCV(_RidgeChoice, Classifier):
    """Ridge classification that chooses its penalty by leave-one-out errors.

    The errors are those of the targets of -1 and +1. Parameters, defaults and fitted attributes are
    those of scikit-learn's ``RidgeClassifierCV`` without folds; see :class:`RidgeCV`.

    Parameters
    ----------
    class_weight : dict or "balanced", optional
        Factors of the row weights.
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.
    alphas, fit_intercept, scoring, cv, store_cv_results
        As for :class:`RidgeCV`.

    Attributes
    ----------
    alpha_, best_score_ : float
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept_ : ndarray of shape (1,) or (n_classes,)
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    ===================  ====================  =============
    parameter            scikit-learn          here
    ===================  ====================  =============
    y of several labels  offered (multilabel)  refused
    other parameters     as of RidgeCV         as of RidgeCV
    ===================  ====================  =============
    """

    _names = {**_RidgeChoice._names, "reject": "reject"}
    _lacks = {name: lack for name, lack in _RidgeChoice._lacks.items() if name != "gcv_mode"}

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        class_weight: Any = None,
        store_cv_results: bool = False,
        reject: float = 0.0,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.class_weight = class_weight
        self.store_cv_results = store_cv_results
        self.reject = reject
