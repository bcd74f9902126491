"""What Python checks before the library does."""

from __future__ import annotations

from numbers import Real
from typing import Any

from .. import distributed, errors


def check_numbers(estimator: Any, **least: float) -> None:
    """Refuse parameters that are not numbers of at least so much; NaN is none."""
    for name, low in least.items():
        value = getattr(estimator, name)
        if not isinstance(value, Real) or not value >= low:
            raise errors.ArgumentError(
                f"{type(estimator).__name__}: {name} is {value!r}; it has to be a number, {low} or "
                "more"
            )


def refuse_ranks(estimator: Any, what: str) -> None:
    """Refuse what a rank would compute of its own rows alone, within a block of ranks."""
    if distributed.active() is not None:
        raise errors.Unsupported(
            f"{type(estimator).__name__} does not put the {what} of several processes together"
        )
