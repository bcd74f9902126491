"""Principal components."""

from __future__ import annotations

from ._pca import PCA

__all__ = ["PCA"]
