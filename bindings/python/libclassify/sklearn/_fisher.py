"""Fisher's discriminant."""

from __future__ import annotations

import math
from typing import Any, Dict, Optional

import numpy as np

from .. import distributed, errors
from .._warnings import warn
from ..dataset import Dataset
from ._base import Classifier, ProbabilityMixin, result_type
from ._compat import TransformerMixin
from ._features import prefixed_names
from ._linear import LinearModel


class ProjectionMixin(TransformerMixin):
    """Projection of rows onto the discriminant axes, along which the classes differ most."""

    def _max_components(self) -> int:
        return min(len(self.classes_) - 1, self.n_features_in_)

    def transform(self, X: Any) -> np.ndarray:
        """Project rows onto the axes, an array of shape (n_samples, n_components).

        The variance within the classes is 1 along each axis.
        """
        X = self._rows(X, reset=False)
        return np.asarray(self.model_.project(X), result_type(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the axes: the estimator's name in lower case, and a number."""
        return prefixed_names(self, len(self.explained_variance_ratio_))

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """Share of each axis in the variance between the classes."""
        return np.array(self._tensor("explained_ratio"), np.float64)


class FisherDiscriminant(LinearModel, ProbabilityMixin, ProjectionMixin, Classifier):
    """Fisher's linear discriminant: classes are Gaussians with one covariance.

    Classifies by the log-odds of the Gaussians, and projects rows onto the axes along which the
    class means differ most relative to the scatter within the classes (Fisher 1936, Rao 1948).
    Parameters, defaults and fitted attributes are those of scikit-learn's
    ``LinearDiscriminantAnalysis``, and it goes by that name, too.

    Parameters
    ----------
    solver : str, default "svd"
        "svd", "lsqr" or "eigen": all are the library's solver, which is exact for ill-conditioned
        rows as "svd" is.
    shrinkage : float or "auto", optional
        Part of the covariance that is replaced by its mean variance. "auto" chooses it by the rows;
        with any solver.
    priors : array-like of shape (n_classes,), optional
        Priors of the classes; None takes their shares of the rows.
    n_components : int, optional
        Number of axes, at most ``min(n_classes - 1, n_features)``.
    store_covariance : bool, default False
        Whether to compute ``covariance_``.
    tol : float, default 1e-4
        Features whose standard deviation, after what the others explain, is below this share of
        their own are left out.
    covariance_estimator
        Must be None.
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept_ : ndarray of shape (1,) or (n_classes,)
    means_ : ndarray of shape (n_classes, n_features)
    priors_ : ndarray of shape (n_classes,)
    xbar_ : ndarray of shape (n_features,)
    scalings_ : ndarray of shape (n_features, n_components)
    explained_variance_ratio_ : ndarray of shape (n_components,)
    covariance_ : ndarray of shape (n_features, n_features)
        With `store_covariance`, or a solver other than "svd".
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    ======================  ==================================  ================================
    parameter               scikit-learn                        here
    ======================  ==================================  ================================
    X                       dense                               dense or sparse
    sample_weight           none                                in fit; 2 counts as the row
                                                                twice
    solver="svd"            divisor n - n_classes before 1.6,   divisor n
                            then n
    shrinkage="auto"        Ledoit and Wolf, each class         Ledoit and Wolf, on correlations
    shrinkage with "svd"    an error                            taken
    tol                     bounds singular values              bounds what the others leave of
                                                                a feature's standard deviation
    scalings_ with "eigen"  all eigenvectors                    the axes that are kept
    decision_function       of several classes from xbar_ or 0  from the mean of the rows:
                                                                another constant in each row,
                                                                same probabilities
    covariance_estimator    an estimator                        refused
    ======================  ==================================  ================================
    """

    _kind = "fisher"
    _names = {"shrinkage": "shrinkage", "reject": "reject"}
    _lacks = {
        "solver": (("svd", "lsqr", "eigen"), "there is no such solver"),
        "covariance_estimator": ((None,), "the covariance is the library's"),
    }

    def __init__(
        self,
        solver: str = "svd",
        shrinkage: Any = None,
        priors: Any = None,
        n_components: Optional[int] = None,
        store_covariance: bool = False,
        tol: float = 1e-4,
        covariance_estimator: Any = None,
        reject: float = 0.0,
    ) -> None:
        self.solver = solver
        self.shrinkage = shrinkage
        self.priors = priors
        self.n_components = n_components
        self.store_covariance = store_covariance
        self.tol = tol
        self.covariance_estimator = covariance_estimator
        self.reject = reject

    def _library_params(self) -> Dict[str, Any]:
        return {
            **super()._library_params(),
            "priors": checked_priors(self.priors, len(self.classes_)),
            "components": checked_components(self.n_components, self._max_components()),
            "tolerance": self.tol**2,
            "precision": "f64",
        }

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {
            **super()._params_of(params),
            **discriminant_params_of(params),
            "shrinkage": None if params["shrinkage"] == "none" else params["shrinkage"],
            "tol": math.sqrt(params["tolerance"]),
        }

    def _adopt(self, model: Any) -> None:
        if model.params["kernel"] != "none":
            raise errors.TypeMismatch(
                f"the model has a kernel, so it is not a {type(self).__name__}; load it as a "
                "KernelFisherDiscriminant"
            )
        super()._adopt(model)

    def _fit_labeled(self, data: Dataset) -> None:
        together = distributed.active() is not None
        if together and self._keeps_covariance():
            raise errors.Unsupported(
                f"{type(self).__name__} has no covariance_ of the rows of several processes; leave "
                "store_covariance at False and solver at 'svd'"
            )
        if not together and len(data) <= len(self.classes_):
            raise errors.DataError("The number of samples must be more than the number of classes.")
        super()._fit_labeled(data)

    def _describe(self, X: Any, y: np.ndarray, weights: Optional[np.ndarray]) -> None:
        if self._keeps_covariance():
            self.covariance_ = self._covariance(X, np.searchsorted(self.classes_, y), weights)

    def _keeps_covariance(self) -> bool:
        return self.store_covariance or (self.solver != "svd" and self.shrinkage != "auto")

    def _covariance(
        self, X: Any, indices: np.ndarray, weights: Optional[np.ndarray]
    ) -> np.ndarray:
        """Return the mean of the covariances of the classes, weighted by the priors."""
        if self.shrinkage == "auto":
            raise errors.Unsupported(
                "the covariance that shrinkage='auto' chooses is not kept; give a number for "
                "shrinkage, or leave store_covariance at False"
            )
        weights = np.ones(len(indices)) if weights is None else weights
        share = weights * (self.priors_ / np.bincount(indices, weights))[indices]
        rows = (X.toarray() if hasattr(X, "toarray") else X) - self.means_[indices]
        covariance = (rows * share[:, np.newaxis]).T @ rows
        part = self.shrinkage or 0.0
        mean_variance = np.trace(covariance) / len(covariance)
        return (1 - part) * covariance + part * mean_variance * np.eye(len(covariance))

    @property
    def means_(self) -> np.ndarray:
        """Mean of each class."""
        return np.array(self._tensor("class_means"), self._dtype)

    @property
    def priors_(self) -> np.ndarray:
        """Prior of each class."""
        return np.array(self._tensor("priors"), self._dtype)

    def transform(self, X: Any) -> np.ndarray:
        """Project rows onto the axes, an array of shape (n_samples, n_components).

        The variance within the classes is 1 along each axis, and ``xbar_`` is at 0.
        """
        values = super().transform(X)
        if self.model_.params["priors"] != "data":  # the model's origin is the mean of all rows
            values = values - self.model_.project(self.xbar_[np.newaxis]).astype(values.dtype)
        return values

    @property
    def xbar_(self) -> np.ndarray:
        """Mean of the class means, weighted by the priors."""
        return self.priors_ @ self.means_

    @property
    def scalings_(self) -> np.ndarray:
        """The axes, of shape (n_features, n_components)."""
        return np.array(self._tensor("projection_f64", "projection"), self._dtype).T

    def _of_second(self, values: np.ndarray) -> np.ndarray:
        return values[..., 1] - values[..., 0]


def discriminant_params_of(params: Dict[str, Any]) -> Dict[str, Any]:
    """Return the parameters that both discriminants have, from the library's."""
    priors, count = params["priors"], params["components"]
    return {
        "priors": None if priors == "data" else list(priors),
        "n_components": None if count == "auto" else count,
    }


def checked_priors(priors: Any, classes: int) -> Any:
    """Return priors that sum to 1 as a list, or None."""
    if priors is None:
        return None
    priors = np.asarray(priors, np.float64)
    if priors.shape != (classes,):
        raise ValueError(f"priors has shape {priors.shape}; there are {classes} classes")
    if (priors < 0).any():
        raise ValueError("priors must be non-negative")
    if not np.isclose(priors.sum(), 1.0):
        warn("The priors do not sum to 1. Renormalizing", UserWarning)
    return (priors / priors.sum()).tolist()


def checked_components(n_components: Optional[int], limit: int) -> Optional[int]:
    """Refuse more axes than there can be."""
    if n_components is not None and n_components > limit:
        raise ValueError(
            "n_components cannot be larger than min(n_features, n_classes - 1): "
            f"{n_components} > {limit}"
        )
    return n_components


class LinearDiscriminantAnalysis(FisherDiscriminant):
    """:class:`FisherDiscriminant` by the name that it has in scikit-learn."""
