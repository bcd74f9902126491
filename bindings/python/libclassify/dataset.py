"""Datasets: rows of features, dense or sparse, with labels or targets and weights."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _arrays, _labels, catalog, errors
from ._handle import Handle, encode, run
from ._library import lib, text
from .context import Context, context_of
from .tensor import Tensor

if TYPE_CHECKING:
    from .batches import Batches

Path = Union[str, "os.PathLike[str]"]
Source = Union[Path, bytes, bytearray, memoryview]


def path_bytes(path: Path) -> bytes:
    """Return a path as the library takes it."""
    try:
        data = os.fsencode(path)
    except (TypeError, UnicodeError) as error:
        raise errors.TypeMismatch(f"a path must be a str or os.PathLike: {error}") from error
    if b"\0" in data:
        raise errors.ArgumentError(f"the path {os.fsdecode(data)!r} holds a NUL character")
    return data


def file_or_memory(of_file: Any, of_memory: Any, source: Source) -> Tuple[Any, Tuple[Any, ...]]:
    """Return which function loads the source, and the arguments that say where it is."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        return of_memory, (data, len(data))
    return of_file, (path_bytes(source),)


def names_of(handle: Handle, function: Any, count: int) -> Optional[Tuple[str, ...]]:
    """Return what a function of a handle and an index names, all or nothing."""
    if count == 0 or handle.run(function, 0) is None:
        return None
    return tuple(text(handle.run(function, index)) for index in range(count))


def categories_of(handle: Handle, columns: int, names: Optional[Sequence[str]], count: Any,
                  name: Any) -> Dict[Union[str, int], Tuple[str, ...]]:
    """Return the categories that functions of a handle, a column and an index give."""
    found: Dict[Union[str, int], Tuple[str, ...]] = {}
    for column in range(columns):
        categories = handle.run(count, column)
        if categories > 0:
            unique = names is not None and list(names).count(names[column]) == 1
            found[names[column] if unique else column] = tuple(
                text(handle.run(name, column, index)) for index in range(categories))
    return found


