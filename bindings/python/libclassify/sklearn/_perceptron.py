"""The perceptron."""

from __future__ import annotations

from typing import Any, Dict, Optional

import numpy as np

from .. import errors
from .._warnings import warn
from ..dataset import Dataset
from ..model import Model
from ..progress import was_stopped, watch
from ._base import Classifier
from ._compat import ConvergenceWarning, check_classification_targets
from ._context import context_of
from ._kernels import KernelMixin, kernel_params
from ._labels import class_weights, row_weights, rows_of_classes
from ._linear import SparseCoefficients


class Perceptron(SparseCoefficients, KernelMixin, Classifier):
    """The perceptron (Rosenblatt 1958), optionally averaged or with a kernel.

    Rows are learned one at a time, in another order each epoch. With the defaults it is
    scikit-learn's ``Perceptron``: each class against the rest, the last weights, an end when the
    errors no longer fall. Beyond that, it can average the weights over all updates (Freund and
    Schapire 1999), update the classes together (Crammer and Singer 2003), and use a kernel.

    Parameters
    ----------
    penalty, alpha, l1_ratio
        Accepted at their defaults; without a penalty the others have no meaning.
    fit_intercept : bool, default True
    max_iter : int, default 1000
        Limit of the epochs.
    tol : float or None, default 1e-3
        The fit ends when the share of mistakes of an epoch was not below the best by `tol` for
        `n_iter_no_change` epochs. None runs all epochs; a kernel does, too.
    shuffle : bool, default True
    verbose : int, default 0
    eta0 : float, default 1.0
        Factor of each update.
    n_jobs : int, optional
    random_state : int, RandomState or None, default 0
        Seed of the orders.
    early_stopping, validation_fraction
        Accepted at their defaults.
    n_iter_no_change : int, default 5
    class_weight : dict or "balanced", optional
    warm_start : bool, default False
    averaged : bool, default False
        Whether the model is the mean of the weights over all updates.
    multi_class : "ovr" or "multinomial", default "ovr"
    kernel : str, optional
        "linear", "poly", "rbf", "sigmoid" or "precomputed"; None for a linear model with weights.
    gamma, degree, coef0
        Parameters of the kernel, as in scikit-learn's ``SVC``.
    budget : int, default 0
        Limit of the support vectors of a kernel; 0 for none.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_, intercept_
        As in :class:`RidgeClassifier`; without a kernel.
    n_iter_ : int
        Epochs.
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    =========================  ========================  =======================================
    parameter                  scikit-learn              here
    =========================  ========================  =======================================
    penalty                    l1, l2, elasticnet, None  None
    tol                        of the mean hinge loss    of the share of mistakes
    early_stopping             on a part of the rows     refused
    warm_start                 offered                   refused; partial_fit continues
    coef_init, intercept_init  start of the fit          refused
    random_state               another generator         other orders of the rows, so other
                                                         weights
    weights                    f64                       learned in f32
    =========================  ========================  =======================================
    """

    _kind = "perceptron"
    _names = {"eta0": "learning_rate", "fit_intercept": "fit_intercept", "averaged": "averaged"}
    _lacks = {
        "penalty": ((None,), "the library's perceptron has no penalty"),
        "early_stopping": ((False,), "keep validation rows yourself, and use partial_fit"),
        "warm_start": ((False,), "use partial_fit to continue"),
        "multi_class": (("ovr", "multinomial"), "there is no such treatment of classes"),
    }
    _random = True
    _searchable = False  # epochs are added until the mistakes no longer fall

    def __init__(
        self,
        *,
        penalty: Optional[str] = None,
        alpha: float = 0.0001,
        l1_ratio: float = 0.15,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: Optional[float] = 1e-3,
        shuffle: bool = True,
        verbose: int = 0,
        eta0: float = 1.0,
        n_jobs: Optional[int] = None,
        random_state: Any = 0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        class_weight: Any = None,
        warm_start: bool = False,
        averaged: bool = False,
        multi_class: str = "ovr",
        kernel: Optional[str] = None,
        gamma: Any = "scale",
        degree: int = 3,
        coef0: float = 0.0,
        budget: int = 0,
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.eta0 = eta0
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.averaged = averaged
        self.multi_class = multi_class
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.budget = budget

    def _library_params(self) -> Dict[str, Any]:
        return {
            **super()._library_params(),
            "fit_intercept": bool(self.fit_intercept),
            "averaged": bool(self.averaged),
            "shuffle": bool(self.shuffle),
            "multiclass": "one_vs_rest" if self.multi_class == "ovr" else "multinomial",
            "class_weight": class_weights(self.class_weight, self.classes_),
            "epochs": self.max_iter,
            **({"budget": self.budget, **kernel_params(self)} if self.kernel is not None else {}),
        }

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        kernel = {} if params["kernel"] == "none" else {
            name: params[name] for name in ("gamma", "degree", "coef0", "budget")
        }
        return {
            **super()._params_of(params),
            **kernel,
            "shuffle": params["shuffle"],
            "multi_class": "ovr" if params["multiclass"] == "one_vs_rest" else "multinomial",
        }

    def fit(
        self,
        X: Any,
        y: Any,
        coef_init: Any = None,
        intercept_init: Any = None,
        sample_weight: Any = None,
    ) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        coef_init, intercept_init
            Must be None: a fit starts from 0.
        sample_weight : array-like of shape (n_samples,), optional
            Factors of the updates.

        Returns
        -------
        self
        """
        if coef_init is not None or intercept_init is not None:
            raise errors.Unsupported(
                "Perceptron starts from 0: coef_init and intercept_init must be None"
            )
        return super().fit(X, y, sample_weight)

    def _fit_labeled(self, data: Dataset) -> None:
        self._refuse_lacking()
        params = self._library_params()
        if self.kernel is None and self.tol is not None:
            params["epochs"] = min(self.max_iter, self.n_iter_no_change + 1)
        model = Model(self._kind, context=context_of(self), **params)
        with watch(verbose=self.verbose):
            model.fit(data)
            if self.kernel is None and self.tol is not None and not was_stopped():
                self._continue(model, data)
        self.model_ = model

    def _continue(self, model: Model, data: Dataset) -> None:
        """Run epochs until the share of mistakes no longer falls."""
        while True:
            shares = np.asarray(model.tensors["history_loss"])
            if shares[-1] == 0:
                return
            if epochs_without_improvement(shares, self.tol) >= self.n_iter_no_change:
                return
            if len(shares) >= self.max_iter:
                warn(
                    "Perceptron stopped at max_iter while its mistakes fell; increase max_iter",
                    ConvergenceWarning,
                )
                return
            try:
                model.partial_fit(data)
            except errors.Cancelled:
                if was_stopped():
                    return
                raise

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Run one epoch over these rows, starting from the weights that there are.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        classes : array-like of shape (n_classes,)
            All labels that can come; needed in the first call only.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        first = not hasattr(self, "model_")
        X, y = self._rows(X, y, reset=first)
        check_classification_targets(y)
        self._check_classes(classes, first)
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' needs all rows at once, which partial_fit does not have; "
                "give the weights as a dict"
            )
        weights = row_weights(sample_weight, X.shape[0])
        data = rows_of_classes(self.classes_, X, y, weights)
        if first:
            self._refuse_lacking()
            model = Model(self._kind, context=context_of(self), **self._library_params())
            model.partial_fit(data)
            self.model_ = model
        else:
            self.model_.partial_fit(data)
        return self

    def _check_classes(self, classes: Any, first: bool) -> None:
        given = None if classes is None else np.unique(classes)
        if first and given is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not first and given is not None and not np.array_equal(given, self.classes_):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{self.classes_!r}"
            )
        if first:
            self.classes_ = given

    @property
    def n_iter_(self) -> int:
        """Epochs run."""
        return int(self._tensor("iterations")[0])


def epochs_without_improvement(losses: np.ndarray, tol: float) -> int:
    """Return how many epochs at the end did not go below the best before them by `tol`."""
    best, waiting = np.inf, 0
    for loss in losses:
        waiting = waiting + 1 if loss > best - tol else 0
        best = min(best, loss)
    return waiting
