"""Exceptions: one class for each status of the library.

Every exception of the library is an :class:`Error`, and also the built-in exception that Python
programs expect in its place, such as ValueError for a value out of its bounds. Its text is the
library's whole message, and ``status`` is the number of the C interface, such as -7 for
CLF_ERROR_SHAPE.
"""

from __future__ import annotations

import builtins
import errno
import re
from typing import Dict, Type


class Error(Exception):
    """What every exception of the library is.

    Attributes
    ----------
    status : int
        The status of the C interface, below 0.
    """

    status: int = 0


class ArgumentError(Error, ValueError):
    """An unknown name, or a value out of its bounds."""

    status = -1


class MemoryError(builtins.MemoryError, Error):
    """The system refused memory, or the context's ``memory_limit`` did."""

    # The built-in class comes first: its __new__ is what Dask calls to load it from another process.

    status = -2


class IOError(Error, OSError):
    """A file cannot be opened, read or written."""

    status = -3


class FileNotFound(IOError, FileNotFoundError):
    """The path leads to no file."""

    errno = errno.ENOENT


class PermissionDenied(IOError, PermissionError):
    """The system does not allow this user what the call does with the file."""

    errno = errno.EACCES


class FormatError(Error, ValueError):
    """A data file is not what its format demands."""

    status = -4


class CorruptError(Error, ValueError):
    """A model file fails its checks."""

    status = -5


class VersionError(Error, ValueError):
    """A model file was written by a later version."""

    status = -6


class ShapeError(Error, ValueError):
    """Sizes do not fit each other."""

    status = -7


class TypeMismatch(Error, TypeError):
    """An element type or a kind of object that the call does not take."""

    status = -8


class DataError(Error, ValueError):
    """Values that cannot be used: NaN, infinity, a single class."""

    status = -9


class NotFitted(Error, ValueError, AttributeError):
    """The model, transform or vocabulary was not fitted yet."""

    status = -10


class Unsupported(Error, NotImplementedError, ValueError):
    """This kind of object does not offer the operation."""

    status = -11


class Cancelled(Error):
    """The progress callback asked to stop."""

    status = -12


class TimeLimitReached(Cancelled, TimeoutError):
    """The time limit of a `watch` passed; what the call works on is as it was."""


class NumericError(Error, ArithmeticError):
    """A computation broke down, such as on a singular system."""

    status = -13


class Diverged(Error, ArithmeticError):
    """The training of a network diverged."""

    status = -14


class PeerError(Error, ConnectionError):
    """Another rank failed, or the communicator did."""

    status = -15


class ConvergenceWarning(UserWarning):
    """A solver stopped at its iteration limit; the model is usable."""


CLASSES: Dict[int, Type[Error]] = {
    kind.status: kind
    for kind in (
        ArgumentError,
        MemoryError,
        IOError,
        FormatError,
        CorruptError,
        VersionError,
        ShapeError,
        TypeMismatch,
        DataError,
        NotFitted,
        Unsupported,
        Cancelled,
        NumericError,
        Diverged,
        PeerError,
    )
}


# Of statuses with several reasons; the library words those of the system in English, always.
_REASONS = {
    FileNotFound: re.compile(
        r": No such file or directory$| is neither a file nor the prefix of one | has no labels file "
    ),
    PermissionDenied: re.compile(r": Permission denied$"),
}


def of_status(status: int, message: str) -> Error:
    """Return the exception of a negative status; its text is `message`.

    A status of a later version of the library gives an :class:`Error` with that ``status``.
    """
    kind = CLASSES.get(status, Error)
    for narrower, reason in _REASONS.items():
        if narrower.status == status and reason.search(message):
            kind = narrower
    error = kind(message)
    if kind is Error:
        error.status = status
    return error
