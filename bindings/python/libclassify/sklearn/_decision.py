"""Decisions that are set on a fitted estimator: a new fit drops them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from .. import errors
from ..dataset import Dataset
from ._labels import row_weights


class SetsMixin:
    """What holds the truth with a given probability, by held-out rows."""

    def _held_out(self: Any, X: Any, y: Any, sample_weight: Any, targets: bool = False) -> Dataset:
        more = {"multi_output": True, "y_numeric": True} if targets else {}
        X, y = self._rows(X, y, reset=False, **more)
        weights = row_weights(sample_weight, X.shape[0])
        if not targets:
            y = self._model_labels(y)
        make = getattr(self, "_dataset", Dataset)
        return make(X, **({"targets": y} if targets else {"y": y}), sample_weight=weights)

    def _model_labels(self: Any, y: Any) -> np.ndarray:
        """Return labels as the model knows them."""
        y = np.asarray(y).ravel()
        found = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        if (self.classes_[found] != y).any():
            raise errors.DataError(f"`y` has labels that are none of the classes {self.classes_}")
        return self.model_.classes[found]

    def _new_rows(self: Any, X: Any) -> Any:
        X = self._rows(X, reset=False)
        return self._dataset(X) if hasattr(self, "_dataset") else X


class DecisionMixin(SetsMixin):
    """How a classifier decides by its probabilities."""

    def set_costs(self: Any, costs: Any) -> Any:
        """Set what mistakes cost: ``predict`` then gives the class of the lowest expected cost.

        Parameters
        ----------
        costs : array-like of shape (n_classes, n_classes), or None
            A row for each true class, a column for each predicted one, in the order of
            ``classes_``. None drops costs and thresholds.

        Returns
        -------
        self
        """
        self.model_.set_costs(costs)
        return self

    def set_priors(self: Any, priors: Any, before: Any = None) -> Any:
        """Correct the probabilities for other shares of the classes than in the training rows.

        Parameters
        ----------
        priors : array-like of shape (n_classes,), or dict by label, or None
        before : array-like of shape (n_classes,), or dict by label, optional
            The shares that the probabilities are of; otherwise those of the training rows.

        Returns
        -------
        self
        """
        shares = ([given[label] for label in self.classes_.tolist()]
                  if isinstance(given, Mapping) else given for given in (priors, before))
        self.model_.set_priors(*shares)
        return self

    def tune_threshold(self: Any, X: Any, y: Any, sample_weight: Any = None, *, metric: str = "f1",
                       require: Optional[str] = None, positive: Any = None) -> Any:
        """Choose the probability from which a class is predicted, by rows that are held out.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
        metric : str, default "f1"
            What is maximized; see ``Model.tune_threshold``.
        require : str, optional
            Conditions, such as "recall>=0.95".
        positive : label, optional
            The class with the threshold; otherwise the second of two, or each of more.

        Returns
        -------
        self
        """
        if positive is not None:
            found = np.flatnonzero(self.classes_ == positive)
            if len(found) == 0:
                raise errors.ArgumentError(
                    f"positive={positive!r} is none of the classes {self.classes_.tolist()}")
            positive = self.model_.classes[found[0]]
        self.model_.tune_threshold(self._held_out(X, y, sample_weight), metric=metric,
                                   require=require, positive=positive)
        return self

    def set_reject(self: Any, X: Any, y: Any, sample_weight: Any = None, *,
                   rate: float = 0.05) -> Any:
        """Learn from rows that are held out which rows are none of the classes.

        Where an estimator has the parameter `reject`, that rate does the same within the fit, by
        cross-validation. ``predict`` then gives, for rows whose `novelty` is above 1, the label -1
        among integers other than -1, NaN among floats, and else None, in an array of objects;
        ``score`` counts them as mistakes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
        rate : float, default 0.05
            The share of such rows that may be rejected.

        Returns
        -------
        self
        """
        self.model_.set_reject(self._held_out(X, y, sample_weight), rate=rate)
        return self

    def novelty(self: Any, X: Any) -> np.ndarray:
        """Return how unlike its classes each row is, of shape (n_samples,); above 1 it is rejected.

        Of an estimator that was fitted with ``reject``, or after `set_reject`.
        """
        return self.model_.novelty(self._new_rows(X))

    def _rejects(self: Any) -> bool:
        return hasattr(self, "model_") and self._tensor("decision_reject_scale") is not None

    def _known_of(self: Any, X: Any, indices: np.ndarray) -> np.ndarray:
        """Return class indices of checked rows, with -1 for those that are rejected."""
        if not self._rejects():
            return indices
        return np.where(self.model_.novelty(X) > 1, -1, indices)

    def score(self: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on labeled rows, among which rejected ones are mistakes."""
        if not self._rejects():
            return super().score(X, y, sample_weight)
        found, y = self.predict(X), np.asarray(y).ravel()
        if len(found) != len(y):
            raise errors.ShapeError(f"X has {len(found)} rows, and y {len(y)} labels")
        return float(np.average(found == y, weights=sample_weight))

    def conform(self: Any, X: Any, y: Any, sample_weight: Any = None, *, method: str = "lac",
                by_class: bool = False) -> Any:
        """Keep how well the model fits rows that are held out, for ``predict_set``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
        method : {"lac", "aps"}, default "lac"
        by_class : bool, default False
            Whether coverage holds for each class.

        Returns
        -------
        self
        """
        self.model_.conform(self._held_out(X, y, sample_weight), method=method, by_class=by_class)
        return self

    def predict_set(self: Any, X: Any, coverage: float = 0.95) -> np.ndarray:
        """Return which classes are in the set of each row, bool of shape (n_samples, n_classes)."""
        return self.model_.predict_set(self._new_rows(X), coverage)


class IntervalMixin(SetsMixin):
    """Intervals of a regression."""

    def conform(self: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Keep how well the model fits rows that are held out, for ``predict_interval``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        self.model_.conform(self._held_out(X, y, sample_weight, targets=True))
        return self

    def predict_interval(self: Any, X: Any, coverage: float = 0.95) -> np.ndarray:
        """Return the interval of each row, (n_samples, 2), or (n_samples, n_targets, 2)."""
        return self.model_.predict_interval(self._new_rows(X), coverage)
