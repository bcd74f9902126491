"""Transforms of features: fitted on one dataset, applied to others."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, List, Optional

import numpy as np

from . import catalog, errors
from ._handle import Handle, run
from ._library import lib, text
from .context import Context, context_of
from .dataset import Dataset, Path, Source, file_or_memory, path_bytes
from .tensor import Tensor



class Transform(Handle):
    """A transform: standardize, min_max, polynomial, log_count_ratio, pca, hog, select, impute, one_hot …

    Parameters
    ----------
    kind : str
        One of ``kinds("transform")``.
    context : Context, optional
    **params
        See ``params("transform", kind)``.
    """

    _free = lib.clf_transform_free

    def __init__(self, kind: str, *, context: Optional[Context] = None, **params: Any) -> None:
        context = context_of(context)
        self._make(context, lib.clf_transform_create, context, kind,
                   catalog.to_text("transform", kind, params))

    def _data(self, X: Any, y: Any = None, sample_weight: Any = None) -> Dataset:
        if isinstance(X, Dataset):
            if y is not None or sample_weight is not None:
                raise errors.ArgumentError("a Dataset brings its own labels and weights")
            return X
        return Dataset(X, y, sample_weight=sample_weight, context=self.context)

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> "Transform":
        """Compute what the transform needs of rows; returns the transform.

        Parameters
        ----------
        X : Dataset, or what one is made of
        y, sample_weight
            As for :class:`Dataset`, if X is not one.
        """
        self.change(lib.clf_transform_fit, self._data(X, y, sample_weight))
        return self

    def partial_fit(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> "Transform":
        """Continue with more rows (standardize, min_max, pca); returns the transform.

        It is then that of one fit of all rows. The first call begins.
        """
        self.change(lib.clf_transform_partial_fit, self._data(X, y, sample_weight))
        return self

    def apply(self, X: Any) -> Dataset:
        """Return a dataset with transformed features and the same labels, targets and weights."""
        data = self._data(X)
        made = Dataset._part(data)
        run(self.context, lib.clf_transform_apply, ctypes.byref(made._out), self, data)
        return made

    def transform(self, X: Any) -> Any:
        """Return transformed features: an array [rows, features], or a CSR matrix of SciPy."""
        return self.apply(X).X

    def fit_transform(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Any:
        """Fit the transform, and return the transformed features of the same rows."""
        return self.fit_apply(X, y, sample_weight=sample_weight).X

    def fit_apply(self, X: Any, y: Any = None, *, sample_weight: Any = None) -> Dataset:
        """Fit the transform, and return a dataset of the same rows, transformed."""
        data = self._data(X, y, sample_weight)
        made = Dataset._part(data)
        run(self.context, lib.clf_transform_fit_apply, ctypes.byref(made._out), self, data,
            changes=(self,))
        return made

    @property
    def outputs(self) -> List[str]:
        """The names of the transformed columns; of a column without a name x0, x1, …"""
        return [self._text(lib.clf_transform_output_name, index)
                for index in range(self.run(lib.clf_transform_outputs))]

    @property
    def fitted(self) -> bool:
        """Whether the transform was fitted."""
        try:
            size = ctypes.c_size_t()
            self.run(lib.clf_transform_save_memory, None, 0, ctypes.byref(size))
            return True
        except errors.NotFitted:
            return False

    @property
    def kind(self) -> str:
        """The kind, such as "pca"."""
        return text(self.run(lib.clf_transform_kind))

    @property
    def params(self) -> Dict[str, Any]:
        """The parameters by name, as Python values."""
        return catalog.from_text("transform", self.kind, self._text(lib.clf_transform_params))

    def tensor(self, name: str) -> np.ndarray:
        """Return what was fitted, a read-only array that shares the transform's memory.

        Parameters
        ----------
        name : str
            standardize: "mean"; "deviation", by which features are divided; "spread", the standard
            deviation, which is 0 for a constant feature.
            min_max: "minimum", "maximum".
            pca: "mean", "components", "variance", "total_variance"; with precision="f64" also
            "components_f64".
            log_count_ratio: "factor".
            robust: "center", "scale".
            quantile: "quantiles", "shares".
            impute: "value", "indicator".
            one_hot: "groups", how many each column has, and of each column one after the other: values,
            ascending, "group_value", their groups "group_of", where they begin, "group_start", the
            groups of rare, missing and unknown values, -1 for none, "group_special", and the value of
            each group, "group_first".
            ordinal: "groups", "group_value", "group_of", "group_start", "group_special", "group_first".
            target_mean: "groups", "group_value", "group_of", "group_start", "group_special",
            "group_first"; "means" of the groups, "mean" of all rows.
            hog: "size".
            With the parameter ``columns``, each kind also has the indices of the chosen "columns".
        """
        return Tensor._new(self.context, lib.clf_transform_tensor, self, name)._array()

    # Files

    def save(self, path: Path) -> None:
        """Write the fitted transform to a file, atomically."""
        self.run(lib.clf_transform_save, path_bytes(path))

    def to_bytes(self) -> bytes:
        """Return the fitted transform as the bytes that `save` writes."""
        return self._bytes(lib.clf_transform_save_memory)

    @classmethod
    def load(cls, source: Source, *, context: Optional[Context] = None) -> "Transform":
        """Read a fitted transform from a file, or from the bytes of one."""
        context = context_of(context)
        function, place = file_or_memory(
            lib.clf_transform_load, lib.clf_transform_load_memory, source)
        return cls._new(context, function, context, *place)

    def __reduce__(self) -> Any:
        if self.fitted:
            return _restored, (None, self.to_bytes(), self.context)
        return _restored, (self.kind, self._bytes(lib.clf_transform_params)[:-1], self.context)

    def _described(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.params.items()
                        if value is not None)
        return f"Transform({self.kind!r}{given})"


def _restored(kind: Optional[str], state: bytes, context: Context) -> Transform:
    if kind is None:
        return Transform.load(state, context=context)
    return Transform._new(context, lib.clf_transform_create, context, kind, state)
