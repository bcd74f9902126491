"""Choosing parameters: cross-validation and grid search."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Union

import numpy as np

from . import catalog, errors
from ._handle import Handle
from ._library import lib, text
from .model import Model

Grid = Union[str, Mapping[str, Sequence[Any]]]


def cross_validate(model: Model, X: Any, y: Any = None, *, sample_weight: Any = None,
                   targets: Any = None, folds: int = 5, seed: int = 0) -> np.ndarray:
    """Fit a model on all folds but one and score it on that one, for each fold.

    Parameters
    ----------
    model : Model
        It is not changed.
    X, y, sample_weight, targets
        A Dataset, or what one is made of.
    folds : int
        2 to the number of rows; stratified when there are labels.
    seed : int
        Of the partition.

    Returns
    -------
    ndarray of float64, [folds]
        The accuracy of each fold, or R² of a regression.
    """
    data = model._data(X, y, sample_weight, targets)
    scores = np.empty(max(folds, 1))
    model.run(lib.clf_cross_validate, data, folds, seed, scores.ctypes.data)
    return scores


class Combination(NamedTuple):
    """One combination of a grid: its parameters, and mean and deviation of its scores."""

    params: Dict[str, Any]
    mean: float
    deviation: float


class Search(Handle):
    """The results of a grid search: a sequence of :class:`Combination`."""

    _free = lib.clf_search_free
    _kind: str  # of the model
    _optimizer: str  # the kind of a network's

    def __len__(self) -> int:
        return self.run(lib.clf_search_count)

    def __getitem__(self, index: int) -> Combination:
        count = len(self)
        at = index + count if index < 0 else index
        line = text(self.run(lib.clf_search_combination, at))
        if line is None:
            raise IndexError(f"there is no combination {index}: there are {count}")
        return Combination(
            {name: self._typed(name, value) for name, value in catalog.split(line)},
            self.run(lib.clf_search_mean, at),
            self.run(lib.clf_search_deviation, at),
        )

    def _typed(self, name: str, value: str) -> Any:
        area, kind, param = "model", self._kind, name
        if "." in name:
            owner, _, param = name.partition(".")
            area = "optimizer" if owner == "optimizer" else "transform"
            kind = self._optimizer if area == "optimizer" else _without_number(owner)
        known = catalog.named(area, kind).get(param)
        return value if known is None else catalog.value_of(known, value)

    @property
    def best(self) -> int:
        """The index of the combination with the highest mean score, the first of equal ones."""
        return self.run(lib.clf_search_best)

    @property
    def best_params(self) -> Dict[str, Any]:
        """The parameters of the best combination."""
        return self[self.best].params

    @property
    def best_score(self) -> float:
        """The mean score of the best combination."""
        return self[self.best].mean

    def model(self) -> Model:
        """Return an unfitted model with the parameters of the best combination."""
        made = Model._new(self.context, lib.clf_search_model, self)
        made._become()
        return made

    def _described(self) -> str:
        return f"<Search {len(self)} combinations, best {self.best_params} {self.best_score:.4f}>"


def _without_number(owner: str) -> str:
    """Return the kind of a transform: "pca" of "pca_2"."""
    if owner in catalog.kinds("transform"):
        return owner
    return owner.rpartition("_")[0]


def grid_search(model: Model, grid: Grid, X: Any, y: Any = None, *, sample_weight: Any = None,
                targets: Any = None, folds: int = 5, seed: int = 0) -> Search:
    """Cross-validate every combination of parameter values, on the same folds.

    Parameters
    ----------
    model : Model
        It is not changed; it has the parameters that the grid does not name.
    grid : dict or str
        Values to try by name, such as {"C": [1, 10], "pca.components": [20, 50]}. Names are the
        model's, "optimizer.learning_rate" those of a network's optimizer, and "pca.components"
        those of a transform. Or the library's text, "C=1|10 pca.components=20|50".
    X, y, sample_weight, targets
        A Dataset, or what one is made of.
    folds, seed : int
        As for :func:`cross_validate`.

    Notes
    -----
    A search that a report of progress ends by `STOP` has the means over the folds on which every
    combination was scored. Before the end of the first fold, combinations without a score have NaN.
    """
    data = model._data(X, y, sample_weight, targets)
    search = Search.__new__(Search)
    search._kind = model.kind
    optimizer = model.optimizer if search._kind == "network" else None
    search._optimizer = "adam" if optimizer is None else optimizer.kind
    search._make(model.context, lib.clf_search_create, model, data, folds, seed,
                 _grid_text(search._kind, grid))
    return search


def _grid_text(kind: str, grid: Grid) -> str:
    if isinstance(grid, str):
        return grid
    if not isinstance(grid, Mapping):
        raise errors.TypeMismatch("a grid is a dict of lists of values, or a text")
    known = catalog.named("model", kind)
    parts: List[str] = []
    for name, values in grid.items():
        single = isinstance(values, (str, bytes)) or not hasattr(values, "__iter__")
        texts = [catalog.value_text(value, known.get(name))
                 for value in ([values] if single else values)]
        if not texts or any("|" in value for value in texts):
            raise errors.ArgumentError(
                f"grid: {name} needs at least one value, and none may hold '|'"
            )
        parts.append(f"{name}={catalog.quote('|'.join(texts))}")
    return " ".join(parts)
