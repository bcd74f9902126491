"""Logistic regression."""

from __future__ import annotations

import math
from copy import copy
from typing import Any, Dict, Optional

import numpy as np

from .. import errors
from .._warnings import warn
from ..dataset import Dataset
from ..model import Model
from ._base import Classifier, ProbabilityMixin
from ._linear import SparseCoefficients


class LogisticRegression(SparseCoefficients, ProbabilityMixin, Classifier):
    """Logistic regression: one softmax, or one sigmoid for each class, with a penalty.

    It minimizes ``C sum_i w_i loss_i + |W|² / 2``, or with |W|₁ or a mixture of both in place of
    the last term; the intercept is not penalized (Cox 1958). The minimum is unique, and all solvers
    of scikit-learn that minimize this find it, so their names are accepted, and the library's own
    solver runs: L-BFGS (Liu and Nocedal 1989) with a preconditioner, and proximal Newton (Lee, Sun
    and Saunders 2014) where there is an L1 penalty. Parameters, defaults and fitted attributes are those of scikit-learn's
    ``LogisticRegression``.

    Parameters
    ----------
    penalty : "l1", "l2", "elasticnet" or None, default "l2"
        None is no penalty, as ``C=inf`` is.
    dual : bool, default False
    tol : float, default 1e-4
        The fit ends when the largest component of the mean loss's gradient is below a millionth of
        it, so that weights equal repeated rows in all digits that are compared; with an L1 penalty,
        when the optimality conditions are violated by less than a ten-thousandth of it.
    C : float, default 1.0
        Weight of the losses against the penalty; ``numpy.inf`` for no penalty.
    fit_intercept : bool, default True
    intercept_scaling : float, default 1
    class_weight : dict or "balanced", optional
    random_state : int, RandomState or None
        No effect: the solution is the same.
    solver : str, default "lbfgs"
        "lbfgs", "newton-cg", "newton-cholesky", "sag" or "saga"; an L1 penalty needs "saga", as in
        scikit-learn.
    max_iter : int, default 100
    multi_class : "auto", "multinomial" or "ovr", default "auto"
        One softmax (also "auto"), or each class against the rest.
    verbose : int, default 0
        Above 0 a progress bar is shown.
    warm_start : bool, default False
        A fit begins at the weights of the last one, and ends at the same minimum in fewer
        iterations.
    n_jobs : int, optional
        Threads; None uses all that the process may use.
    l1_ratio : float, default 0
        Share of the L1 penalty in "elasticnet". Above 0, "l2" is such a mixture, too, as it is in
        scikit-learn since 1.8, where `penalty` is deprecated.
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept_ : ndarray of shape (1,) or (n_classes,)
    n_iter_ : ndarray of shape (1,), or (n_classes,) with "ovr"
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    ==================  ==================================  ====================================
    parameter           scikit-learn                        here
    ==================  ==================================  ====================================
    solver="liblinear"  penalizes the intercept             refused
    tol                 bounds the solver's own measure     a gradient is below tol / 1,000,000; with
                                                            L1, the objective is above its minimum
                                                            by at most tol / 10,000 of itself
    max_iter            often needed above 100              seldom reached, also on raw features
    dual                offered                             refused unless False
    warm_start          needs the same classes              begins at 0 with others
    multi_class         "multinomial" of two classes has a  one sigmoid of two classes
                        softmax
    random_state        order of sag, saga, liblinear       no effect, nothing is random
    sparse X            f64                                 values are rounded to f32
    ==================  ==================================  ====================================
    """

    _kind = "logistic"
    _names = {"C": "C", "fit_intercept": "fit_intercept", "max_iter": "max_iterations",
              "reject": "reject"}
    _lacks = {
        "penalty": (("l2", "l1", "elasticnet", None, "none", "deprecated"), "there is no such penalty"),
        "dual": ((False,), "the library solves the primal problem"),
        "intercept_scaling": ((1,), "the intercept is not penalized, so it has no scale"),
        "solver": (
            ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga"),
            "it would penalize the intercept",
        ),
        "multi_class": (("auto", "multinomial", "ovr"), "there is no such treatment of classes"),
    }

    def __init__(
        self,
        penalty: Optional[str] = "l2",
        *,
        C: float = 1.0,
        l1_ratio: Optional[float] = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        random_state: Any = None,
        solver: str = "lbfgs",
        max_iter: int = 100,
        multi_class: str = "auto",
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: Optional[int] = None,
        reject: float = 0.0,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.multi_class = multi_class
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.reject = reject

    def _library_params(self) -> Dict[str, Any]:
        if self.penalty in (None, "none") and self.C != 1.0:
            warn("Setting penalty=None will ignore the C parameter")
        ratio = 1.0 if self.penalty == "l1" else self.l1_ratio or 0.0
        if not 0 <= ratio <= 1:
            raise errors.ArgumentError(f"l1_ratio must be between 0 and 1; got (l1_ratio={ratio!r})")
        if self.penalty == "elasticnet" and self.l1_ratio is None:
            raise errors.ArgumentError("l1_ratio must be specified when penalty is elasticnet.")
        if ratio > 0 and self.solver != "saga":
            raise errors.ArgumentError(
                f"Solver {self.solver} supports only 'l2' or None penalties, got "
                f"{'l1' if ratio == 1 else 'elasticnet'} penalty; solver='saga' supports it."
            )
        return {
            **super()._library_params(),
            "penalty": "l1" if ratio == 1 else "elastic_net" if ratio > 0 else "l2",
            **({"l1_ratio": ratio} if 0 < ratio < 1 else {}),
            "C": math.inf if self.penalty in (None, "none") else self.C,
            "precision": "f64",
            "tolerance": self.tol * (1e-6 if ratio == 0 else 1e-4),
            "fit_intercept": bool(self.fit_intercept),
            "multiclass": "one_vs_rest" if self.multi_class == "ovr" else "multinomial",
        }

    def _unfitted(self, data: Dataset) -> Model:
        model = super()._unfitted(data)
        last = getattr(self, "model_", None)
        if not self.warm_start or last is None or last.n_features != data.n_features or (
            not np.array_equal(last.classes, data.classes)
        ):
            return model
        return copy(last).set_params(**{**model.params, "warm_start": True})

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        mixed = params["penalty"] == "elastic_net"
        ratio = params["l1_ratio"] if mixed else 1.0 if params["penalty"] == "l1" else 0.0
        return {
            **super()._params_of(params),
            "penalty": {"elastic_net": "elasticnet"}.get(params["penalty"], params["penalty"]),
            "l1_ratio": ratio,
            "solver": "saga" if ratio > 0 else "lbfgs",
            "tol": params["tolerance"] * (1e6 if ratio == 0 else 1e4),
            "multi_class": "ovr" if params["multiclass"] == "one_vs_rest" else "auto",
        }

    @property
    def n_iter_(self) -> np.ndarray:
        """Iterations of the solver, an array of shape (1,), or (n_classes,) with "ovr"."""
        count = len(self.coef_) if self.multi_class == "ovr" else 1
        return np.full(count, self._tensor("iterations")[0], np.int32)
