"""Values of hyper-parameters: what type they are of, as text, and as JSON holds them."""

import dataclasses
import functools
import types
import typing
from collections.abc import Callable
from typing import Any

from t2t_vq.errors import InvalidError

_PLAIN = (bool, int, float, str)


@functools.cache
def field_types(cls: type) -> dict[str, Any]:
    """Returns `{name: type}` of the fields of a dataclass, without ranges."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def is_plain(field_type: Any) -> bool:
    """Returns whether a type is that of one plain value, or of one or None."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return arguments[1:] == (types.NoneType,) and arguments[0] in _PLAIN
    return field_type in _PLAIN


def typed(convert: Callable[[Any, Any], Any], value: Any, field_type: Any, full_name: str) -> Any:
    """Returns `convert(value, field_type)`, and says whose value it is that does not convert.

    Args:
        convert: `parse` or `taken`.
        value: what is given.
        field_type: as `field_types` has it.
        full_name: of the hyper-parameter.

    Raises:
        ValueError: when the value is of another type.
    """
    try:
        return convert(value, field_type)
    except (ValueError, OverflowError):
        raise InvalidError(
            f"The hyper-parameter '{full_name}' is {type_name(field_type)}; {value!r} is not."
        ) from None


def parse(text: str, field_type: Any) -> Any:
    """Reads a value as the command line writes it; raises a ValueError when it is none."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return None if text.lower() == "none" else parse(text, arguments[0])
    if typing.get_origin(field_type) is tuple:
        items = text.removeprefix("[").removesuffix("]").split(",")
        return tuple(parse(item.strip(), arguments[0]) for item in items if item.strip())
    if field_type is bool:
        known = {"true": True, "1": True, "false": False, "0": False}
        if text.lower() not in known:
            raise ValueError
        return known[text.lower()]
    return field_type(text)


def written(value: Any) -> str:
    """Writes a value as `parse` reads it."""
    if isinstance(value, tuple):
        return f"[{','.join(map(written, value))}]"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def taken(value: Any, field_type: Any) -> Any:
    """Takes a value as JSON or Python holds it; raises a ValueError when it is of another type."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return None if value is None else taken(value, arguments[0])
    if typing.get_origin(field_type) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError
        return tuple(taken(item, arguments[0]) for item in value)
    if field_type is float and type(value) is int:
        return float(value)
    if type(value) is not field_type:
        raise ValueError
    return value


def type_name(field_type: Any) -> str:
    """Returns what a type is called in a sentence."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return f"{type_name(arguments[0])} or none"
    if typing.get_origin(field_type) is tuple:
        return f"a list of type {arguments[0].__name__}"
    names = {int: "an integer", float: "a number", bool: "true or false", str: "a text"}
    return names.get(field_type, "a group of values by name")
