"""Values of hyper-parameters: what type they are of, as text, and as JSON holds them."""

import functools
import types
import typing

from t2t_vq.errors import InvalidError

_PLAIN = (bool, int, float, str)


@functools.cache
def field_types(cls):
    """Returns `{name: type}` of a dataclass, without ranges."""
    return typing.get_type_hints(cls)


def is_plain(field_type):
    """Returns whether a type is that of one plain value, or of one or None."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return arguments[1:] == (types.NoneType,) and arguments[0] in _PLAIN
    return field_type in _PLAIN


def typed(convert, value, field_type, full_name):
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


def parse(text, field_type):
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


def written(value):
    """Writes a value as `parse` reads it."""
    if isinstance(value, tuple):
        return f"[{','.join(map(written, value))}]"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def taken(value, field_type):
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


def type_name(field_type):
    """Returns what a type is called in a sentence."""
    arguments = typing.get_args(field_type)
    if typing.get_origin(field_type) in (types.UnionType, typing.Union):
        return f"{type_name(arguments[0])} or none"
    if typing.get_origin(field_type) is tuple:
        return f"a list of type {arguments[0].__name__}"
    names = {int: "an integer", float: "a number", bool: "true or false", str: "a text"}
    return names.get(field_type, "a group of values by name")
