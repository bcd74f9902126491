"""StandardScaler, MinMaxScaler and RobustScaler."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .. import distributed, errors
from ._base import result_type
from ._labels import row_weights
from ._transformer import OneToOne, Transformer


def affine(X: Any, factor: Optional[np.ndarray], offset: Optional[np.ndarray]) -> Any:
    """Return (X + offset) * factor, by columns, in f64 and rounded to the type of the result.

    Sparse rows stay sparse; they take no offset.
    """
    out = result_type(X)
    if hasattr(X, "tocsr"):
        X = X.astype(out)
        if factor is not None:
            X.data = (X.data * factor[X.indices]).astype(out)
        return X
    rows = np.array(X, np.float64) if offset is None else np.add(X, offset, dtype=np.float64)
    if factor is not None:
        rows *= factor
    return rows.astype(out, copy=False)


class StandardScaler(OneToOne, Transformer):
    """Subtracts the mean of each feature, and divides by its standard deviation.

    A constant feature is divided by 1. Parameters, defaults and fitted attributes are those of
    scikit-learn's ``StandardScaler``.

    Parameters
    ----------
    copy : bool, default True
        No effect: rows are never changed.
    with_mean : bool, default True
        Sparse rows need False.
    with_std : bool, default True

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,), or None without mean and deviation
    var_, scale_ : ndarray of shape (n_features,), or None with ``with_std=False``
    n_samples_seen_ : int or float
        Rows of the fit, or the sum of their weights.
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==========  =========================  ===================================
    parameter   scikit-learn               here
    ==========  =========================  ===================================
    X with NaN  left out, and kept         refused
    copy=False  changes the rows in place  leaves them
    sparse X    f64                        statistics of values rounded to f32
    ==========  =========================  ===================================
    """

    _kind = "standardize"
    _names = {"with_mean": "mean", "with_std": "deviation"}

    def __init__(self, *, copy: bool = True, with_mean: bool = True, with_std: bool = True) -> None:
        self.copy = copy
        self.with_mean = with_mean
        self.with_std = with_std

    def _library_params(self) -> Dict[str, Any]:
        return {
            "mean": bool(self.with_mean),
            "deviation": bool(self.with_std),
            "precision": "f64",
        }

    def _accepts_sparse(self) -> bool:
        return not self.with_mean

    def _rows(self, X: Any, y: Any = "no_validation", *, reset: bool, **checks: Any) -> Any:
        if self.with_mean and hasattr(X, "tocsr"):
            raise ValueError(
                "Cannot center sparse matrices: pass `with_mean=False` instead, since centered "
                "rows would be dense"
            )
        return super()._rows(X, y, reset=reset, **checks)

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Compute means and deviations.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
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
        self._fit_rows(X, weights)
        seen = X.shape[0] if weights is None else weights.sum()
        self.n_samples_seen_ = seen if distributed.active() is None else distributed.total(seen)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Add rows to those of the fit; parameters as of :meth:`fit`."""
        if not hasattr(self, "transform_"):
            return self.fit(X, y, sample_weight)
        if not hasattr(self, "n_samples_seen_"):
            raise errors.Unsupported(
                "partial_fit cannot add rows to a StandardScaler from a file, which does not hold "
                "the number of rows of the fit"
            )
        X = self._rows(X, reset=False)
        batch = type(self)(with_mean=self.with_mean).fit(X, sample_weight=sample_weight)
        total = self.n_samples_seen_ + batch.n_samples_seen_
        share = batch.n_samples_seen_ / total
        step = batch._statistic("mean") - self._statistic("mean")
        mean = self._statistic("mean") + share * step
        own, new = self._statistic("spread") ** 2, batch._statistic("spread") ** 2
        spread = np.sqrt((1 - share) * own + share * new + share * (1 - share) * step**2)
        self._fit_rows(np.stack([mean + spread, mean - spread]))  # two rows of these statistics
        self.n_samples_seen_ = total
        return self

    @staticmethod
    def _features_of(transform: Any) -> int:
        return len(transform.tensor("mean"))

    @property
    def mean_(self) -> Optional[np.ndarray]:
        """Mean of each feature."""
        mean = self._statistic("mean")
        return mean if self.with_mean or self.with_std else None

    @property
    def scale_(self) -> Optional[np.ndarray]:
        """What each feature is divided by: its standard deviation, or 1 if it is constant."""
        deviation = self._statistic("deviation")
        return deviation if self.with_std else None

    @property
    def var_(self) -> Optional[np.ndarray]:
        """Variance of each feature."""
        return self._statistic("spread") ** 2 if self.with_std else None

    def _map(self) -> Tuple[Optional[np.ndarray], Optional[np.ndarray]]:
        return self.scale_, self.mean_ if self.with_mean else None

    def transform(self, X: Any, copy: Optional[bool] = None) -> Any:
        """Standardize rows. `copy` has no effect: rows are never changed."""
        X = self._rows(X, reset=False)
        scale, mean = self._map()
        return affine(X, None if scale is None else 1 / scale, None if mean is None else -mean)

    def inverse_transform(self, X: Any, copy: Optional[bool] = None) -> Any:
        """Return the rows that are standardized to X. `copy` has no effect."""
        X = self._rows(X, reset=False)
        scale, mean = self._map()
        rows = affine(X, scale, None)
        return rows if mean is None else affine(rows, None, mean)