class Dataset(Handle):
    """Rows of features with labels, or with targets for a regression, and weights.

    Parameters
    ----------
    X : array_like, sparse matrix or data frame of shape [rows, features…]
        C-contiguous arrays of float32, float64 and uint8 are not copied: they must not change
        while the dataset lives, which keeps them alive. Columns of a frame give `column_names`.
    y : array_like of shape [rows], optional
        Labels: integers, floats that are whole numbers, booleans, texts or categories of these.
    sample_weight : array_like of shape [rows], optional
        Finite and at least 0.
    targets : array_like of shape [rows] or [rows, outputs], optional
        Of a regression, in place of labels.
    column_names : sequence of str, optional
        In place of the names of a frame's columns.
    scale : float, optional
        Factor between uint8 elements and values, such as 1 / 255.
    context : Context, optional
    """

    _free = lib.clf_dataset_free
    _kind: Optional[_labels.Kind] = None

    def __init__(self, X: Any, y: Any = None, *, sample_weight: Any = None, targets: Any = None,
                 column_names: Optional[Sequence[str]] = None, scale: Optional[float] = None,
                 context: Optional[Context] = None) -> None:
        context = context_of(context)
        if isinstance(X, Dataset):
            raise errors.TypeMismatch("X is a Dataset already; copy it by X[:]")
        if y is not None and targets is not None:
            raise errors.ArgumentError("pass labels (y) or targets, not both")
        if isinstance(X, Tensor):
            self._make_dense(context, X)
        else:
            self._make_rows(context, _arrays.rows(X), scale)
        if column_names is not None:
            self.column_names = column_names
        if y is not None:
            self.set_labels(y)
        if targets is not None:
            self.set_targets(targets)
        if sample_weight is not None:
            self.set_weights(sample_weight)

    def _make_rows(self, context: Context, rows: _arrays.Rows, scale: Optional[float]) -> None:
        if rows.array is not None:
            self._make_dense(context, Tensor._of(rows.array, context, scale))
        else:
            if scale is not None:
                raise errors.ArgumentError("scale is of uint8 arrays; sparse rows have none")
            starts, columns, values, width = rows.csr
            parts = [Tensor._of(part, context) for part in (starts, columns, values)]
            self._make(context, lib.clf_dataset_create_sparse, context, width, *parts, None,
                       keeps={"x": values})
        if rows.names is not None:
            self.column_names = rows.names
        for column, categories in rows.categories.items():
            self.set_categories(column, categories)

    def _make_dense(self, context: Context, tensor: Tensor) -> None:
        self._make(context, lib.clf_dataset_create, context, tensor, None,
                   keeps={"x": tensor._keeps})

    @classmethod
    def _part(cls, source: "Dataset") -> "Dataset":
        """Return an object for rows that share what the source borrows, not made yet."""
        self = cls.__new__(cls)
        self._prepare(source.context, dict(source._keeps or {}))
        self._kind = source._kind
        return self

    @classmethod
    def load(cls, format: str, source: Source, *, context: Optional[Context] = None,
             **params: Any) -> "Dataset":
        """Read a dataset from a file or folder, or from the bytes of a file.

        Parameters
        ----------
        format : str
            One of ``kinds("dataset_reader")``, such as "csv".
        source : str, path-like or bytes
            The bytes of format "images" are one image, which becomes one row.
        **params
            Of the format; see ``params("dataset_reader", format)``.
        """
        context = context_of(context)
        function, place = file_or_memory(lib.clf_dataset_load, lib.clf_dataset_load_memory, source)
        return cls._new(context, function, context, format, *place,
                        catalog.to_text("dataset_reader", format, params), keeps={})

    def save(self, format: str, path: Path, **params: Any) -> None:
        """Write the rows to a file, atomically; ``kinds("dataset_writer")`` has the formats."""
        self.run(lib.clf_dataset_save, format, path_bytes(path),
                 catalog.to_text("dataset_writer", format, params))

    # Labels, targets and weights

    def set_labels(self, y: Any) -> "Dataset":
        """Set a label for each row, in place of labels or targets before; returns the dataset."""
        labels = _labels.labels(y)
        if labels.names is not None:
            array = (ctypes.c_char_p * max(len(labels.names), 1))(*labels.names)
            self.change(lib.clf_dataset_set_label_names, array, len(labels.names))
        else:
            self._set(lib.clf_dataset_set_labels, labels.array, "labels")
        self._kind = labels.kind
        return self

    def set_targets(self, targets: Any) -> "Dataset":
        """Set regression targets, [rows] or [rows, outputs]; returns the dataset."""
        array = _arrays.numbers(_plain(targets, "targets"), "targets")
        self._set(lib.clf_dataset_set_targets, array, "targets")
        return self

    def set_weights(self, weights: Any) -> "Dataset":
        """Set a weight for each row, or none with None; returns the dataset."""
        given = _plain(weights, "sample_weight")
        array = None if given is None else _arrays.column(given, "sample_weight")
        self._set(lib.clf_dataset_set_weights, array, "weights")
        return self

    def _set(self, function: Any, array: Optional[np.ndarray], role: str) -> None:
        tensor = None if array is None else Tensor._of(array, self.context)
        self.change(function, tensor)
        self._keeps = {**(self._keeps or {}), role: array}

    # What a dataset has

    def __len__(self) -> int:
        return self.run(lib.clf_dataset_rows)

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self)

    @property
    def n_features(self) -> int:
        """The number of features: the product of the extents of X after the first."""
        return self.run(lib.clf_dataset_features)

    @property
    def n_classes(self) -> int:
        """The number of classes; 0 without labels."""
        return self.run(lib.clf_dataset_classes)

    @property
    def n_outputs(self) -> int:
        """The number of regression outputs; 0 without targets."""
        return self.run(lib.clf_dataset_outputs)

    @property
    def nonzeros(self) -> int:
        """The number of stored entries of sparse rows, rows × features of dense ones."""
        return self.run(lib.clf_dataset_nonzeros)

    @property
    def guesses(self) -> str:
        """What the csv reader guessed about the file, as parameters that read others as it; "" for none."""
        return text(self.run(lib.clf_dataset_guesses)) or ""

    @property
    def sparse(self) -> bool:
        """Whether the rows are sparse."""
        return bool(self.run(lib.clf_dataset_sparse))

    @property
    def shape(self) -> Tuple[int, int]:
        """Rows and features."""
        return len(self), self.n_features

    @property
    def column_names(self) -> Optional[Tuple[str, ...]]:
        """The names of the features: of a frame, of a CSV file's header, or set; None for none."""
        with self.reading():
            return names_of(self, lib.clf_dataset_column_name, self.n_features)

    @column_names.setter
    def column_names(self, names: Optional[Sequence[str]]) -> None:
        if names is None:
            self.change(lib.clf_dataset_set_column_names, None, 0)
            return
        encoded = [encode(name, "a column's name") for name in names]
        array = (ctypes.c_char_p * max(len(encoded), 1))(*encoded)
        self.change(lib.clf_dataset_set_column_names, array, len(encoded))

    @property
    def categories(self) -> Dict[Union[str, int], Tuple[str, ...]]:
        """The categories of the columns that have some, by name or, without names, by number.

        The value k in such a column of X stands for the name k; NaN is a missing value.
        """
        names = self.column_names
        with self.reading():
            return categories_of(self, self.n_features, names, lib.clf_dataset_category_count,
                                 lib.clf_dataset_category_name)

    def set_categories(self, column: Union[str, int], names: Optional[Sequence[str]]) -> "Dataset":
        """Name the codes 0, 1, … in a column, or make it one of numbers by None; returns the dataset."""
        if isinstance(column, str):
            known = self.column_names or ()
            if column not in known:
                raise errors.ArgumentError(f"there is no column {column!r}")
            column = known.index(column)
        if names is None:
            self.change(lib.clf_dataset_set_categories, column, None, 0)
            return self
        encoded = [encode(name, "a category") for name in names]
        array = (ctypes.c_char_p * max(len(encoded), 1))(*encoded)
        self.change(lib.clf_dataset_set_categories, column, array, len(encoded))
        return self

    @property
    def class_names(self) -> List[str]:
        """The names of the classes, by class index."""
        return [text(self.run(lib.clf_dataset_class_name, i)) for i in range(self.n_classes)]

    @property
    def classes(self) -> np.ndarray:
        """The classes, by class index, of the type that the labels had."""
        return _labels.classes(self.class_names, self._kind)

    def tensor(self, name: str) -> np.ndarray:
        """Return a read-only array that shares the dataset's memory.

        Parameters
        ----------
        name : str
            "x", "labels", "targets", "weights", or of sparse rows "row_start", "column", "value".
        """
        return Tensor._new(self.context, lib.clf_dataset_tensor, self, name,
                           keeps=self._keeps)._array()

    @property
    def scale(self) -> float:
        """The factor between the stored elements of dense rows and their values."""
        if self.sparse:
            return 1.0
        with Tensor._new(self.context, lib.clf_dataset_tensor, self, "x", keeps=self._keeps) as x:
            return x.scale

    @property
    def X(self) -> Any:
        """The features: a read-only array of the stored elements, or a CSR matrix of SciPy."""
        if not self.sparse:
            return self.tensor("x")
        try:
            from scipy.sparse import csr_matrix
        except ImportError as error:
            raise ImportError(
                "sparse rows are given as a matrix of SciPy, which is not installed; "
                'tensor("row_start"), tensor("column") and tensor("value") are its parts'
            ) from error
        parts = [self.tensor(name) for name in ("value", "column", "row_start")]
        return csr_matrix(tuple(parts), shape=self.shape)

    @property
    def labels(self) -> np.ndarray:
        """The class index of each row, int32, read-only."""
        return self.tensor("labels")

    @property
    def y(self) -> Optional[np.ndarray]:
        """The label of each row, of the type that the labels had; None without labels."""
        return self.classes[self.labels] if self.n_classes else None

    @property
    def targets(self) -> Optional[np.ndarray]:
        """The targets, float64 [rows, outputs], read-only; None without targets."""
        return self.tensor("targets") if self.n_outputs else None

    @property
    def sample_weight(self) -> Optional[np.ndarray]:
        """The weights of the rows, read-only; None without weights."""
        try:
            return self.tensor("weights")
        except errors.Unsupported:
            return None

    # Parts

    def subset(self, indices: Any) -> "Dataset":
        """Return chosen rows, in the given order, repeats allowed.

        Parameters
        ----------
        indices : array_like of int or of bool, or slice
            Row numbers, negative ones from the end; or which rows to keep.
        """
        rows = len(self)
        if isinstance(indices, slice):
            indices = np.arange(rows, dtype=np.int64)[indices]
        indices = np.asarray(indices)
        if indices.dtype == bool:
            if indices.shape != (rows,):
                raise errors.ShapeError(f"a mask of shape {list(indices.shape)} for {rows} rows")
            indices = np.flatnonzero(indices)
        if indices.ndim != 1 or (indices.dtype.kind not in "iu" and indices.size):
            raise errors.TypeMismatch("indices must be integers or booleans of one dimension")
        chosen = np.ascontiguousarray(indices, np.int64)
        chosen = np.where(chosen < 0, chosen + rows, chosen)
        part = Dataset._part(self)
        run(self.context, lib.clf_dataset_subset, ctypes.byref(part._out), self,
            chosen.ctypes.data, len(chosen))
        return part

    def __getitem__(self, indices: Any) -> "Dataset":
        return self.subset([indices] if isinstance(indices, (int, np.integer)) else indices)

    def split(self, fraction: float, seed: int = 0) -> Tuple["Dataset", "Dataset"]:
        """Split the rows at random, stratified by labels; `fraction` of them go to the first."""
        first, second = Dataset._part(self), Dataset._part(self)
        run(self.context, lib.clf_dataset_split, ctypes.byref(first._out),
            ctypes.byref(second._out), self, float(fraction), seed)
        return first, second

    def fold(self, folds: int, fold: int, seed: int = 0) -> Tuple["Dataset", "Dataset"]:
        """Return the rows for training and for testing of one of `folds` partitions."""
        train, test = Dataset._part(self), Dataset._part(self)
        run(self.context, lib.clf_dataset_fold, ctypes.byref(train._out), ctypes.byref(test._out),
            self, folds, fold, seed)
        return train, test

    def folds(self, folds: int, seed: int = 0) -> Iterator[Tuple["Dataset", "Dataset"]]:
        """Yield the rows for training and testing of each partition of a cross-validation."""
        for fold in range(folds):
            yield self.fold(folds, fold, seed)

    def batches(self, batch_size: int, seed: int = 0) -> "Batches":
        """Return an iterator over batches, in another order each epoch."""
        from .batches import Batches

        return Batches(self, batch_size, seed)

    # Copies

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        """Return the values of dense rows; their scale is applied."""
        if self.sparse:
            raise errors.Unsupported("sparse rows are no array; X is a CSR matrix of them")
        rows = Tensor._new(self.context, lib.clf_dataset_tensor, self, "x", keeps=self._keeps)
        return rows.__array__(dtype, copy)

    def _state(self) -> Dict[str, Any]:
        rows: Any = self._keep_copy("x") if not self.sparse else (
            *(self._keep_copy(name) for name in ("row_start", "column", "value")), self.n_features
        )
        return {
            "rows": rows, "scale": self.scale, "y": self.y, "kind": self._kind,
            "targets": self.targets, "weights": self.sample_weight, "names": self.column_names,
            "categories": self.categories,
        }

    def _keep_copy(self, name: str) -> np.ndarray:
        return np.array(self.tensor(name))

    def __reduce__(self) -> Any:
        state = {key: np.array(value) if isinstance(value, np.ndarray) else value
                 for key, value in self._state().items()}
        return _restored, (state, self.context)

    def __copy__(self) -> "Dataset":
        return self.subset(slice(None))

    def _described(self) -> str:
        what = f"{self.n_classes} classes" if self.n_classes else (
            f"{self.n_outputs} outputs" if self.n_outputs else "no labels"
        )
        kind = ", sparse" if self.sparse else ""
        return f"<Dataset {self.shape[0]} rows of {self.shape[1]} features{kind}, {what}>"


