"""The C library: where it lies, and its functions, declared on first use.

It is the file that the variable CLASSIFY_LIBRARY names; else the one in this package's folder, as a
wheel has it; else the system's, which the package of a distribution comes with.
"""
from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Callable

from . import _declarations, errors

if TYPE_CHECKING:
    from ._declarations import Functions

IN_PACKAGE = "libclassify.so"
OF_SYSTEM = "libclassify.so.0"


def _chosen() -> str:
    """The file to load: a path, or a name that the system's loader looks up."""
    path = os.environ.get("CLASSIFY_LIBRARY")
    packaged = os.path.join(os.path.dirname(os.path.abspath(__file__)), IN_PACKAGE)
    return path or (packaged if os.path.exists(packaged) else OF_SYSTEM)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _fits(found: str, wanted: str) -> bool:
    """Whether a library has what these declarations say: while the major version is 0, a minor one
    may change the interface."""
    same = 2 if wanted.startswith("0.") else 1
    return _numbers(found)[:same] == _numbers(wanted)[:same] and _numbers(found) >= _numbers(wanted)


def _load(path: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(path)
        library.clf_version.restype = ctypes.c_char_p
        found = library.clf_version().decode()
    except (OSError, AttributeError) as error:
        raise ImportError(
            f"libclassify's C library cannot be loaded: {error}. Install it (pip install libclassify, or the package "
            f"of your distribution), or name its file in the environment variable CLASSIFY_LIBRARY.") from error
    if not _fits(found, _declarations.VERSION):
        raise ImportError(f"{path} is libclassify {found}, and this package needs "
                          f"{_declarations.VERSION} or a later version that is compatible with it.")
    return library


class _Library:
    """The library's functions as attributes, each with the types of its arguments and its text."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._loaded = _load(path)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in _declarations.FUNCTIONS:
            raise AttributeError(f"libclassify has no function {name}")
        function = getattr(self._loaded, name)
        function.restype, function.argtypes = _declarations.FUNCTIONS[name]
        function.__doc__ = _declarations.DOCS[name]
        setattr(self, name, function)
        return function

    def __dir__(self) -> list[str]:
        return sorted(_declarations.FUNCTIONS)


lib: Functions = _Library(_chosen())  # type: ignore[assignment]


def path() -> str:
    """The file that was loaded, as the loader knows it."""
    return lib._path  # type: ignore[attr-defined]


def text(value: bytes | None) -> str | None:
    """What the library returned, as text."""
    return None if value is None else value.decode("utf-8", "replace")


def check(status: int) -> int:
    """Raises the exception of a status below 0; returns every other status."""
    if status < 0:
        raise errors.of_status(status, text(lib.clf_last_error()) or "")
    return status


def bytes_of(function: Callable[..., int], *arguments: Any) -> bytes:
    """What a function writes into a buffer, whose size it tells when there is none."""
    size = ctypes.c_size_t()
    check(function(*arguments, None, 0, ctypes.byref(size)))
    buffer = ctypes.create_string_buffer(size.value)
    check(function(*arguments, buffer, size, ctypes.byref(size)))
    return buffer.raw[:size.value]
