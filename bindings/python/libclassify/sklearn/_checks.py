"""Checks of parameters that Python compares before the library reads them."""

from __future__ import annotations

from numbers import Real
from typing import Any

from .. import errors


def check_numbers(estimator: Any, **least: float) -> None:
    """Refuse parameters that are not numbers of at least so much; NaN is none."""
    for name, low in least.items():
        value = getattr(estimator, name)
        if not isinstance(value, Real) or not value >= low:
            raise errors.ArgumentError(
                f"{type(estimator).__name__}: {name} is {value!r}; it has to be a number, {low} or "
                "more"
            )
