"""Principal components."""

from __future__ import annotations

from ._pca import PCA, IncrementalPCA

__all__ = ["IncrementalPCA", "PCA"]
