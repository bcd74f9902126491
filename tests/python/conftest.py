"""What all tests of the Python package share. They run from an installed wheel (`.ci/run`) or in the build
folder (`meson test --suite python`, the quick ones)."""
import pathlib
import signal

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_configure():
    # A shell starts what runs in the background with Ctrl-C ignored, and Python leaves it so.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header():
    import libclassify
    from libclassify import _library

    return f"libclassify {libclassify.__version__}, {_library.path()}"


@pytest.fixture
def examples():
    """The folder of small data files that comes with the source."""
    return ROOT / "examples" / "data"
