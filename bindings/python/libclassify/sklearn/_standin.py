"""Stand-ins for the parts of scikit-learn that the estimators use, where it is not installed.

Parameters are read from the signature of ``__init__``, ``repr`` shows those that are not at their
defaults, and :func:`clone` makes an unfitted copy. Rows are checked as scikit-learn does: two
dimensions, numbers, no NaN or infinity, and as many features as were fitted on.
"""

from __future__ import annotations

import copy
import inspect
from typing import Any, Dict, Optional, Sequence

import numpy as np

from .._warnings import warn


class NotFittedError(ValueError, AttributeError):
    """An estimator is used before its fit."""


class ConvergenceWarning(UserWarning):
    """A solver stopped at its iteration limit."""


class DataConversionWarning(UserWarning):
    """Data were converted in a way that the caller may not have meant."""


class BaseEstimator:
    """Parameters by name, as scikit-learn's estimators have them."""

    @classmethod
    def _defaults(cls) -> Dict[str, Any]:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {p.name: p.default for p in parameters if p.kind != p.VAR_KEYWORD}

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        """Return the parameters by name; with `deep`, also ``name__inner`` of nested estimators."""
        params = {name: getattr(self, name) for name in self._defaults()}
        for name, value in list(params.items()) if deep else []:
            if hasattr(value, "get_params") and not isinstance(value, type):
                params.update({f"{name}__{k}": v for k, v in value.get_params().items()})
        return params

    def set_params(self, **params: Any) -> "BaseEstimator":
        """Set parameters by name; return the estimator."""
        known = self._defaults()
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. "
                    f"Valid parameters are: {list(known)!r}."
                )
            if inner:
                getattr(self, name).set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        shown = []
        for name, default in self._defaults().items():
            value = getattr(self, name)
            if repr(value) != repr(default):
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __getstate__(self) -> Dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __sklearn_clone__(self) -> "BaseEstimator":
        return type(self)(**{k: clone(v) for k, v in self.get_params(deep=False).items()})


def clone(value: Any) -> Any:
    """Return an unfitted estimator with the same parameters, or a copy of another value."""
    if hasattr(value, "__sklearn_clone__"):
        return value.__sklearn_clone__()
    return copy.deepcopy(value)


class ClassifierMixin:
    """Marks classifiers, and scores them by their accuracy."""

    _estimator_type = "classifier"

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, weighted by `sample_weight`."""
        right = np.asarray(self.predict(X)) == np.asarray(y)
        return float(np.average(right, weights=sample_weight))


class RegressorMixin:
    """Marks regressions, and scores them by R²."""

    _estimator_type = "regressor"

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the coefficient of determination R², its mean over several targets."""
        y = np.asarray(y, np.float64)
        residual = np.average((y - self.predict(X)) ** 2, axis=0, weights=sample_weight)
        mean = np.average(y, axis=0, weights=sample_weight)
        total = np.average((y - mean) ** 2, axis=0, weights=sample_weight)
        scale = np.where(total > 0, total, 1.0)
        scores = np.where(total > 0, 1 - residual / scale, np.where(residual > 0, 0.0, 1.0))
        return float(np.mean(scores))


