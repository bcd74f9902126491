"""libclassify: classifiers, from ridge to networks, in one small library of C.

Objects of the library take and give NumPy arrays; `libclassify.sklearn` has scikit-learn's names.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, List

from . import catalog, detect, errors, metrics
from ._library import lib as _lib
from ._library import text as _text
from ._report import report
from ._versions import show_versions
from .batches import Batches
from .catalog import areas, constants, kinds, params
from .context import Context
from .dataset import Dataset
from .detect import Detector
from .errors import (
    ArgumentError,
    Cancelled,
    ConvergenceWarning,
    CorruptError,
    DataError,
    Diverged,
    Error,
    FormatError,
    NotFitted,
    NumericError,
    PeerError,
    ShapeError,
    TimeLimitReached,
    TypeMismatch,
    Unsupported,
    VersionError,
)
from .image import Image
from .model import Model
from .network import Network
from .optimizer import Optimizer
from .progress import STOP, Progress, watch
from .selection import (Search, cross_validate, grid_search, halving_search,
                        random_search)
from .sequence import Sequence
from .tensor import Tensor
from .text import Documents, Vocabulary
from .transform import Transform
from .writer import DatasetWriter

if TYPE_CHECKING:  # what __getattr__ imports, for type checkers and editors
    from . import dask, distributed, plots, sklearn

__version__ = _text(_lib.clf_version())

__all__ = [
    "ArgumentError",
    "Batches",
    "Cancelled",
    "Context",
    "ConvergenceWarning",
    "CorruptError",
    "DataError",
    "Dataset",
    "DatasetWriter",
    "Detector",
    "Diverged",
    "Documents",
    "Error",
    "FormatError",
    "Image",
    "Model",
    "Network",
    "NotFitted",
    "NumericError",
    "Optimizer",
    "PeerError",
    "Progress",
    "STOP",
    "Search",
    "Sequence",
    "ShapeError",
    "Tensor",
    "Transform",
    "TimeLimitReached",
    "TypeMismatch",
    "Unsupported",
    "VersionError",
    "Vocabulary",
    "areas",
    "catalog",
    "constants",
    "cross_validate",
    "dask",
    "detect",
    "distributed",
    "errors",
    "grid_search",
    "halving_search",
    "kinds",
    "metrics",
    "params",
    "plots",
    "random_search",
    "report",
    "show_versions",
    "watch",
]

_LATER = ("dask", "distributed", "plots", "sklearn")


def __getattr__(name: str) -> Any:
    """Import a module of the package that is imported when it is first used."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> List[str]:
    return sorted({*globals(), *_LATER})
