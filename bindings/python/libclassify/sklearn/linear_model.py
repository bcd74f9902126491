"""Linear models: ridge regression and classification, logistic regression, the perceptron."""

from __future__ import annotations

from ._logistic import LogisticRegression
from ._perceptron import Perceptron
from ._ridge import Ridge, RidgeClassifier, RidgeClassifierCV, RidgeCV

__all__ = [
    "LogisticRegression",
    "Perceptron",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
]
