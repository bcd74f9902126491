"""What the searches share: combinations as models of the library, folds, results."""

from __future__ import annotations

import copy
import inspect
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import numpy as np

from .. import distributed, errors
from ..dataset import Dataset
from ..model import Model
from ..progress import watch
from ..selection import cross_validate
from ._base import Classifier, ModelEstimator, whole
from ._compat import BaseEstimator, check_classification_targets, check_is_fitted
from ._labels import row_weights, seed_of
from ._transformer import Transformer

try:
    from sklearn.base import clone
except ImportError:
    from ._standin import clone


class Search(BaseEstimator):
    """Fits every combination on the folds, and the best one on all rows."""

    # What is searched

    def _combinations(self) -> Iterator[Dict[str, Any]]:
        raise NotImplementedError

    @property
    def _last(self) -> Any:
        steps = getattr(self.estimator, "steps", None)
        return self.estimator if steps is None else steps[-1][1]

    def _check_estimator(self) -> None:
        last = self._last
        if not isinstance(last, ModelEstimator) or not last._searchable:
            raise errors.Unsupported(
                f"{type(self).__name__} searches estimators of libclassify.sklearn whose fit is "
                f"one fit of the library, and not {last!r}; scikit-learn's GridSearchCV takes it"
            )
        self._check_kernel(last)

    def _check_kernel(self, last: Any) -> None:
        kernel = getattr(last, "kernel", None)
        if callable(kernel) or kernel == "precomputed":
            raise errors.Unsupported(
                f"{type(self).__name__} has no kernel={kernel!r}: the library's folds are parts of "
                "the rows, not of a matrix of pairs; scikit-learn's GridSearchCV takes it"
            )

    def _model(self, estimator: Any, data: Dataset) -> Model:
        """Return the unfitted model of the library for an estimator, its transforms in front."""
        steps = [("", estimator)] if not hasattr(estimator, "steps") else estimator.steps
        last = steps[-1][1]
        self._check_kernel(last)
        if self._row_shape is not None:
            last.row_shape_ = self._row_shape
        last.n_features_in_ = data.n_features
        if isinstance(last, Classifier):
            last.classes_ = data.classes
        model = last._unfitted(data)
        for place, (name, step) in enumerate(steps[:-1], 1):
            if step is None or step == "passthrough":
                continue
            if not isinstance(step, Transformer):
                raise errors.Unsupported(
                    f"the step {name!r} of the pipeline is not a transform of libclassify.sklearn: "
                    f"{step!r}; scikit-learn's GridSearchCV takes it"
                )
            step._refuse_lacking()
            reason = step._why_not_searched([later for _, later in steps[place:]])
            if reason is not None:
                raise errors.Unsupported(
                    f"{type(self).__name__} cannot score the step {name!r} as it is fitted: "
                    f"{reason}; scikit-learn's GridSearchCV takes it"
                )
            model.add_transform(step._kind, **step._library_params())
        return model

    def _rows(self, X: Any, y: Any, sample_weight: Any) -> Tuple[Dataset, Any, Any]:
        """Check the rows as the estimator does; return them as a dataset and as arrays."""
        checker = clone(self._last)
        classify = isinstance(checker, Classifier)
        checks = {} if classify else {"multi_output": True, "y_numeric": True}
        rows, y = checker._rows(X, y, reset=True, **checks)
        if classify:
            check_classification_targets(y)
        self.n_features_in_ = checker.n_features_in_
        if hasattr(checker, "feature_names_in_"):
            self.feature_names_in_ = checker.feature_names_in_
        weights = row_weights(sample_weight, rows.shape[0])
        self._row_shape = getattr(checker, "row_shape_", None)
        make = getattr(checker, "_dataset", Dataset)  # a network's, whose bytes have a scale
        data = make(rows, sample_weight=weights, **{"y" if classify else "targets": y})
        if classify and len(data.classes) < 2:
            raise errors.DataError(
                f"{type(self).__name__} needs rows of two classes; all labels are of one class, "
                f"{data.classes[0]!r}"
            )
        return data, y, weights

    # Fitting

    @whole
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Score every combination, and fit the best one to all rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows, in fits and in scores.

        Returns
        -------
        self
        """
        self._check_estimator()
        data, _, weights = self._rows(X, y, sample_weight)
        folds = 5 if self.cv is None else self.cv
        if not isinstance(folds, (int, np.integer)) or folds < 2:
            raise errors.Unsupported(
                f"{type(self).__name__} has no cv={self.cv!r}: the library draws the folds itself; "
                "give their number, 2 or more"
            )
        if folds > len(data):
            raise errors.DataError(
                f"cv is {folds}, with n_samples = {len(data)}: some folds would have no row"
            )
        combinations = list(self._combinations())
        if not combinations:
            raise errors.ArgumentError("there is no combination of parameters to score")
        self._score(combinations, data, int(folds))
        self.best_params_ = combinations[self.best_index_]
        if self.refit:
            self._refit(X, y, weights)
        return self

    def _score(self, combinations: List[Dict[str, Any]], data: Dataset, folds: int) -> None:
        seed = seed_of(self.random_state)
        scores = np.empty((len(combinations), folds))
        seconds = np.empty(len(combinations))
        with watch(verbose=self.verbose):
            for index, combination in enumerate(combinations):
                began = time.perf_counter()
                estimator = self._with(combination)
                model = self._model(estimator, data)
                scores[index] = cross_validate(model, data, folds=folds, seed=seed)
                seconds[index] = (time.perf_counter() - began) / folds
        self.n_splits_ = folds
        self.cv_results_ = results_of(combinations, scores, seconds)
        means = self.cv_results_["mean_test_score"]
        self.best_index_ = int(np.argmax(means))
        self.best_score_ = float(means[self.best_index_])

    def _with(self, combination: Mapping[str, Any]) -> Any:
        """Return the estimator with the parameters of a combination."""
        estimator = clone(self.estimator)
        if self.n_jobs is not None and "n_jobs" in self._last.get_params():
            steps = getattr(estimator, "steps", None)
            name = "n_jobs" if steps is None else f"{steps[-1][0]}__n_jobs"
            estimator.set_params(**{name: self.n_jobs})
        return estimator.set_params(**copy.deepcopy(dict(combination)))

    def _refit(self, X: Any, y: Any, weights: Optional[np.ndarray]) -> None:
        began = time.perf_counter()
        best = self._with(self.best_params_)
        given = {} if weights is None else {name: weights for name in weight_names(best)}
        with distributed.alone():  # all ranks of a search have the same rows
            self.best_estimator_ = best.fit(X, y, **given)
        self.refit_time_ = time.perf_counter() - began

    # The best estimator

    def _best(self) -> Any:
        check_is_fitted(self)
        if not hasattr(self, "best_estimator_"):
            raise AttributeError(
                f"this {type(self).__name__} has no best estimator, because refit=False"
            )
        return self.best_estimator_

    @property
    def classes_(self) -> np.ndarray:
        """The labels."""
        return self._best().classes_

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels or targets that the best estimator predicts."""
        return self._best().predict(X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the best estimator's accuracy, or R² of a regression."""
        if sample_weight is None:
            return self._best().score(X, y)
        return self._best().score(X, y, sample_weight=sample_weight)

    def __getattr__(self, name: str) -> Any:
        # Methods that only some estimators have; what has none of them has none here.
        if name in ("predict_proba", "predict_log_proba", "decision_function"):
            found = self.__dict__.get("best_estimator_", self.__dict__.get("estimator"))
            return getattr(found, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def _estimator_type(self) -> Any:
        return getattr(self._last, "_estimator_type", None)

    def _more_tags(self) -> Dict[str, Any]:
        return self._last._more_tags()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        own = self._last.__sklearn_tags__()
        tags.estimator_type, tags.classifier_tags = own.estimator_type, own.classifier_tags
        tags.regressor_tags, tags.target_tags = own.regressor_tags, own.target_tags
        tags.input_tags = own.input_tags
        return tags


def weight_names(estimator: Any) -> List[str]:
    """Return the arguments of fit that take row weights; of a pipeline, one for each such step."""
    if not hasattr(estimator, "steps"):
        return ["sample_weight"]
    return [
        f"{name}__sample_weight"
        for name, step in estimator.steps
        if hasattr(step, "fit") and "sample_weight" in inspect.signature(step.fit).parameters
    ]


def results_of(combinations: List[Dict[str, Any]], scores: np.ndarray,
               seconds: np.ndarray) -> Dict[str, Any]:
    """Return the results as scikit-learn's ``cv_results_`` has them."""
    found: Dict[str, Any] = {"mean_fit_time": seconds, "params": combinations}
    for name in dict.fromkeys(name for c in combinations for name in c):
        values = np.ma.masked_all(len(combinations), object)
        for index, combination in enumerate(combinations):
            if name in combination:
                values[index] = combination[name]
        found[f"param_{name}"] = values
    for fold, column in enumerate(scores.T):
        found[f"split{fold}_test_score"] = column.copy()
    means = scores.mean(axis=1)
    found["mean_test_score"], found["std_test_score"] = means, scores.std(axis=1)
    found["rank_test_score"] = 1 + (means[np.newaxis] > means[:, np.newaxis]).sum(axis=1)
    return found
