"""QuantileTransformer."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Dict, Optional

import numpy as np

from ._base import result_type
from ._transformer import OneToOne, Transformer


class QuantileTransformer(OneToOne, Transformer):
    """Makes a feature its rank among the rows of the fit, spread evenly or normally.

    Parameters, defaults and fitted attributes are those of scikit-learn's ``QuantileTransformer``.

    Parameters
    ----------
    n_quantiles : int, default 1000
        Maximum number of quantiles that are kept; not more than rows.
    output_distribution : "uniform" or "normal", default "uniform"
    ignore_implicit_zeros : bool, default False
        No effect: it is of sparse rows.
    subsample : int or None, default 10000
        No effect: all rows count.
    random_state : optional
        No effect: nothing is random.
    copy : bool, default True
        No effect: rows are never changed.

    Attributes
    ----------
    n_quantiles_ : int
    quantiles_ : ndarray of shape (n_quantiles_, n_features)
    references_ : ndarray of shape (n_quantiles_,)
        The shares of the quantiles, from 0 to 1.
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==========  =========================  ==========
    parameter   scikit-learn               here
    ==========  =========================  ==========
    X with NaN  left out, and kept         refused
    sparse X    offered                    refused
    subsample   10,000 rows are drawn      all rows
    copy=False  changes the rows in place  leaves them
    ==========  =========================  ==========
    """

    _kind = "quantile"
    _names = {"n_quantiles": "quantiles", "output_distribution": "output"}
    _sparse = False

    def __init__(
        self,
        *,
        n_quantiles: int = 1000,
        output_distribution: str = "uniform",
        ignore_implicit_zeros: bool = False,
        subsample: Optional[int] = 10000,
        random_state: Any = None,
        copy: bool = True,
    ) -> None:
        self.n_quantiles = n_quantiles
        self.output_distribution = output_distribution
        self.ignore_implicit_zeros = ignore_implicit_zeros
        self.subsample = subsample
        self.random_state = random_state
        self.copy = copy

    def _library_params(self) -> Dict[str, Any]:
        return {**super()._library_params(), "precision": "f64"}

    @staticmethod
    def _features_of(transform: Any) -> int:
        return len(transform.tensor("quantiles"))

    @property
    def quantiles_(self) -> np.ndarray:
        """The quantiles of each feature, ascending."""
        return self._statistic("quantiles").T

    @property
    def references_(self) -> np.ndarray:
        """The shares of the rows that the quantiles are of."""
        return np.linspace(0, 1, self.n_quantiles_)

    @property
    def n_quantiles_(self) -> int:
        """The number of quantiles that are kept."""
        return len(self.quantiles_)

    def transform(self, X: Any) -> np.ndarray:
        """Return the ranks of rows."""
        X = self._rows(X, reset=False)
        return np.array(self.transform_.transform(X), result_type(X))

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the rows that have these ranks."""
        X = self._rows(X, reset=False)
        shares = np.asarray(X, np.float64)
        if self.output_distribution == "normal":
            shares = np.vectorize(NormalDist().cdf, otypes=[np.float64])(shares)
        columns = zip(shares.T, self.quantiles_.T)
        found = [np.interp(share, self.references_, quantiles) for share, quantiles in columns]
        return np.stack(found, axis=1).astype(result_type(X))
