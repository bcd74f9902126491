"""How the scores of a fitted model become decisions: costs, thresholds, priors, prediction sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from . import catalog, errors
from ._fitted import Fitted
from ._library import lib


class Decision(Fitted):
    """The part of a model that is set after the fit, and saved with it. A new fit drops it."""

    def _of_classes(self, values: Any, what: str) -> np.ndarray:
        """Return a number for each class, of an array or of a mapping from labels."""
        classes = self._classes()
        if isinstance(values, Mapping):
            unknown = [label for label in values if not (classes == label).any()]
            if unknown or len(values) != len(classes):
                raise errors.ArgumentError(
                    f"{what} has the labels {list(values)}; the classes are {classes.tolist()}")
            values = [values[label] for label in classes.tolist()]
        array = np.ascontiguousarray(values, np.float64)
        if array.shape != (len(classes),):
            raise errors.ShapeError(
                f"{what} has shape {list(array.shape)}; it must be [{len(classes)}]")
        return array

    def set_costs(self, costs: Any) -> "Decision":
        """Set what mistakes cost: the class of the lowest expected cost is then predicted.

        Parameters
        ----------
        costs : array_like of shape [classes, classes], or None
            A row for each true class, a column for each predicted one, in the order of `classes`,
            as in a confusion matrix. None: the most probable class is predicted again, also
            instead of one by a threshold.
        """
        if costs is None:
            self.change(lib.clf_model_set_costs, None)
            return self
        array, count = np.ascontiguousarray(costs, np.float64), self.n_classes
        if array.shape != (count, count):
            raise errors.ShapeError(
                f"costs has shape {list(array.shape)}; it must be [{count}, {count}]")
        self.change(lib.clf_model_set_costs, array.ctypes.data)
        return self

    def set_priors(self, priors: Any, before: Any = None) -> "Decision":
        """Correct the probabilities for other shares of the classes than in the training rows.

        Parameters
        ----------
        priors : array_like of shape [classes], mapping from labels, or None
            The shares of the classes where the model is used; None for no correction.
        before : array_like of shape [classes], or mapping from labels, optional
            The shares that the probabilities are of; otherwise those of the training rows.
        """
        new = None if priors is None else self._of_classes(priors, "priors")
        old = None if before is None else self._of_classes(before, "before")
        self.change(lib.clf_model_set_priors, *(None if a is None else a.ctypes.data for a in (new, old)))
        return self

    def estimate_priors(self, X: Any, *, sample_weight: Any = None) -> np.ndarray:
        """Estimate the shares of the classes among rows without labels, float64 [classes]."""
        data = self._data(X, None, sample_weight)
        out = np.empty(max(self.n_classes, 1))
        self.run(lib.clf_model_estimate_priors, data, out.ctypes.data, out.size)
        return out

    def tune_threshold(self, X: Any, y: Any = None, *, sample_weight: Any = None,
                       metric: str = "f1", require: Optional[str] = None,
                       positive: Any = None) -> "Decision":
        """Choose the probability from which a class is predicted, by a measure of held-out rows.

        Parameters
        ----------
        X : Dataset, or what one is made of
        y, sample_weight
            As for :class:`Dataset`, if X is not one.
        metric : str
            What is maximized: "f1", "accuracy", "balanced_accuracy", "precision", "recall",
            "specificity", "matthews_correlation", "cohen_kappa".
        require : str, optional
            Conditions, such as "recall>=0.95, specificity>=0.5".
        positive : label, optional
            The class with the threshold. Otherwise the second of two classes; of more classes each
            has one. ``tensors["decision_thresholds"]`` holds them, 0 for none.
        """
        given = {"metric": metric, "require": require}
        if positive is not None:
            found = np.flatnonzero(self._classes() == positive)
            if len(found) == 0:
                raise errors.ArgumentError(
                    f"positive={positive!r} is none of the classes {self._classes().tolist()}")
            given["class"] = self.class_names[found[0]]
        self.change(lib.clf_model_tune_threshold, self._data(X, y, sample_weight),
                    catalog.to_text("decision", "tune_threshold", given))
        return self

    def conform(self, X: Any, y: Any = None, *, sample_weight: Any = None, targets: Any = None,
                **params: Any) -> "Decision":
        """Keep how well the model fits held-out rows, for `predict_set` and `predict_interval`.

        Parameters
        ----------
        X : Dataset, or what one is made of
        y, sample_weight, targets
            As for :class:`Dataset`, if X is not one.
        **params
            See ``params("decision", "conform")``: method="lac" or "aps", by_class=True …
        """
        self.change(lib.clf_model_conform, self._data(X, y, sample_weight, targets),
                    catalog.to_text("decision", "conform", params))
        return self

    def predict_set(self, X: Any, coverage: float = 0.95) -> np.ndarray:
        """Predict the classes that hold the true one with probability `coverage`.

        Returns
        -------
        ndarray of bool, [rows, classes]
        """
        data = self._rows(X)
        with self.reading():
            out = np.empty((len(data), max(self.n_classes, 1)), np.uint8)
            self.run(lib.clf_model_predict_set, data, coverage, out.ctypes.data,
                     out.size)
        return out.astype(bool)

    def predict_interval(self, X: Any, coverage: float = 0.95) -> np.ndarray:
        """Predict the interval that holds the target with probability `coverage`.

        Returns
        -------
        ndarray of float32, [rows, 2]; of several targets [rows, targets, 2]
        """
        data = self._rows(X)
        with self.reading():
            outputs = self.n_outputs
            out = np.empty((len(data), outputs, 2), np.float32)
            self.run(lib.clf_model_predict_interval, data, coverage,
                     out.ctypes.data, out.size)
        return out[:, 0] if outputs == 1 else out
