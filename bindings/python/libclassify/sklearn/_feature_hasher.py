"""FeatureHasher."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Dict, Iterable, Iterator, Tuple

import numpy as np

from .. import errors
from .._arrays import missing
from ..dataset import Dataset
from ..transform import Transform
from ._compat import BaseEstimator, TransformerMixin

_TYPES = ("dict", "pair", "string")


class FeatureHasher(TransformerMixin, BaseEstimator):
    """Sums of features of any names in a fixed number of columns.

    A hash of the name says which column has the value, or minus the value (Weinberger et al. 2009).
    Nothing is learned, so names that have never been seen count, too, and a fit is not needed.
    Parameters and defaults are those of scikit-learn's ``FeatureHasher``, whose hash is another one:
    the columns differ, and products of rows are the same but for names that share a column.

    Parameters
    ----------
    n_features : int, default 2**20
        Number of columns.
    input_type : "dict", "pair" or "string", default "dict"
        Samples are dicts of names and values, sequences of pairs of them, or sequences of names of
        value 1. Where the value is a text, the name is ``name=value``, and the value 1.
    dtype : number type, default float64
    alternate_sign : bool, default True
        Whether the values of half of the names are negated, so that those that share a column
        cancel on average.

    Notes
    -----
    ===============  ========================  ==================================================
    parameter        scikit-learn              here
    ===============  ========================  ==================================================
    hash             MurmurHash3               that of the library's transform "hash"
    n_features       up to 2**31 - 1           up to 2**24
    X a frame        its column names, only    rows are dicts by column, without missing values
    ===============  ========================  ==================================================
    """

    def __init__(
        self,
        n_features: int = 2**20,
        *,
        input_type: str = "dict",
        dtype: Any = np.float64,
        alternate_sign: bool = True,
    ) -> None:
        self.n_features = n_features
        self.input_type = input_type
        self.dtype = dtype
        self.alternate_sign = alternate_sign

    def _hash(self) -> Transform:
        if self.input_type not in _TYPES:
            raise errors.ArgumentError(
                f"input_type is {self.input_type!r}; it is one of {list(_TYPES)}"
            )
        return Transform("hash", size=self.n_features, signs=bool(self.alternate_sign), sparse="true")

    def fit(self, X: Any = None, y: Any = None) -> "FeatureHasher":
        """Check the parameters; there is nothing to learn.

        Returns
        -------
        self
        """
        self._hash()
        return self

    def transform(self, raw_X: Iterable) -> Any:
        """Return the sums of each sample.

        Parameters
        ----------
        raw_X : iterable of samples, or data frame
            Samples as `input_type` says.

        Returns
        -------
        CSR matrix of shape (n_samples, n_features)
        """
        from scipy.sparse import csr_matrix

        transform = self._hash()
        numbers: Dict[str, int] = {}  # of the names
        starts, places, values = [0], [], []
        for sample in self._samples(raw_X):
            for name, value in sample:
                name, value = _feature(name, value)
                places.append(numbers.setdefault(name, len(numbers)))
                values.append(value)
            starts.append(len(places))
        if len(starts) == 1:
            raise errors.DataError("Cannot vectorize empty sequence.")
        shape = (len(starts) - 1, max(len(numbers), 1))
        X = csr_matrix((np.array(values, np.float64), np.array(places, np.int64), starts), shape)
        names = Dataset(np.arange(float(shape[1]))[:, np.newaxis], column_names=["name"])
        names.set_categories(0, list(numbers) or [""])
        hashed = X @ transform.fit(names).transform(names).astype(np.float64)
        hashed.sum_duplicates()
        return hashed.astype(self.dtype)

    def _samples(self, raw_X: Any) -> Iterator[Iterable[Tuple[Any, Any]]]:
        """Yield the names and values of each sample."""
        if hasattr(raw_X, "columns") and self.input_type == "dict":
            columns = [(name, np.asarray(raw_X[name], object)) for name in raw_X.columns]
            for i in range(len(raw_X)):
                yield [(name, c[i]) for name, c in columns if not missing(c[i])]
            return
        for sample in raw_X:
            if isinstance(sample, (str, bytes)):
                raise errors.ArgumentError(
                    "Samples can not be a single string. The input must be an iterable over "
                    "iterables of strings."
                )
            if self.input_type == "string":
                yield [(name, 1) for name in sample]
            else:
                yield sample.items() if hasattr(sample, "items") else sample

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return "featurehasher0", "featurehasher1" …"""
        return np.array([f"featurehasher{i}" for i in range(self.n_features)], object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = self.input_type == "string"
        tags.input_tags.dict = self.input_type == "dict"
        tags.requires_fit = False
        return tags

    def _more_tags(self) -> Dict[str, Any]:
        return {"X_types": [self.input_type], "stateless": True, "requires_fit": False}


def _feature(name: Any, value: Any) -> Tuple[str, float]:
    """Return the name that is hashed, and its value."""
    name = name.decode() if isinstance(name, bytes) else name
    if not isinstance(name, str):
        raise errors.TypeMismatch(f"names of features must be strings; got {name!r}")
    if isinstance(value, (str, bytes)):
        return f"{name}={value if isinstance(value, str) else value.decode()}", 1.0
    if not isinstance(value, (Real, np.bool_)) or not math.isfinite(value):
        raise errors.ArgumentError(f"{name!r} has the value {value!r}; it must be a finite number")
    return name, float(value)
