"""What the library offers, as data: areas, kinds, parameters, constants.

Nothing here lists names by hand: all of it comes from the library that was loaded. `to_text` and
`from_text` are the only place where Python values become parameter strings, and back.
"""

from __future__ import annotations

import ctypes
import functools
import numbers
import os
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from . import errors
from ._declarations import CONSTANTS, STRUCTS
from ._library import check, lib, text

_TYPES = {
    CONSTANTS["CLF_PARAM_I64"]: "int",
    CONSTANTS["CLF_PARAM_F64"]: "float",
    CONSTANTS["CLF_PARAM_BOOL"]: "bool",
    CONSTANTS["CLF_PARAM_CHOICE"]: "choice",
    CONSTANTS["CLF_PARAM_TEXT"]: "str",
    CONSTANTS["CLF_PARAM_NUMBER"]: "float or word",
    CONSTANTS["CLF_PARAM_LIST"]: "list or word",
    CONSTANTS["CLF_PARAM_COUNT"]: "int or word",
}


class Param(NamedTuple):
    """One parameter of a kind.

    Attributes
    ----------
    name : str
    type : str
        "int", "float", "bool", "choice", "str", "float or word", "list or word", "int or word".
    default : bool, int, float, str, tuple or None
        None where the library has no value until one is set.
    minimum, maximum : float
        Bounds, infinite for none.
    exclusive : bool
        Whether `minimum` itself is not allowed.
    words : tuple of str
        Words that are allowed.
    help : str
        One line.
    """

    name: str
    type: str
    default: Any
    minimum: float
    maximum: float
    exclusive: bool
    words: Tuple[str, ...]
    help: str


def _c(value: str) -> bytes:
    return value.encode("utf-8", "replace")


@functools.lru_cache(maxsize=None)
def areas() -> Tuple[str, ...]:
    """Return the places where the library takes the name of a kind, such as "model"."""
    return tuple(text(lib.clf_area_name(i)) for i in range(lib.clf_area_count()))


def _check_area(area: str) -> None:
    if area not in areas():
        raise errors.ArgumentError(f"there is no area {area!r}; there are: {', '.join(areas())}")


@functools.lru_cache(maxsize=None)
def kinds(area: str) -> Tuple[str, ...]:
    """Return the kinds of an area, such as "ridge" … "network" of "model"."""
    _check_area(area)
    return tuple(text(lib.clf_kind_name(_c(area), i)) for i in range(lib.clf_kind_count(_c(area))))


def help(area: str, kind: str) -> str:
    """Return a line that explains a kind."""
    params(area, kind)  # refuses unknown names
    return text(lib.clf_kind_help(_c(area), _c(kind)))


@functools.lru_cache(maxsize=None)
def params(area: str, kind: Optional[str] = None) -> Tuple[Param, ...]:
    """Return the parameters of a kind, described.

    Parameters
    ----------
    area : str
        One of `areas()`.
    kind : str, optional
        One of `kinds(area)`; an area with parameters alone, such as "context", has one of its name.
    """
    kind = area if kind is None else kind
    _check_area(area)
    if kind not in kinds(area):
        info = STRUCTS["clf_param_info"](struct_size=ctypes.sizeof(STRUCTS["clf_param_info"]))
        check(lib.clf_param_describe(_c(area), _c(kind), 0, ctypes.byref(info)))
    count = lib.clf_param_count(_c(area), _c(kind))
    return tuple(_describe(area, kind, i) for i in range(count))


def _describe(area: str, kind: str, index: int) -> Param:
    info = STRUCTS["clf_param_info"](struct_size=ctypes.sizeof(STRUCTS["clf_param_info"]))
    check(lib.clf_param_describe(_c(area), _c(kind), index, ctypes.byref(info)))
    words = tuple(word for word in text(info.words).split("|") if word)
    kind_of_value = _TYPES[info.type]
    default = text(info.default_value)
    return Param(
        name=text(info.name),
        type=kind_of_value,
        default=None if default == "" else _value(kind_of_value, words, default),
        minimum=info.minimum,
        maximum=info.maximum,
        exclusive=bool(info.exclusive),
        words=words,
        help=text(info.help),
    )


@functools.lru_cache(maxsize=None)
def named(area: str, kind: str) -> Dict[str, Param]:
    """Return the parameters of a kind by name; empty for an unknown kind."""
    if area not in areas() or kind not in kinds(area):
        return {}
    return {param.name: param for param in params(area, kind)}


def constants() -> Dict[str, int]:
    """Return the public constants of the library by name, such as {"CLF_F32": 1}."""
    found = {}
    info = STRUCTS["clf_constant_info"]()
    info.struct_size = ctypes.sizeof(info)
    for i in range(lib.clf_constant_count()):
        check(lib.clf_constant_describe(i, ctypes.byref(info)))
        found[text(info.name)] = info.value
    return found


# Python values to text


def quote(value: str) -> str:
    """Return a text as it is written in a parameter string: quoted, with its quotes doubled."""
    mark = '"' if '"' not in value or "'" in value else "'"
    return mark + value.replace(mark, 2 * mark) + mark


