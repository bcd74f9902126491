"""PolynomialFeatures."""

from __future__ import annotations

import itertools
import numbers
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from .. import errors
from ._base import result_type
from ._features import input_names
from ._products import count_products, sparse_products
from ._transformer import Transformer


class PolynomialFeatures(Transformer):
    """All products of up to `degree` features.

    The columns are in scikit-learn's order: by degree, then by the indices of the features.
    Parameters, defaults and fitted attributes are those of its ``PolynomialFeatures``.

    Parameters
    ----------
    degree : int or tuple of two ints, default 2
        Number of factors: up to `degree`, or from the first to the second number.
    interaction_only : bool, default False
        Products of different features only, no powers.
    include_bias : bool, default True
        Whether a column of ones comes first.
    order : "C" or "F", default "C"
        Order of the result in memory.

    Attributes
    ----------
    powers_ : ndarray of shape (n_output_features_, n_features_in_)
        Exponent of each feature in each column.
    n_output_features_ : int
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    =========  ============================  =======
    parameter  scikit-learn                  here
    =========  ============================  =======
    degree     0 and above                   0 to 32
    =========  ============================  =======
    """

    _kind = "polynomial"
    _names = {"degree": "degree", "interaction_only": "interaction_only"}
    _lacks = {"order": (("C", "F"), "arrays are in C or Fortran order")}

    def __init__(
        self,
        degree: Any = 2,
        *,
        interaction_only: bool = False,
        include_bias: bool = True,
        order: str = "C",
    ) -> None:
        self.degree = degree
        self.interaction_only = interaction_only
        self.include_bias = include_bias
        self.order = order

    def _degrees(self) -> Tuple[int, int]:
        if isinstance(self.degree, numbers.Integral) and self.degree >= 0:
            return 0, int(self.degree)
        if isinstance(self.degree, (tuple, list)) and len(self.degree) == 2:
            low, high = self.degree
            if isinstance(low, numbers.Integral) and isinstance(high, numbers.Integral):
                if 0 <= low <= high:
                    return int(low), int(high)
            raise errors.ArgumentError(
                "degree=(min_degree, max_degree) must be non-negative integers that fulfil "
                f"min_degree <= max_degree, got {self.degree}."
            )
        raise errors.ArgumentError(
            "degree must be a non-negative int or tuple (min_degree, max_degree), got "
            f"{self.degree}."
        )

    def _library_params(self) -> Dict[str, Any]:
        _, high = self._degrees()
        return {"degree": max(high, 1), "interaction_only": bool(self.interaction_only)}

    def _why_not_searched(self, later: List[Any]) -> Optional[str]:
        low, high = self._degrees()
        if high == 0 or low > 1:
            return f"the library's products have all degrees from 1 on, not degree={self.degree!r}"
        # With an intercept, a column of ones changes nothing, unless it is multiplied again.
        multiplied = any(isinstance(step, PolynomialFeatures) for step in later)
        if self.include_bias and (multiplied or not getattr(later[-1], "fit_intercept", False)):
            return (
                "the library's products have no column of ones; set include_bias=False, or let "
                "the last step fit an intercept"
            )
        return None

    @staticmethod
    def _features_of(transform: Any) -> int:
        raise errors.Unsupported(
            "a polynomial transform has no statistics, and its file does not say how many features "
            "it takes; fit a PolynomialFeatures to rows instead"
        )

    def fit(self, X: Any, y: Any = None) -> Any:
        """Count the columns of the result.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y
            Ignored.

        Returns
        -------
        self
        """
        low, high = self._degrees()
        if high == 0 and not self.include_bias:
            raise ValueError(
                "Setting degree to zero and include_bias to False would result in an empty output "
                "array."
            )
        X = self._rows(X, reset=True)
        # The library takes dense rows only; all that it fits is their number of features.
        self._fit_rows(np.zeros((1, X.shape[1])))
        features, degrees = X.shape[1], range(max(low, 1), high + 1)
        counts = [count_products(features, d, self.interaction_only) for d in degrees]
        self.n_output_features_ = sum(counts) + bool(self.include_bias)
        return self

    def _products(self) -> Iterator[Tuple[int, ...]]:
        """Yield the features of each column, in the order of the columns."""
        low, high = self._degrees()
        if self.include_bias:
            yield ()
        choose = (
            itertools.combinations
            if self.interaction_only
            else itertools.combinations_with_replacement
        )
        for degree in range(max(low, 1), high + 1):
            yield from choose(range(self.n_features_in_), degree)

    @property
    def powers_(self) -> np.ndarray:
        """Exponent of each feature in each column."""
        products = list(self._products())
        powers = np.zeros((len(products), self.n_features_in_), np.int64)
        for row, product in zip(powers, products):
            np.add.at(row, list(product), 1)
        return powers

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return names such as "1", "x0", "x0^2" and "x0 x1"."""
        names = input_names(self, input_features)
        return np.array([_name(product, names) for product in self._products()], object)

    def transform(self, X: Any) -> Any:
        """Return the products of shape (n_samples, n_output_features_); of sparse rows sparse."""
        form = "csc" if getattr(X, "format", "csr") == "csc" else "csr"
        X = self._rows(X, reset=False)
        low, high = self._degrees()
        if hasattr(X, "tocsr"):
            found = sparse_products(X, max(low, 1), high, self.interaction_only, self.include_bias)
            return found.asformat(form)
        products = np.asarray(self.transform_.transform(X), result_type(X))
        wanted = self.n_output_features_ - bool(self.include_bias) if high > 0 else 0
        out = np.empty((X.shape[0], self.n_output_features_), products.dtype, order=self.order)
        out[:, : out.shape[1] - wanted] = 1
        out[:, out.shape[1] - wanted :] = products[:, products.shape[1] - wanted :]
        return out


def _name(product: Tuple[int, ...], names: np.ndarray) -> str:
    parts: List[str] = []
    for feature in sorted(set(product)):
        power = product.count(feature)
        parts.append(names[feature] if power == 1 else f"{names[feature]}^{power}")
    return " ".join(parts) or "1"
