"""Transforms of features: standardization, ranges, categories, polynomials.

Statistics are computed by the library in f64. They are applied in the type of the rows: f32 rows
give f32, all others f64.
"""

from __future__ import annotations

from ._encoders import OneHotEncoder, OrdinalEncoder
from ._polynomial import PolynomialFeatures
from ._quantiles import QuantileTransformer
from ._scalers import MinMaxScaler, RobustScaler, StandardScaler
from ._target_encoder import TargetEncoder

__all__ = [
    "MinMaxScaler",
    "OneHotEncoder",
    "OrdinalEncoder",
    "PolynomialFeatures",
    "QuantileTransformer",
    "RobustScaler",
    "StandardScaler",
    "TargetEncoder",
]
