"""Warnings that point to the line of the user's program."""

from __future__ import annotations

import sys
import warnings
from typing import Type

_INNER = ("libclassify", "sklearn")  # scikit-learn's wrappers stand between a program and a fit


def warn(message: str, category: Type[Warning] = UserWarning) -> None:
    """Warn of the innermost line that is neither of this package nor of scikit-learn."""
    frame, level = sys._getframe(1), 2
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in _INNER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
