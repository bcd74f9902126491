"""Batches of a dataset's rows, in another order each epoch."""

from __future__ import annotations

import ctypes
from typing import Iterator, Optional

import numpy as np

from ._handle import Handle
from ._library import check, lib
from .dataset import Dataset
from .tensor import Tensor


class Batches(Handle):
    """Batches of a dataset's rows: each loop gives those of one epoch, in an order of its own.

    A loop that is left early ends its epoch: the next one begins another.

    Parameters
    ----------
    dataset : Dataset
    batch_size : int
        Rows a batch, at least 1; the last batch of an epoch may be smaller.
    seed : int
        The same seed gives the same order, which is that of the C interface.
    """

    _free = lib.clf_batches_free
    _within = False  # an epoch, of which batches are left

    def __init__(self, dataset: Dataset, batch_size: int, seed: int = 0) -> None:
        # The C iterator refills one buffer for all batches. Here it deals out row numbers, so that
        # each batch is a dataset of its own.
        self._dataset = dataset
        numbers = np.arange(len(dataset), dtype=np.float64)[:, None]
        self._numbers = Dataset(numbers, context=dataset.context)
        self._make(dataset.context, lib.clf_batches_create, self._numbers, batch_size, seed)

    def __iter__(self) -> Iterator[Dataset]:
        while self._within:
            self._next()
        while True:
            rows = self._next()
            if rows is None:
                return
            yield self._dataset.subset(rows)

    def _next(self) -> Optional[np.ndarray]:
        batch = ctypes.c_void_p()
        out = ctypes.c_void_p()
        self.change(lib.clf_batches_next, ctypes.byref(batch))
        self._within = batch.value is not None
        if not self._within:
            return None
        check(lib.clf_dataset_tensor(ctypes.byref(out), batch, b"x"))
        tensor = Tensor.__new__(Tensor)
        tensor._prepare(self.context)
        tensor._out = out
        with tensor:
            return tensor._array().ravel().astype(np.int64)
