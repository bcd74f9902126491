"""GridSearch and RandomizedSearch: parameters by the library's cross-validation.

The library fits and scores the folds of a combination in parallel. Estimators of this package are
searched, and pipelines of its transforms and an estimator. (All estimators also work in
scikit-learn's GridSearchCV, which offers other splits and scores.)
"""

from __future__ import annotations

import itertools
from typing import Any, Dict, Iterator, List, Mapping, Optional

import numpy as np

from .. import errors
from ._checks import check_numbers
from ._mlp import random_state_of
from ._search import Search

__all__ = ["GridSearch", "RandomizedSearch"]


class GridSearch(Search):
    """Scores every combination of parameter values by cross-validation.

    Scores are the accuracy of a classifier, or R² of a regression.

    Parameters
    ----------
    estimator : estimator or pipeline
        Of this package; a pipeline's steps before the last are its transforms.
    param_grid : dict of str to list, or list of these
        Values to try, by scikit-learn's names: ``{"C": [1, 10]}``, ``{"svc__C": [1, 10]}``.
    cv : int, default 5
        Number of folds, which are stratified for a classifier and drawn from `random_state`.
    refit : bool, default True
        Whether to fit the best combination to all rows.
    random_state : int, RandomState or None, default 0
        Seed of the folds.
    n_jobs : int, optional
        Threads of the fits; None leaves the estimator's own.
    verbose : int, default 0
        Above 0 a progress bar is shown.

    Attributes
    ----------
    best_estimator_, best_params_, best_score_, best_index_, n_splits_, refit_time_, classes_, \
n_features_in_, feature_names_in_
    cv_results_ : dict of str to array
        params, param_NAME, split0_test_score …, mean_test_score, std_test_score, rank_test_score
        and mean_fit_time (with the score's).

    Notes
    -----
    ===================  =================================  ====================================
    GridSearchCV's       there                              here
    ===================  =================================  ====================================
    scoring              any                                accuracy, R²
    cv                   any splitter, in the rows' order   a number; folds are drawn
    error_score          NaN for a fit that fails           the error is raised
    return_train_score   offered                            not offered
    PolynomialFeatures   any                                degrees from 1 on; a column of ones
                                                            where the last step fits an intercept
    kernel               any                                not "precomputed", nor a function
    PCA(whiten=True)     offered                            refused
    sample_weight        to the steps that are named        to each step that takes weights
    ===================  =================================  ====================================
    """

    _required_parameters = ["estimator", "param_grid"]

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        cv: Optional[int] = 5,
        refit: bool = True,
        random_state: Any = 0,
        n_jobs: Optional[int] = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.param_grid = param_grid
        self.cv = cv
        self.refit = refit
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _combinations(self) -> Iterator[Dict[str, Any]]:
        for grid in _listed(self.param_grid):
            names = sorted(grid)
            values = [_values(name, grid[name]) for name in names]
            for chosen in itertools.product(*values):
                yield dict(zip(names, chosen))


class RandomizedSearch(Search):
    """Scores combinations of parameter values that are drawn at random.

    Parameters
    ----------
    estimator : estimator or pipeline
        As in :class:`GridSearch`.
    param_distributions : dict of str to list or distribution, or list of these
        A distribution has a method ``rvs(random_state=...)``, as those of scipy.stats. If all are
        lists, no combination is drawn twice.
    n_iter : int, default 10
        Number of combinations.
    cv, refit, n_jobs, verbose
        As in :class:`GridSearch`.
    random_state : int, RandomState or None, default 0
        Seed of the combinations and of the folds.

    Attributes
    ----------
    best_estimator_, best_params_, best_score_, best_index_, n_splits_, refit_time_, classes_, \
cv_results_, n_features_in_, feature_names_in_
        As in :class:`GridSearch`.

    Notes
    -----
    The table of :class:`GridSearch` holds here, too. Combinations are drawn by NumPy's generator,
    in another order than RandomizedSearchCV's.
    """

    _required_parameters = ["estimator", "param_distributions"]

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        cv: Optional[int] = 5,
        refit: bool = True,
        random_state: Any = 0,
        n_jobs: Optional[int] = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.cv = cv
        self.refit = refit
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _combinations(self) -> Iterator[Dict[str, Any]]:
        check_numbers(self, n_iter=1)
        random = random_state_of(self.random_state)
        spaces = _listed(self.param_distributions)
        if not any(hasattr(v, "rvs") for space in spaces for v in space.values()):
            yield from self._without_repeats(spaces, random)
            return
        for _ in range(self.n_iter):
            space = spaces[random.randint(len(spaces))]
            yield {name: _drawn(name, space[name], random) for name in sorted(space)}

    def _without_repeats(self, spaces: List[Mapping[str, Any]],
                         random: np.random.RandomState) -> Iterator[Dict[str, Any]]:
        sizes = [int(np.prod([len(_values(n, v)) for n, v in space.items()], dtype=object))
                 for space in spaces]
        total = sum(sizes)
        for place in _distinct(total, min(self.n_iter, total), random):
            which = 0
            while place >= sizes[which]:
                place -= sizes[which]
                which += 1
            combination = {}
            for name in sorted(spaces[which], reverse=True):
                values = _values(name, spaces[which][name])
                place, index = divmod(place, len(values))
                combination[name] = values[index]
            yield dict(sorted(combination.items()))


def _distinct(total: int, count: int, random: np.random.RandomState) -> List[int]:
    """Draw distinct numbers below `total`, which may be any integer (Floyd's method)."""
    chosen: List[int] = []
    for limit in range(total - count, total):
        drawn = int(random.random_sample() * (limit + 1))
        chosen.append(limit if drawn in chosen else drawn)
    return chosen


def _listed(grid: Any) -> List[Mapping[str, Any]]:
    grids = [grid] if isinstance(grid, Mapping) else list(grid)
    for one in grids:
        if not isinstance(one, Mapping):
            raise errors.TypeMismatch(
                f"a grid is a dict of lists of values, or a list of these, and not {grid!r}"
            )
    return grids


def _values(name: str, values: Any) -> List[Any]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise errors.ArgumentError(
            f"the values of {name!r} must be a list, and not {values!r}; put one value in a list"
        )
    listed = list(values)
    if not listed:
        raise errors.ArgumentError(f"the values of {name!r} are an empty list")
    return listed


def _drawn(name: str, values: Any, random: np.random.RandomState) -> Any:
    if hasattr(values, "rvs"):
        return values.rvs(random_state=random)
    listed = _values(name, values)
    return listed[random.randint(len(listed))]
