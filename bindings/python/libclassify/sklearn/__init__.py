"""Estimators with scikit-learn's names, parameters and fitted attributes.

``from libclassify.sklearn import SVC`` is the only line of a program that changes. The estimators
are scikit-learn's in full where it is installed (pipelines, searches, ``set_output``), and work
without it. Modules are imported when an estimator of theirs is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:  # what __getattr__ imports, for type checkers and editors
    from . import (
        datasets,
        decomposition,
        discriminant_analysis,
        feature_extraction,
        impute,
        linear_model,
        model_selection,
        neural_network,
        preprocessing,
        svm,
    )
    from .datasets import dump_svmlight_file, load_svmlight_file, load_svmlight_files
    from .decomposition import PCA, IncrementalPCA
    from .discriminant_analysis import (
        FisherDiscriminant,
        KernelFisherDiscriminant,
        LinearDiscriminantAnalysis,
    )
    from .feature_extraction import HOG, CountVectorizer, FeatureHasher, TfidfVectorizer
    from .impute import SimpleImputer
    from .linear_model import (
        LogisticRegression,
        Perceptron,
        Ridge,
        RidgeClassifier,
        RidgeClassifierCV,
        RidgeCV,
    )
    from .model_selection import GridSearch, RandomizedSearch
    from .neural_network import MLPClassifier, MLPRegressor, NetworkClassifier, NetworkRegressor
    from .preprocessing import (
        MinMaxScaler,
        OneHotEncoder,
        OrdinalEncoder,
        PolynomialFeatures,
        QuantileTransformer,
        RobustScaler,
        StandardScaler,
        TargetEncoder,
    )
    from .svm import SVC, SVR, LinearSVC, NuSVC, NuSVR, OneClassSVM

_MODULES = {
    "datasets": ["dump_svmlight_file", "load_svmlight_file", "load_svmlight_files"],
    "decomposition": ["IncrementalPCA", "PCA"],
    "discriminant_analysis": [
        "FisherDiscriminant",
        "KernelFisherDiscriminant",
        "LinearDiscriminantAnalysis",
    ],
    "feature_extraction": ["HOG", "CountVectorizer", "FeatureHasher", "TfidfVectorizer"],
    "impute": ["SimpleImputer"],
    "linear_model": [
        "LogisticRegression",
        "Perceptron",
        "Ridge",
        "RidgeCV",
        "RidgeClassifier",
        "RidgeClassifierCV",
    ],
    "model_selection": ["GridSearch", "RandomizedSearch"],
    "neural_network": [
        "MLPClassifier",
        "MLPRegressor",
        "NetworkClassifier",
        "NetworkRegressor",
    ],
    "preprocessing": [
        "MinMaxScaler",
        "OneHotEncoder",
        "OrdinalEncoder",
        "PolynomialFeatures",
        "QuantileTransformer",
        "RobustScaler",
        "StandardScaler",
        "TargetEncoder",
    ],
    "svm": ["LinearSVC", "NuSVC", "NuSVR", "OneClassSVM", "SVC", "SVR"],
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