class OutlierMixin:
    """Marks detectors of outliers, which predict 1 for inliers and -1 for outliers."""

    _estimator_type = "outlier_detector"

    def fit_predict(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit to the rows, and predict them."""
        return self.fit(X, y, **fit_params).predict(X)


class TransformerMixin:
    """Transforms: fit and apply in one call."""

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit to the rows, and return them transformed."""
        return self.fit(X, y, **fit_params).transform(X)


def check_is_fitted(estimator: Any, attributes: Any = None) -> None:
    """Raise NotFittedError unless the estimator has a fitted attribute."""
    names = [attributes] if isinstance(attributes, str) else attributes
    found = [n for n in vars(estimator) if n.endswith("_") and not n.startswith("__")]
    if not (all(hasattr(estimator, n) for n in names) if names else found):
        raise NotFittedError(
            f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with "
            "appropriate arguments before using this estimator."
        )


def check_classification_targets(y: Any) -> None:
    """Refuse labels that are numbers with a fraction, or of several columns."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError("Unknown label type: multilabel-indicator")
    if y.dtype.kind == "f" and np.any(y != np.round(y)):
        raise ValueError("Unknown label type: continuous")


def is_sparse(X: Any) -> bool:
    """Whether X is a matrix or array of scipy.sparse."""
    return hasattr(X, "tocsr")


def _checked_dense(X: Any, dtypes: Optional[Sequence[Any]]) -> np.ndarray:
    X = np.asarray(X)
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported")
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead. Reshape your data either using "
            "array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it "
            "contains a single sample."
        )
    kept = dtypes is None or X.dtype in [np.dtype(d) for d in dtypes]
    return X if kept else X.astype(dtypes[0])


def _checked_rows(
    X: Any, accept_sparse: Any, dtypes: Optional[Sequence[Any]], least: int, finite: Any
) -> Any:
    if is_sparse(X):
        if not accept_sparse:
            raise TypeError("Sparse data was passed, but dense data is required.")
        X = X.tocsr()
        X = X if X.dtype in [np.dtype(d) for d in dtypes] else X.astype(dtypes[0])
    else:
        X = _checked_dense(X, dtypes)
    for count, what, name in ((X.shape[0], "sample", least), (X.shape[1], "feature", 1)):
        if count < name:
            raise ValueError(
                f"Found array with {count} {what}(s) (shape={X.shape}) while a minimum of {name} "
                "is required."
            )
    values = X.data if is_sparse(X) else X
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        if finite is True or np.isinf(values).any():
            raise ValueError("Input X contains NaN or infinity.")
    return X


def _checked_targets(y: Any, rows: int, multi_output: bool, y_numeric: bool) -> np.ndarray:
    y = np.asarray(y)
    if y_numeric and y.dtype.kind not in "fiu":
        y = y.astype(np.float64)
    if y.ndim == 2 and y.shape[1] == 1 and not multi_output:
        warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape "
            "of y to (n_samples,), for example using ravel().",
            DataConversionWarning,
        )
        y = y.ravel()
    if y.ndim != 1 and not (multi_output and y.ndim == 2):
        raise ValueError(f"y should be a 1d array, got an array of shape {y.shape} instead.")
    if len(y) != rows:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: " f"{[rows, len(y)]}"
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError("Input y contains NaN or infinity.")
    return y


def _check_features(estimator: Any, X: Any, names: Any, reset: bool) -> None:
    if reset:
        estimator.n_features_in_ = X.shape[1]
        estimator.__dict__.pop("feature_names_in_", None)
        if names is not None:
            estimator.feature_names_in_ = names
        return
    fitted = getattr(estimator, "feature_names_in_", None)
    if names is not None and fitted is not None and list(names) != list(fitted):
        raise ValueError("The feature names should match those that were passed during fit.")
    if X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )


def validate_data(
    estimator: Any,
    X: Any,
    y: Any = "no_validation",
    *,
    reset: bool = True,
    accept_sparse: Any = False,
    dtype: Optional[Sequence[Any]] = (np.float64,),
    multi_output: bool = False,
    y_numeric: bool = False,
    ensure_min_samples: int = 1,
    ensure_all_finite: Any = True,
) -> Any:
    """Check rows and labels, and remember or compare the features."""
    columns = getattr(X, "columns", None)
    named = columns is not None and all(isinstance(c, str) for c in columns)
    names = np.asarray(list(columns), dtype=object) if named else None
    X = _checked_rows(X, accept_sparse, dtype, ensure_min_samples, ensure_all_finite)
    _check_features(estimator, X, names, reset)
    if isinstance(y, str) and y == "no_validation":
        return X
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y "
            "is None."
        )
    return X, _checked_targets(y, X.shape[0], multi_output, y_numeric)