class MinMaxScaler(OneToOne, Transformer):
    """Shifts and scales each feature so that its range becomes `feature_range`.

    A constant feature becomes the low end. Parameters, defaults and fitted attributes are those of
    scikit-learn's ``MinMaxScaler``.

    Parameters
    ----------
    feature_range : tuple of two numbers, default (0, 1)
    copy : bool, default True
        No effect: rows are never changed.
    clip : bool, default False
        Whether rows beyond the fitted range are moved to its ends.

    Attributes
    ----------
    data_min_, data_max_, data_range_, scale_, min_ : ndarray of shape (n_features,)
    n_samples_seen_ : int
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==========  =========================  ===========
    parameter   scikit-learn               here
    ==========  =========================  ===========
    X with NaN  left out, and kept         refused
    copy=False  changes the rows in place  leaves them
    ==========  =========================  ===========
    """

    _kind = "min_max"
    _names = {"clip": "clip"}
    _sparse = False

    def __init__(
        self, feature_range: Tuple[float, float] = (0, 1), *, copy: bool = True, clip: bool = False
    ) -> None:
        self.feature_range = feature_range
        self.copy = copy
        self.clip = clip

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {"feature_range": (params["low"], params["high"]), "clip": params["clip"]}

    def _library_params(self) -> Dict[str, Any]:
        low, high = self.feature_range
        if low >= high:
            raise errors.ArgumentError(
                "Minimum of desired feature range must be smaller than maximum. Got "
                f"{self.feature_range}."
            )
        return {"low": low, "high": high, "clip": bool(self.clip), "precision": "f64"}

    def fit(self, X: Any, y: Any = None) -> Any:
        """Compute minima and maxima.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y
            Ignored.

        Returns
        -------
        self
        """
        X = self._rows(X, reset=True)
        self._fit_rows(X)
        self.n_samples_seen_ = int(distributed.total(X.shape[0]))
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Any:
        """Add rows to those of the fit; parameters as of :meth:`fit`."""
        if not hasattr(self, "transform_"):
            return self.fit(X, y)
        X = self._rows(X, reset=False)
        low, high = self.data_min_, self.data_max_
        self._fit_rows(np.stack([np.minimum(low, X.min(axis=0)), np.maximum(high, X.max(axis=0))]))
        if hasattr(self, "n_samples_seen_"):  # a transform from a file does not know it
            self.n_samples_seen_ += X.shape[0]
        return self

    @staticmethod
    def _features_of(transform: Any) -> int:
        return len(transform.tensor("minimum"))

    @property
    def data_min_(self) -> np.ndarray:
        """Minimum of each feature."""
        return self._statistic("minimum")

    @property
    def data_max_(self) -> np.ndarray:
        """Maximum of each feature."""
        return self._statistic("maximum")

    @property
    def data_range_(self) -> np.ndarray:
        """Difference of maximum and minimum."""
        return self.data_max_ - self.data_min_

    @property
    def scale_(self) -> np.ndarray:
        """Factor of each feature."""
        low, high = self.feature_range
        span = self.data_range_
        return (high - low) / np.where(span > 0, span, 1)

    @property
    def min_(self) -> np.ndarray:
        """What is added to each feature after its factor."""
        return self.feature_range[0] - self.data_min_ * self.scale_

    def transform(self, X: Any) -> np.ndarray:
        """Scale rows."""
        X = self._rows(X, reset=False)
        rows = affine(X, self.scale_, -self.data_min_)
        rows = rows + rows.dtype.type(self.feature_range[0])
        return np.clip(rows, *self.feature_range, out=rows) if self.clip else rows

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the rows that are scaled to X."""
        X = self._rows(X, reset=False)
        rows = affine(X, 1 / self.scale_, np.full(X.shape[1], -float(self.feature_range[0])))
        return (rows + self.data_min_).astype(rows.dtype, copy=False)


class RobustScaler(OneToOne, Transformer):
    """Subtracts the median of each feature, and divides by the distance of two of its quantiles.

    A feature whose quantiles are equal is divided by 1. Parameters, defaults and fitted attributes
    are those of scikit-learn's ``RobustScaler``.

    Parameters
    ----------
    with_centering : bool, default True
        Sparse rows need False.
    with_scaling : bool, default True
    quantile_range : tuple of two numbers, default (25.0, 75.0)
        The quantiles, in percent.
    copy : bool, default True
        No effect: rows are never changed.
    unit_variance : bool, default False
        Whether features with a normal distribution get a variance of 1.

    Attributes
    ----------
    center_ : ndarray of shape (n_features,), or None with ``with_centering=False``
    scale_ : ndarray of shape (n_features,), or None with ``with_scaling=False``
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==============  =========================  ===================================
    parameter       scikit-learn               here
    ==============  =========================  ===================================
    X with NaN      left out, and kept         refused
    quantile_range  its ends may be equal      the first below the second
    copy=False      changes the rows in place  leaves them
    sparse X        f64                        quantiles of values rounded to f32
    transform_      does not exist             knows nothing of unit_variance
    ==============  =========================  ===================================
    """

    _kind = "robust"
    _names = {"with_centering": "center", "with_scaling": "scale"}

    def __init__(
        self,
        *,
        with_centering: bool = True,
        with_scaling: bool = True,
        quantile_range: Tuple[float, float] = (25.0, 75.0),
        copy: bool = True,
        unit_variance: bool = False,
    ) -> None:
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range
        self.copy = copy
        self.unit_variance = unit_variance

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        quantiles = (100 * params["low"], 100 * params["high"])
        return {**super()._params_of(params), "quantile_range": quantiles}

    def _library_params(self) -> Dict[str, Any]:
        low, high = self.quantile_range
        if not 0 <= low < high <= 100:
            raise errors.ArgumentError(f"Invalid quantile range: {self.quantile_range}")
        if self.unit_variance and not 0 < low < high < 100:
            raise errors.ArgumentError("unit_variance needs quantiles between 0 and 100 percent")
        return {
            "center": bool(self.with_centering),
            "scale": bool(self.with_scaling),
            "low": low / 100,
            "high": high / 100,
            "precision": "f64",
        }

    def _why_not_searched(self, later: List[Any]) -> Optional[str]:
        return "the library has no unit_variance" if self.unit_variance else None

    def _accepts_sparse(self) -> bool:
        return not self.with_centering

    def _rows(self, X: Any, y: Any = "no_validation", *, reset: bool, **checks: Any) -> Any:
        if self.with_centering and hasattr(X, "tocsr"):
            raise ValueError(
                "Cannot center sparse matrices: use `with_centering=False` instead, since centered "
                "rows would be dense"
            )
        return super()._rows(X, y, reset=reset, **checks)

    @staticmethod
    def _features_of(transform: Any) -> int:
        return len(transform.tensor("center"))

    @property
    def center_(self) -> Optional[np.ndarray]:
        """Median of each feature."""
        center = self._statistic("center")
        return center if self.with_centering else None

    @property
    def scale_(self) -> Optional[np.ndarray]:
        """What each feature is divided by: the distance of its quantiles, or 1."""
        scale = self._statistic("scale")
        if self.unit_variance:
            low, high = (NormalDist().inv_cdf(percent / 100) for percent in self.quantile_range)
            scale /= high - low
        return scale if self.with_scaling else None

    def transform(self, X: Any) -> Any:
        """Center and scale rows."""
        X = self._rows(X, reset=False)
        scale, center = self.scale_, self.center_
        return affine(X, None if scale is None else 1 / scale, None if center is None else -center)

    def inverse_transform(self, X: Any) -> Any:
        """Return the rows that are scaled to X."""
        X = self._rows(X, reset=False)
        rows = affine(X, self.scale_, None)
        return rows if self.center_ is None else affine(rows, None, self.center_)