def to_text(area: str, kind: str, values: Mapping[str, Any]) -> Optional[bytes]:
    """Return parameters as the library reads them, "name=value …"; None for none.

    A value of None leaves the parameter at its default. Names and values are checked by the
    library, whose messages say what would be right.
    """
    known = named(area, kind)
    parts = []
    for name, value in values.items():
        if not isinstance(name, str) or re.search(r"[=\s\0]", name) or not name:
            raise errors.ArgumentError(f"{kind} has no parameter {name!r}")
        if value is not None:
            parts.append(f"{name}={value_text(value, known.get(name), quote)}")
    joined = " ".join(parts)
    if "\0" in joined:
        raise errors.ArgumentError(f"{kind}: a parameter must not hold a NUL character")
    try:
        return joined.encode() if parts else None
    except UnicodeEncodeError as error:
        raise errors.ArgumentError(f"{kind}: a parameter is not valid Unicode") from error


def value_text(value: Any, param: Optional[Param] = None, quoted: Any = str) -> str:
    """Return one value as text.

    Parameters
    ----------
    value : bool, int, float, str, path, or a sequence of numbers
        For `layers` also a list of layers; for `augment` and `class_weight` a dict.
    param : Param, optional
        Decides between forms of one value, such as 2.0 and 2.
    quoted : callable
        Applied to texts: `quote` within a parameter string.
    """
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, os.PathLike):
        return quoted(os.fsdecode(value))
    if isinstance(value, numbers.Real):
        return _number_text(value, param)
    name = param.name if param is not None else ""
    if name == "layers":
        return quoted(layers_text(value))
    if name == "augment" and isinstance(value, Mapping):
        return quoted((to_text("augment", "image", value) or b"").decode())
    if name == "class_weight" and isinstance(value, Mapping):
        return quoted(",".join(f"{key}:{_number_text(weight, param)}"
                               for key, weight in value.items()))
    if isinstance(value, (list, tuple)) or getattr(value, "ndim", None) == 1:
        return quoted(",".join(value_text(element, param) for element in value))
    raise errors.TypeMismatch(
        f"{name or 'a parameter'} must be a number, a truth value, a text or a list of numbers, "
        f"not {type(value).__name__}"
    )


def _number_text(value: Any, param: Optional[Param]) -> str:
    if isinstance(value, numbers.Integral):
        return str(int(value))
    whole = param is not None and param.type.startswith(("int", "list"))
    value = float(value)
    return str(int(value)) if whole and value.is_integer() else repr(value)


def layers_text(layers: Any) -> str:
    """Return the layers of a network as text, "dense units=256 activation=relu; dense units=10".

    Parameters
    ----------
    layers : str or list
        Each layer is a text, a pair (kind, parameters), or a dict with the kind as "kind".
    """
    if isinstance(layers, str):
        return layers
    if isinstance(layers, Mapping):
        layers = [layers]
    return "; ".join(_layer_text(layer) for layer in layers)


def _layer_text(layer: Any) -> str:
    if isinstance(layer, str):
        return layer
    if isinstance(layer, Mapping):
        values = dict(layer)
        kind = values.pop("kind", None)
    elif isinstance(layer, (tuple, list)) and len(layer) in (1, 2):
        kind, values = layer[0], (layer[1] if len(layer) == 2 else None) or {}
    else:
        kind, values = None, {}
    if not isinstance(kind, str) or not isinstance(values, Mapping):
        raise errors.TypeMismatch(
            'a layer must be a text such as "dense units=10", a pair ("dense", {"units": 10}), or '
            f'a dict {{"kind": "dense", "units": 10}}, not {layer!r}'
        )
    given = to_text("layer", kind, values)
    return f"{kind} {given.decode()}" if given else kind


# Text to Python values

_ITEM = re.compile(r"""\s*([^=\s]+)=("(?:[^"]|"")*"|'(?:[^']|'')*'|\S*)""")


def split(line: str) -> List[Tuple[str, str]]:
    """Split a parameter string into names and values, quotes removed; refuse any other text."""
    found = []
    at, line = 0, line.rstrip()
    while at < len(line):
        item = _ITEM.match(line, at)
        if item is None:
            raise errors.ArgumentError(
                f"{line[at:].strip()!r} is no parameter; write name=value, with spaces in between"
            )
        at = item.end()
        name, value = item.groups()
        mark = value[:1]
        if mark in ('"', "'") and len(value) > 1:
            value = value[1:-1].replace(2 * mark, mark)
        found.append((name, value))
    return found


def from_text(area: str, kind: str, line: str) -> Dict[str, Any]:
    """Return a parameter string of the library as a dict of Python values, unset ones as None."""
    known = named(area, kind)
    found: Dict[str, Any] = {name: None for name in known}
    for name, value in split(line):
        param = known.get(name)
        if param is None:
            found[name] = value
        elif value or param.type != "str":  # an empty text is one that is not set
            found[name] = _value(param.type, param.words, value)
    return found


def value_of(param: Param, value: str) -> Any:
    """Return the text of one value as a Python value."""
    return _value(param.type, param.words, value)


def _value(kind: str, words: Tuple[str, ...], value: str) -> Any:
    if kind == "bool":
        return value in ("true", "yes", "on", "1")
    if kind in ("choice", "str") or value in words:
        return value
    if kind == "list or word":
        parts = value.split(",")
        if ":" in value:  # by the name of a class
            return {name: _number(number) for name, _, number in
                    (part.rpartition(":") for part in parts)}
        return tuple(_number(part) for part in parts)
    return int(value) if kind.startswith("int") else float(value)


def _number(value: str) -> Any:
    number = float(value)
    return int(number) if number.is_integer() else number
