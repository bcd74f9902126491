"""Linear support vector machines with the squared hinge loss."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np

from .. import errors
from ._base import Classifier, result_type
from ._linear import SparseCoefficients


class LinearSVC(SparseCoefficients, Classifier):
    """Linear machines with the squared hinge loss, one of each class against the rest.

    Each minimizes ``C sum_i w_i max(0, 1 - y_i f(x_i))²`` plus ``|w|² / 2`` or ``|w|₁``, where w
    includes the weight of a feature of value `intercept_scaling`: LIBLINEAR's solvers 1, 2 and 5
    (Fan et al. 2008). The minimum does not depend on the solver; here it is proximal Newton (Lee,
    Sun and Saunders 2014). Parameters, defaults and fitted attributes are those of scikit-learn's
    ``LinearSVC``.

    Parameters
    ----------
    penalty : "l1" or "l2", default "l2"
        With "l1", most coefficients are 0 if C is small.
    loss : "squared_hinge", default "squared_hinge"
    dual : "auto" or bool, default "auto"
        No effect.
    tol : float, default 1e-4
        A millionth of it bounds the violation of the optimality conditions, so that weights equal
        repeated rows in all digits that are compared.
    C : float, default 1.0
    multi_class : "ovr", default "ovr"
    fit_intercept : bool, default True
    intercept_scaling : float, default 1
        Value of the feature whose weight gives the intercept; ``numpy.inf`` leaves the intercept
        without a penalty.
    class_weight : dict or "balanced", optional
    verbose : int, default 0
        Above 0 a progress bar is shown.
    random_state : int, RandomState or None
        No effect: the solution is the same.
    max_iter : int, default 1000
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept_ : ndarray of shape (1,) or (n_classes,)
    n_iter_ : int
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    ===================  ====================================  ==================================
    parameter            scikit-learn                          here
    ===================  ====================================  ==================================
    loss="hinge"         offered                               refused; SVC(kernel="linear") has
                                                               it with a free intercept
    multi_class          "ovr", "crammer_singer"               "ovr"
    dual, random_state   order of the coordinates              no effect, nothing is random
    tol                  bounds the solver's own measure       conditions hold to tol / 1,000,000
    class_weight         of several classes, multiplies the    multiplies rows of the class in
                         rows in the class's own machine only  every machine
    sparse X             f64                                   values are rounded to f32
    ===================  ====================================  ==================================
    """

    _kind = "svm"
    _names = {"C": "C", "max_iter": "max_iterations", "penalty": "penalty", "reject": "reject"}
    _lacks = {
        "penalty": (("l2", "l1"), "there is no such penalty"),
        "loss": (("squared_hinge",), 'SVC(kernel="linear") has it with a free intercept'),
        "multi_class": (("ovr",), "there is a machine for each class"),
    }

    def __init__(
        self,
        penalty: str = "l2",
        loss: str = "squared_hinge",
        *,
        dual: Any = "auto",
        tol: float = 1e-4,
        C: float = 1.0,
        multi_class: str = "ovr",
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        verbose: int = 0,
        random_state: Any = None,
        max_iter: int = 1000,
        reject: float = 0.0,
    ) -> None:
        self.penalty = penalty
        self.loss = loss
        self.dual = dual
        self.tol = tol
        self.C = C
        self.multi_class = multi_class
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.verbose = verbose
        self.random_state = random_state
        self.max_iter = max_iter
        self.reject = reject

    def _library_params(self) -> Dict[str, Any]:
        if self.fit_intercept and not self.intercept_scaling > 0:
            raise errors.ArgumentError(
                f"intercept_scaling must be above 0; got {self.intercept_scaling!r}"
            )
        return {
            **super()._library_params(),
            "kernel": "linear",
            "loss": "squared_hinge",
            "multiclass": "one_vs_rest",
            "tolerance": self.tol / 1000,
            "intercept_scaling": self._scaling(),
        }

    def _scaling(self) -> Any:
        if not self.fit_intercept:
            return 0
        return "free" if np.isinf(self.intercept_scaling) else float(self.intercept_scaling)

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        if params["loss"] != "squared_hinge":
            raise errors.TypeMismatch("the model has loss=hinge, and a LinearSVC squares it")
        if params["penalty"] == "elastic_net":
            raise errors.TypeMismatch("the model has penalty=elastic_net, and a LinearSVC l1 or l2")
        scaling = params["intercept_scaling"]
        scaling = np.inf if scaling == "free" else scaling
        return {
            **super()._params_of(params),
            "max_iter": params["max_iterations"] or 1000,
            "tol": params["tolerance"] * 1000,
            "fit_intercept": scaling > 0,
            "intercept_scaling": scaling or 1,
        }

    def _linear_map(self) -> Tuple[np.ndarray, np.ndarray]:
        weights = np.array(self._tensor("weights_f64"), np.float64)
        intercept = np.array(self._tensor("intercept"), np.float64)
        center = self._tensor("center")
        intercept = intercept if center is None else intercept - weights @ center
        sign = -1 if len(self.classes_) == 2 else 1  # the machine is positive for the first
        return (sign * weights + 0.0).astype(self._dtype), (sign * intercept + 0.0).astype(
            self._dtype
        )

    def _of_second(self, values: np.ndarray) -> np.ndarray:
        """Return the value for the second of two classes, which the single machine has."""
        return values[..., 0] if values.shape[-1] == 1 else super()._of_second(values)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the values of the machines, positive for ``classes_[1]`` of two classes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
        """
        X = self._rows(X, reset=False)
        values = np.asarray(self.model_.project(X), np.float64)
        values = -values[:, 0] if len(self.classes_) == 2 else values
        return values.astype(result_type(X), copy=False)

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each row, an array of shape (n_samples,)."""
        if self._is_calibrated():
            return super().predict(X)
        values = self.decision_function(X)
        best = (values > 0).astype(np.intp) if values.ndim == 1 else values.argmax(axis=1)
        return self._labels_of(self._known_of(self._rows(X, reset=False), best))

    @property
    def n_iter_(self) -> Optional[int]:
        """Iterations of the solver."""
        iterations = self._tensor("iterations")
        return None if iterations is None else int(max(iterations))
