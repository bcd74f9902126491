"""What runs: for reports of faults."""

from __future__ import annotations

import platform
import sys
from typing import Dict


def versions() -> Dict[str, str]:
    """Return the versions of the library, of Python and of the packages that it works with."""
    from . import __version__, _library
    from .context import Context

    context = Context.shared()
    found = {
        "libclassify": __version__,
        "library": _library.path(),
        "kernels": context.cpu,
        "threads": str(context.threads),
        "python": sys.version.replace("\n", " "),
        "platform": platform.platform(),
    }
    for name in ("numpy", "scipy", "scikit-learn", "pandas", "polars", "pyarrow", "matplotlib",
                 "tqdm", "joblib"):
        found[name] = _version(name)
    return found


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def show_versions() -> None:
    """Print what runs: the library and its kernels, Python, and the packages that it works with."""
    for name, version in versions().items():
        print(f"{name:>14}: {version}")