def _plain(values: Any, what: str) -> Any:
    """Return a Series as its values, with NaN for missing ones; others as they are."""
    if hasattr(values, "iloc") and hasattr(values, "to_numpy"):
        if values.ndim == 2:
            return _arrays.rows(values, what).array
        kind = getattr(values.dtype, "kind", "O")
        if not isinstance(values.dtype, np.dtype) and kind in "iufb":
            return values.to_numpy(dtype=np.float64, na_value=np.nan)
    elif not hasattr(values, "__array__") and hasattr(values, "__arrow_c_stream__"):
        from . import _arrow
        return _arrow.column(values, what)
    return values


def _restored(state: Dict[str, Any], context: Context) -> Dataset:
    rows = state["rows"]
    self = Dataset.__new__(Dataset)
    parts = _arrays.Rows(None, rows, None) if isinstance(rows, tuple) else (
        _arrays.Rows(rows, None, None)
    )
    self._make_rows(context, parts, state["scale"] if state["scale"] != 1 else None)
    if state["y"] is not None:
        self.set_labels(state["y"])
    if state["targets"] is not None:
        self.set_targets(state["targets"])
    if state["weights"] is not None:
        self.set_weights(state["weights"])
    self._kind, self.column_names = state["kind"], state["names"]
    for column, names in state["categories"].items():
        self.set_categories(column, names)
    return self
