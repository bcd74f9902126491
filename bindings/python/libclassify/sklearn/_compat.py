"""What the estimators use of scikit-learn, and stand-ins where it is not installed.

With scikit-learn installed the estimators are its estimators in full: tags, validation, metadata
routing, ``set_output`` and warnings are its own. Without it, ``_standin`` provides the same names
in the smallest form that the estimators need.
"""

from __future__ import annotations

from typing import Any

try:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        OutlierMixin,
        RegressorMixin,
        TransformerMixin,
    )
    from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted

    try:
        from sklearn.utils.validation import validate_data

        ALLOW_MISSING = {"ensure_all_finite": "allow-nan"}
    except ImportError:  # before 1.6 it was a method
        ALLOW_MISSING = {"force_all_finite": "allow-nan"}

        def validate_data(estimator: Any, X: Any, y: Any = "no_validation", **checks: Any) -> Any:
            """Check rows and labels, and remember or compare the features."""
            return estimator._validate_data(X, y, **checks)

    HAS_SKLEARN = True
except ImportError:
    from ._standin import (
        BaseEstimator,
        ClassifierMixin,
        ConvergenceWarning,
        DataConversionWarning,
        NotFittedError,
        OutlierMixin,
        RegressorMixin,
        TransformerMixin,
        check_classification_targets,
        check_is_fitted,
        validate_data,
    )

    ALLOW_MISSING = {"ensure_all_finite": "allow-nan"}
    HAS_SKLEARN = False

__all__ = [
    "ALLOW_MISSING",
    "BaseEstimator",
    "ClassifierMixin",
    "ConvergenceWarning",
    "DataConversionWarning",
    "HAS_SKLEARN",
    "NotFittedError",
    "OutlierMixin",
    "RegressorMixin",
    "TransformerMixin",
    "check_classification_targets",
    "check_is_fitted",
    "validate_data",
]
