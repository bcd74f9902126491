"""The base of the estimators that transform rows."""

from __future__ import annotations

import os
from typing import Any, List, Optional, Type

import numpy as np

from .. import errors
from ..dataset import Dataset
from ..transform import Transform
from ._base import Estimator, Self
from ._compat import TransformerMixin
from ._context import context_of
from ._features import input_names


class Transformer(TransformerMixin, Estimator):
    """What all transforms share. ``transform_`` holds the fitted transform of the library."""

    def fit(self, X: Any, y: Any = None) -> Any:
        """Fit the statistics to rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y
            Ignored.

        Returns
        -------
        self
        """
        self._fit_rows(self._rows(X, reset=True))
        return self

    def _fit_rows(self, X: Any, weights: Optional[np.ndarray] = None) -> None:
        self._refuse_lacking()
        transform = Transform(self._kind, context=context_of(self), **self._library_params())
        transform.fit(Dataset(X, sample_weight=weights))
        self.transform_ = transform

    def _why_not_searched(self, later: List[Any]) -> Optional[str]:
        """Return why the library's transform is not this step before the `later` ones; else None.

        The folds of a search fit the library's transform alone, without what `transform` adds.
        """
        return None

    def _handle(self) -> Any:
        return self.transform_

    @classmethod
    def load(cls: Type[Self], path: "str | os.PathLike[str] | bytes") -> Self:
        """Load a fitted transform from a file or bytes, whichever program saved it."""
        return cls.from_transform(Transform.load(path))

    @classmethod
    def from_transform(cls: Type[Self], transform: Transform) -> Self:
        """Make an estimator of a fitted transform of the library, without a copy."""
        if transform.kind != cls._kind:
            raise errors.TypeMismatch(
                f"a transform of kind {transform.kind!r} is not a {cls.__name__}, whose kind is "
                f"{cls._kind!r}"
            )
        self = cls(**cls._params_of(transform.params))
        self.transform_ = transform
        self.n_features_in_ = self._features_of(transform)
        return self

    def _statistic(self, name: str) -> np.ndarray:
        """Return a copy of a tensor of the fitted transform."""
        return np.array(self.transform_.tensor(name))

    @staticmethod
    def _features_of(transform: Transform) -> int:
        """Return the number of features that the transform was fitted on."""
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _more_tags(self) -> Any:
        return {**super()._more_tags(), "preserves_dtype": [np.float64, np.float32]}


class OneToOne:
    """Transforms whose features keep their names."""

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features, those of the input."""
        return input_names(self, input_features)
