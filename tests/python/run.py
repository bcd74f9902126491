"""Runs the quick tests of the Python package for meson: run.py TESTS; exit status 77 where a tool is missing."""
import sys

try:
    import numpy  # noqa: F401
    import pytest
except ImportError as error:
    print(error)
    sys.exit(77)

if __name__ == "__main__":  # multiprocessing imports this file in its workers
    sys.exit(pytest.main(["-q", "-m", "not slow", "-p", "no:cacheprovider", *sys.argv[1:]]))
