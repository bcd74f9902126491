"""Classifiers trained and run in the calling process: libclassify for Python."""
from ._declarations import VERSION as __version__  # noqa: F401
