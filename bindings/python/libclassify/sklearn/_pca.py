"""Principal component analysis."""

from __future__ import annotations

import numbers
from typing import Any, Dict, List, Optional

import numpy as np

from .. import distributed, errors
from ..dataset import Dataset
from ..transform import Transform
from ._base import result_type
from ._context import context_of
from ._features import prefixed_names
from ._labels import row_weights
from ._transformer import Transformer


class PCA(Transformer):
    """Principal components: the directions in which the rows vary most.

    Parameters, defaults and fitted attributes are those of scikit-learn's ``PCA`` (Pearson 1901;
    Hotelling 1933). The solver is exact, whatever `svd_solver` says.

    Parameters
    ----------
    n_components : int, float or None, default None
        Number of components, or the share of the variance that they explain, between 0 and 1; None
        for ``min(n_samples, n_features)``. Directions in which the rows do not vary come last, with
        variance 0; they are not in ``transform_``.
    copy : bool, default True
        No effect: rows are never changed.
    whiten : bool, default False
        Whether each component is divided by its standard deviation.
    svd_solver : str, default "auto"
        "covariance_eigh" uses products of features; all other names choose by the shape of X.
    tol, iterated_power, n_oversamples, power_iteration_normalizer
        Accepted at their defaults; they are of approximate solvers.
    random_state : int, RandomState or None
        No effect: nothing is random.

    Attributes
    ----------
    components_ : ndarray of shape (n_components_, n_features)
        The largest entry of each is positive.
    mean_ : ndarray of shape (n_features,)
    explained_variance_, explained_variance_ratio_, singular_values_ : ndarray of (n_components_,)
    noise_variance_ : float
    n_components_, n_samples_ : int
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==================  ==================================  ====================================
    parameter           scikit-learn                        here
    ==================  ==================================  ====================================
    n_components=0.9    share of variance above 0.9         at least 0.9
    n_components="mle"  offered                             refused
    svd_solver          the one that is named               always exact
    sparse X            with arpack                         refused
    sample_weight       none                                in fit; 2 counts as the row twice
    whiten=True         get_covariance counts variances     the covariance
                        twice
    transform_          does not exist                      signs may be opposite; whitens by
                                                            the divisor n
    ==================  ==================================  ====================================
    """

    _kind = "pca"
    _names = {"whiten": "whiten"}
    _lacks = {
        "svd_solver": (
            ("auto", "full", "covariance_eigh", "arpack", "randomized"),
            "there is no such solver",
        ),
        "tol": ((0.0,), "the solver is exact"),
        "iterated_power": (("auto",), "the solver is exact"),
        "n_oversamples": ((10,), "the solver is exact"),
        "power_iteration_normalizer": (("auto",), "the solver is exact"),
    }
    _sparse = False
    _least_rows = 2
    _constant: Optional[np.ndarray] = None  # directions in which the rows do not vary

    def __init__(
        self,
        n_components: Any = None,
        *,
        copy: bool = True,
        whiten: bool = False,
        svd_solver: str = "auto",
        tol: float = 0.0,
        iterated_power: Any = "auto",
        n_oversamples: int = 10,
        power_iteration_normalizer: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.copy = copy
        self.whiten = whiten
        self.svd_solver = svd_solver
        self.tol = tol
        self.iterated_power = iterated_power
        self.n_oversamples = n_oversamples
        self.power_iteration_normalizer = power_iteration_normalizer
        self.random_state = random_state

    def _library_params(self) -> Dict[str, Any]:
        params: Dict[str, Any] = {
            "precision": "f64",
            "whiten": bool(self.whiten),
            "solver": "covariance" if self.svd_solver == "covariance_eigh" else "auto",
        }
        count = self.n_components
        if isinstance(count, str):
            raise errors.Unsupported(
                f"PCA has no n_components={count!r}: give a number, or the share of the variance"
            )
        if count is None:
            return params
        if isinstance(count, numbers.Integral):
            return {**params, "components": int(count)}
        return {**params, "variance": float(count)}

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        count, share = params["components"], params["variance"]
        return {
            **super()._params_of(params),
            "n_components": count if count != "all" else None if share == 1 else share,
            "svd_solver": "covariance_eigh" if params["solver"] == "covariance" else "auto",
        }

    def _why_not_searched(self, later: List[Any]) -> Optional[str]:
        if self.whiten:
            return "with whiten=True the library's transform has the divisor n, and PCA n - 1"
        return None

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Find the directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; 2 counts as the row twice.

        Returns
        -------
        self
        """
        X = self._rows(X, reset=True)
        weights = row_weights(sample_weight, X.shape[0])
        sums = [X.shape[0], X.shape[0] if weights is None else weights.sum()]
        rows, weight = distributed.total(np.array(sums, np.float64))
        limit = min(int(rows), X.shape[1])
        if isinstance(self.n_components, numbers.Integral) and not 1 <= self.n_components <= limit:
            raise ValueError(
                f"n_components={self.n_components!r} must be between 1 and min(n_samples, "
                f"n_features)={limit}"
            )
        if weights is not None and weight <= 1:
            raise ValueError(
                f"sample_weight sums to {weight}; a weight of 2 counts as the row twice, so "
                "the sum is the number of rows, and must be above 1"
            )
        self._fit_rows(X, weights)
        self.n_samples_ = int(rows) if weights is None else float(weight)
        whole = min(int(self.n_samples_), X.shape[1])
        wanted = whole if self.n_components is None else self.n_components
        self._constant = constant_directions(self._axes(), wanted)
        return self

    @staticmethod
    def _features_of(transform: Any) -> int:
        return len(transform.tensor("mean"))

    @property
    def mean_(self) -> np.ndarray:
        """Mean of each feature."""
        return self._statistic("mean")

    def _axes(self) -> np.ndarray:
        """Return the directions in which the rows vary."""
        try:
            return self._statistic("components_f64")
        except errors.ArgumentError:  # rows of f32 or u8
            return self._statistic("components").astype(np.float64)

    @property
    def components_(self) -> np.ndarray:
        """The directions, of shape (n_components_, n_features), each of length 1."""
        axes = self._axes()
        axes = axes if self._constant is None else np.vstack([axes, self._constant])
        largest = np.abs(axes).argmax(axis=1)
        signs = np.sign(axes[np.arange(len(axes)), largest])
        return (axes * signs[:, np.newaxis]).astype(self._dtype)

    @property
    def n_components_(self) -> int:
        """Number of directions."""
        return len(self._variance())

    def _variance(self) -> np.ndarray:
        """Return the variance of the population along each direction."""
        constant = 0 if self._constant is None else len(self._constant)
        return np.concatenate([self._statistic("variance"), np.zeros(constant)])

    def _unbiased(self, variance: Any) -> Any:
        """Return variances with the divisor n - 1, from those of the population.

        A transform from a file does not know n; its variances are those of the population.
        """
        rows = getattr(self, "n_samples_", np.inf)
        return variance if rows == np.inf else variance * rows / (rows - 1)

    @property
    def explained_variance_(self) -> np.ndarray:
        """Variance along each direction, with the divisor n - 1."""
        return self._unbiased(self._variance())

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """Share of each direction in the variance of all features."""
        return self._variance() / self._statistic("total_variance")[0]

    @property
    def singular_values_(self) -> np.ndarray:
        """Singular values of the centered rows."""
        if not hasattr(self, "n_samples_"):
            raise AttributeError(
                "singular_values_ depends on the number of rows, which the file of a transform "
                "does not hold"
            )
        return np.sqrt(self._variance() * self.n_samples_)

    @property
    def noise_variance_(self) -> float:
        """Mean variance of the directions that were left out (Tipping and Bishop 1999)."""
        rows = getattr(self, "n_samples_", np.inf)
        left = int(min(self.n_features_in_, rows)) - self.n_components_
        variance = self._variance()
        total = float(self._statistic("total_variance")[0])
        return float(self._unbiased(max(total - variance.sum(), 0.0)) / left) if left > 0 else 0.0

    def transform(self, X: Any) -> np.ndarray:
        """Return the rows' components, an array of shape (n_samples, n_components_)."""
        X = self._rows(X, reset=False)
        centered = np.subtract(X, self.mean_, dtype=np.float64)
        values = centered @ self.components_.T
        if self.whiten:
            values /= self._deviations()
        return values.astype(result_type(X), copy=False)

    def _deviations(self) -> np.ndarray:
        """Return what whitening divides by: standard deviations, 1 for those of 0."""
        variance = self.explained_variance_
        return np.sqrt(np.where(variance > 0, variance, 1))

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the rows whose components are X, in the directions that were kept.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
        """
        X = np.asarray(X)
        out = np.dtype(np.float32 if X.dtype == np.float32 else np.float64)
        values = np.asarray(X, np.float64)
        if self.whiten:
            values = values * self._deviations()
        return (values @ self.components_ + self.mean_).astype(out, copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names "pca0", "pca1" …"""
        return prefixed_names(self, self.n_components_)

    def get_covariance(self) -> np.ndarray:
        """Return the covariance of the model of probabilistic PCA (Tipping and Bishop 1999)."""
        noise = self.noise_variance_
        extra = np.maximum(self.explained_variance_ - noise, 0)
        axes = self.components_
        return (axes.T * extra) @ axes + noise * np.eye(self.n_features_in_)

    def get_precision(self) -> np.ndarray:
        """Return the inverse of :meth:`get_covariance`."""
        return np.linalg.inv(self.get_covariance())

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the log-likelihood of each row under the model of probabilistic PCA."""
        X = self._rows(X, reset=False)
        rows = X - self.mean_
        precision = self.get_precision()
        _, log_determinant = np.linalg.slogdet(precision)
        distance = np.einsum("ij,jk,ik->i", rows, precision, rows, optimize=True)
        return -0.5 * (distance + self.n_features_in_ * np.log(2 * np.pi) - log_determinant)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of :meth:`score_samples`."""
        return float(np.mean(self.score_samples(X)))


def constant_directions(axes: np.ndarray, wanted: Any) -> np.ndarray:
    """Return what `axes` [k, features] lack of `wanted` orthonormal directions; none for a share.

    They are made of the first unit vectors, of which at most k lie in the span of the axes.
    """
    missing = wanted - len(axes) if isinstance(wanted, numbers.Integral) else 0
    if missing <= 0:
        return axes[:0]
    units = np.eye(axes.shape[1], len(axes) + missing)
    basis, triangle = np.linalg.qr(np.hstack([axes.T, units]))
    lengths = np.abs(np.diag(triangle))[len(axes) :]
    chosen = np.sort(np.argsort(-lengths, kind="stable")[:missing])
    return basis[:, len(axes) + chosen].T


class IncrementalPCA(PCA):
    """Principal components of rows that come in parts.

    The sums over the rows are kept, features^2 numbers, so the directions are those of :class:`PCA`
    on all rows, whatever the batches. Parameters, defaults and fitted attributes are those of
    scikit-learn's ``IncrementalPCA``.

    Parameters
    ----------
    n_components : int or None, default None
        Number of components; None for ``min(n_samples, n_features)``.
    whiten : bool, default False
        Divide each component by its standard deviation.
    copy : bool, default True
        No effect: rows are never changed.
    batch_size : int or None
        No effect: :meth:`fit` reads the rows as they are.

    Attributes
    ----------
    components_, explained_variance_, explained_variance_ratio_, singular_values_, mean_
        As of :class:`PCA`.
    noise_variance_, n_components_, n_features_in_, feature_names_in_, transform_
        As of :class:`PCA`.
    n_samples_seen_ : int or float
        Rows so far, or the sum of their weights.

    Notes
    -----
    ===========  ======================================  =====================================
    parameter    scikit-learn                            here
    ===========  ======================================  =====================================
    batches      the directions depend on them           the directions of all rows
    first batch  at least n_components rows              at least two rows that differ
    memory       components x features                   features^2
    ===========  ======================================  =====================================
    """

    _lacks: Dict[str, Any] = {}
    svd_solver = "covariance_eigh"

    def __init__(
        self,
        n_components: Optional[int] = None,
        *,
        whiten: bool = False,
        copy: bool = True,
        batch_size: Optional[int] = None,
    ) -> None:
        self.n_components = n_components
        self.whiten = whiten
        self.copy = copy
        self.batch_size = batch_size

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {name: value for name, value in super()._params_of(params).items()
                if name != "svd_solver"}

    @property
    def n_samples_seen_(self) -> Any:
        """Rows so far, or the sum of their weights."""
        return self.n_samples_

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Discard what was learned, and fit these rows; parameters as of :meth:`PCA.fit`."""
        X = self._rows(X, reset=True)
        return self._add(X, sample_weight, True)

    def partial_fit(self, X: Any, y: Any = None, check_input: bool = True,
                    sample_weight: Any = None) -> Any:
        """Add rows; the directions are then those of one fit of all rows.

        Parameters are as of :meth:`fit`; `check_input` has no effect. The first rows must differ.
        """
        first = not hasattr(self, "transform_")
        return self._add(self._rows(X, reset=first), sample_weight, first)

    def _add(self, X: Any, sample_weight: Any, first: bool) -> Any:
        weights = row_weights(sample_weight, X.shape[0])
        rows = Dataset(X, sample_weight=weights)
        if first:
            transform = Transform(self._kind, context=context_of(self), **self._library_params())
            transform.partial_fit(rows)
            self.transform_ = transform
            self.n_samples_ = 0
        else:
            self.transform_.partial_fit(rows)
        self.n_samples_ += X.shape[0] if weights is None else float(weights.sum())
        whole = min(int(self.n_samples_), X.shape[1])
        wanted = whole if self.n_components is None else self.n_components
        self._constant = constant_directions(self._axes(), wanted)
        return self
