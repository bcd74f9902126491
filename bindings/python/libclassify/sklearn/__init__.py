"""Estimators with scikit-learn's names, parameters and fitted attributes.

``from libclassify.sklearn import SVC`` is the only line of a program that changes. The estimators
are scikit-learn's in full where it is installed (pipelines, searches, ``set_output``), and work
without it. Modules are imported when an estimator of theirs is first used.
"""

from __future__ import annotations

import importlib
from typing import Any, List

_MODULES = {
    "datasets": ["dump_svmlight_file", "load_svmlight_file", "load_svmlight_files"],
    "decomposition": ["PCA"],
    "discriminant_analysis": [
        "FisherDiscriminant",
        "KernelFisherDiscriminant",
        "LinearDiscriminantAnalysis",
    ],
    "feature_extraction": ["HOG", "CountVectorizer", "TfidfVectorizer"],
    "linear_model": ["LogisticRegression", "Perceptron", "Ridge", "RidgeClassifier"],
    "model_selection": ["GridSearch", "RandomizedSearch"],
    "neural_network": [
        "MLPClassifier",
        "MLPRegressor",
        "NetworkClassifier",
        "NetworkRegressor",
    ],
    "preprocessing": ["MinMaxScaler", "PolynomialFeatures", "StandardScaler"],
    "svm": ["SVC"],
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted([*_MODULE_OF, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
