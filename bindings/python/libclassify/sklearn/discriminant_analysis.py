"""Fisher's discriminant, linear and with kernels."""

from __future__ import annotations

from ._fisher import FisherDiscriminant, LinearDiscriminantAnalysis
from ._kernel_fisher import KernelFisherDiscriminant

__all__ = ["FisherDiscriminant", "KernelFisherDiscriminant", "LinearDiscriminantAnalysis"]
