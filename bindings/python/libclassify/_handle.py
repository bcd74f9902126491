"""Handles: objects of the C library that Python owns, and the one way in which they are used.

Every call that takes a handle passes through :func:`run`: it keeps threads apart (see `_gate`),
turns a negative status into an exception, and re-raises what a callback raised.
"""

from __future__ import annotations

import ctypes
import operator
from typing import TYPE_CHECKING, Any, ClassVar, Iterable, Optional, Tuple, TypeVar

from . import errors, progress
from ._gate import Gate, Passage

if TYPE_CHECKING:
    from .context import Context

H = TypeVar("H", bound="Handle")


def encode(value: str, what: str = "a text") -> bytes:
    """Return a str as the NUL-terminated UTF-8 that the library reads."""
    if not isinstance(value, str):
        raise errors.TypeMismatch(f"{what} must be a str, not {type(value).__name__}")
    try:
        data = value.encode()
    except UnicodeEncodeError as error:
        raise errors.ArgumentError(f"{what} {value!r} is not valid Unicode") from error
    if b"\0" in data:
        raise errors.ArgumentError(f"{what} {value!r} must not hold a NUL character")
    return data


_RANGES = {
    ctypes.c_int32: (-(2**31), 2**31 - 1),
    ctypes.c_int64: (-(2**63), 2**63 - 1),
    ctypes.c_uint64: (0, 2**64 - 1),
    ctypes.c_size_t: (0, 2**64 - 1),
}


def integer(value: Any, kind: Any = ctypes.c_int64, what: str = "a number") -> int:
    """Return an integer that a C type holds: ctypes would cut off what does not fit."""
    try:
        number = operator.index(value)
    except TypeError as error:
        raise errors.TypeMismatch(
            f"{what} is {value!r}; it must be an integer"
        ) from error
    low, high = _RANGES.get(kind, (0, 2**64 - 1))
    if not low <= number <= high:
        raise errors.ArgumentError(f"{what} is {number}; it must be {low} to {high}")
    return number


def integers(values: Iterable[Any], kind: Any = ctypes.c_int64, what: str = "a number") -> Any:
    """Return integers as an array of a C type, for a parameter that points to them."""
    numbers = [integer(value, kind, what) for value in values]
    return (kind * max(len(numbers), 1))(*numbers)


def _converted(function: Any, index: int, value: Any) -> Any:
    """Return an argument as ctypes takes it, where it is not of the exact Python type."""
    kind = function.argtypes[index]
    if kind in _RANGES:
        return integer(value, kind, f"argument {index} of {function.__name__}")
    if kind is ctypes.c_double:
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise errors.TypeMismatch(
                f"argument {index} of {function.__name__} is {value!r}; it must be a number"
            ) from error
    return value


def run(context: "Context", function: Any, *arguments: Any, changes: Tuple[Any, ...] = ()) -> Any:
    """Call a function of the library.

    Parameters
    ----------
    context : Context
        Whose callbacks the call may run.
    function : ctypes function
        A member of `lib`.
    *arguments
        Handles, str, and whatever ctypes takes.
    changes : tuple of Handle
        The handles among the arguments that the call changes; it has these to itself.

    Returns
    -------
    What the function returns. A negative status is raised as an :class:`~libclassify.Error`.
    """
    values = []
    wanted = {}
    for index, argument in enumerate(arguments):
        if isinstance(argument, Handle):
            if argument.gate is not None:
                wanted[argument.gate] = False
        elif type(argument) is str:
            argument = encode(argument)
        elif not (type(argument) is int and 0 <= argument < 2**31):
            argument = _converted(function, index, argument)
        values.append(argument)
    for handle in changes:
        wanted[handle.gate] = True
    with Passage(wanted):
        # Only behind the gates is it known that no other thread closes a handle.
        try:
            return progress.call(context._callbacks, function, [
                value.pointer if isinstance(value, Handle) else value for value in values
            ])
        except ctypes.ArgumentError as error:
            raise errors.TypeMismatch(f"{function.__name__}: {error}") from error


class Handle:
    """An object of the library. It is freed with its last reference, or by `close`.

    A handle keeps its context alive, and whatever memory it shares.
    """

    _free: ClassVar[Any]
    _out: Optional[ctypes.c_void_p] = None  # owned before a constructor writes to it
    gate: Optional[Gate] = None

    def _prepare(self, context: "Context", keeps: Any = None) -> Any:
        """Make the object own what a constructor is about to write; return its address."""
        self._context = context
        self._keeps = keeps
        self.gate = Gate()
        self._out = ctypes.c_void_p()
        return ctypes.byref(self._out)

    def _make(self, context: "Context", function: Any, *arguments: Any, keeps: Any = None) -> None:
        """Call a constructor, whose first parameter receives the handle."""
        run(context, function, self._prepare(context, keeps), *arguments)

    @classmethod
    def _new(cls: "type[H]", context: "Context", function: Any, *arguments: Any,
             keeps: Any = None) -> H:
        """Return the object that a constructor of the library makes."""
        self = cls.__new__(cls)
        self._make(context, function, *arguments, keeps=keeps)
        return self

    def run(self, function: Any, *arguments: Any, changes: Tuple[Any, ...] = ()) -> Any:
        """Call a function of the library on this handle; see :func:`run`."""
        return run(self.context, function, self, *arguments, changes=changes)

    def change(self, function: Any, *arguments: Any, changes: Tuple[Any, ...] = ()) -> Any:
        """Call a function of the library that changes this handle."""
        return run(self.context, function, self, *arguments, changes=(self, *changes))

    def reading(self) -> Passage:
        """Return a context manager in whose block no other thread changes the object."""
        return Passage({} if self.gate is None else {self.gate: False})

    def _text(self, function: Any, *arguments: Any) -> str:
        """Return what a function writes to a buffer of text."""
        return self._bytes(function, *arguments)[:-1].decode("utf-8", "replace")

    def _bytes(self, function: Any, *arguments: Any) -> bytes:
        """Return what a function writes to a buffer, all of it."""
        size = ctypes.c_size_t()
        with self.reading():
            self.run(function, *arguments, None, 0, ctypes.byref(size))
            buffer = ctypes.create_string_buffer(size.value)
            self.run(function, *arguments, buffer, size.value, ctypes.byref(size))
        return buffer.raw

    @property
    def context(self) -> "Context":
        """The context that the object was made with."""
        return self._context

    @property
    def pointer(self) -> int:
        """The address of the C object."""
        pointer = self._out.value if self._out is not None else None
        if pointer is None:
            raise errors.ArgumentError(f"this {type(self).__name__} is closed")
        return pointer

    @property
    def _as_parameter_(self) -> int:
        return self.pointer

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._out is None or self._out.value is None

    def close(self) -> None:
        """Free the object of the library now. Arrays that share its memory stay valid."""
        if self.closed:
            return
        with Passage({self.gate: True} if self.gate is not None else {}):
            self._release()

    def _release(self) -> None:
        out, self._out = self._out, None
        if out is not None and out.value is not None:
            type(self)._free(out)

    def __reduce__(self) -> Any:
        # A copy of the attributes would free the C object a second time.
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled")

    def __enter__(self: H) -> H:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._release()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, closed>" if self.closed else self._described()

    def _described(self) -> str:
        return f"<{type(self).__name__}>"
