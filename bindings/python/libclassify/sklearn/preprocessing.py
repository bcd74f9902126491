"""Transforms of features: standardization, ranges, polynomials.

Statistics are computed by the library in f64. They are applied in the type of the rows: f32 rows
give f32, all others f64.
"""

from __future__ import annotations

from ._polynomial import PolynomialFeatures
from ._scalers import MinMaxScaler, RobustScaler, StandardScaler

__all__ = ["MinMaxScaler", "PolynomialFeatures", "RobustScaler", "StandardScaler"]
