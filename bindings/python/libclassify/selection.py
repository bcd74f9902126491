"""Choosing parameters: cross-validation, and searches by it."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple, Union

import numpy as np

from . import catalog, errors
from ._handle import Handle
from ._library import lib, text
from .dataset import Dataset
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
    """One combination: its parameters, and mean and deviation of its scores.

    `scores` are those of the folds, and `rows` is on how many rows they were found: in a halving
    search, scores of different numbers of rows cannot be compared.
    """

    params: Dict[str, Any]
    mean: float
    deviation: float
    scores: Tuple[float, ...]
    rows: int


class Search(Handle):
    """The results of a search: a sequence of :class:`Combination`."""

    _free = lib.clf_search_free
    _kind: str  # of the model
    _optimizer: str  # the kind of a network's
    _folds: int

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
            tuple(self.run(lib.clf_search_score, at, fold) for fold in range(self._folds)),
            self.run(lib.clf_search_rows, at),
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

    def dataset(self) -> Dataset:
        """Return the results as a Dataset: parameters, mean, deviation, rows, scores of folds."""
        return Dataset._new(self.context, lib.clf_search_dataset, self)

    def model(self) -> Model:
        """Return a model with the parameters of the best combination.

        It is fitted to all rows if the search had refit=True, otherwise unfitted.
        """
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
                targets: Any = None, folds: int = 5, seed: int = 0, time_limit: float = 0,
                refit: bool = False) -> Search:
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
    time_limit : float
        Seconds after which the search ends with the scores that it has; 0 for no limit.
    refit : bool
        Whether the best combination is then fitted to all rows, for :meth:`Search.model`.

    Notes
    -----
    A search that a report of progress ends by `STOP`, or that its time limit ends, has the means
    over the folds on which every combination was scored. Before the end of the first fold,
    combinations without a score have NaN.
    """
    data = model._data(X, y, sample_weight, targets)
    return _search(model, grid, data, folds, seed, method="grid", time_limit=time_limit,
                   refit=refit)


def random_search(model: Model, grid: Grid, X: Any, y: Any = None, *, sample_weight: Any = None,
                  targets: Any = None, folds: int = 5, seed: int = 0, trials: int = 60,
                  time_limit: float = 0, refit: bool = False) -> Search:
    """Cross-validate combinations that are drawn at random.

    Parameters
    ----------
    grid : dict or str
        As for :func:`grid_search`. A name may also have a range: {"C": "log:0.01..100"} draws
        the logarithm uniformly, and {"l1_ratio": "linear:0..1"} the value itself.
    trials : int
        How many combinations are drawn. A grid without ranges that has no more is tried whole.

    The other parameters are those of :func:`grid_search`; `seed` also draws the combinations.
    """
    data = model._data(X, y, sample_weight, targets)
    return _search(model, grid, data, folds, seed, method="random", trials=trials,
                   time_limit=time_limit, refit=refit)


def halving_search(model: Model, grid: Grid, X: Any, y: Any = None, *, sample_weight: Any = None,
                   targets: Any = None, folds: int = 5, seed: int = 0,
                   trials: Union[int, str] = "auto", factor: float = 3,
                   min_rows: Union[int, str] = "auto", time_limit: float = 0,
                   refit: bool = False) -> Search:
    """Cross-validate many combinations on few rows, and the best of them on more.

    Each round keeps the best share 1 / factor of its combinations, and has `factor` times the rows
    of the round before; the last one has all rows, and decides.

    Parameters
    ----------
    grid : dict or str
        As for :func:`random_search`.
    trials : int or "auto"
        How many combinations are drawn; "auto" takes all of a grid without ranges, otherwise 60.
    factor : float
        More than 1.
    min_rows : int or "auto"
        Minimum number of rows in the first round; "auto" is 2 for each fold and class.

    The other parameters are those of :func:`grid_search`; `seed` also draws the combinations and
    the rows of the rounds.
    """
    data = model._data(X, y, sample_weight, targets)
    return _search(model, grid, data, folds, seed, method="halving", trials=trials, factor=factor,
                   min_rows=min_rows, time_limit=time_limit, refit=refit)


def _search(model: Model, grid: Grid, data: Any, folds: int, seed: int, **params: Any) -> Search:
    known = catalog.named("search", "search")
    search = Search.__new__(Search)
    search._kind = model.kind
    optimizer = model.optimizer if search._kind == "network" else None
    search._optimizer = "adam" if optimizer is None else optimizer.kind
    search._folds = folds
    line = " ".join(f"{name}={catalog.quote(catalog.value_text(value, known[name]))}"
                    for name, value in params.items())
    search._make(model.context, lib.clf_search_create, model, data, folds, seed,
                 _grid_text(search._kind, grid), line)
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
