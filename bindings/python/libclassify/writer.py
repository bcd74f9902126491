"""Writing files of rows that are larger than the memory."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Optional, Type

from . import catalog
from ._handle import Handle
from ._library import lib
from .context import Context, context_of
from .dataset import Dataset, Path, path_bytes


class DatasetWriter(Handle):
    """A file of rows that is written piece by piece, which `Dataset.load("rows", path)` maps.

    In a `with` statement, the file is finished at the end, or discarded after an exception. Until
    then the path holds the old file, or none.

    Parameters
    ----------
    path : str or path-like
    context : Context, optional
    **params
        Of the format; see ``params("dataset_writer", "rows")``.
    """

    _free = lib.clf_dataset_writer_free

    def __init__(self, path: Path, *, context: Optional[Context] = None, **params: Any) -> None:
        context = context_of(context)
        self._make(context, lib.clf_dataset_writer_create, context, path_bytes(path),
                   catalog.to_text("dataset_writer", "rows", params))

    def append(self, X: Any, y: Any = None, **keywords: Any) -> "DatasetWriter":
        """Write rows behind those before; returns the writer.

        Parameters
        ----------
        X : Dataset or array_like
            A dataset, or the rows of one.
        y : array_like of shape [rows], optional
            Labels.
        **keywords
            Others of :class:`Dataset`, such as `targets` or `sample_weight`.
        """
        if isinstance(X, Dataset):
            if y is not None or keywords:
                raise TypeError("a Dataset has its labels already; pass it alone")
            self.change(lib.clf_dataset_writer_append, X)
            return self
        with Dataset(X, y, context=self.context, **keywords) as rows:
            self.change(lib.clf_dataset_writer_append, rows)
        return self

    def finish(self) -> None:
        """Complete the file and give it its name. The writer can then only be closed."""
        self.change(lib.clf_dataset_writer_finish)

    def __exit__(self, kind: Optional[Type[BaseException]] = None,
                 error: Optional[BaseException] = None,
                 trace: Optional[TracebackType] = None) -> None:
        try:
            if kind is None and not self.closed:
                self.finish()
        finally:
            self.close()
