"""Hyper-parameters from text and from JSON, and back."""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from t2t_vq.config.bottleneck import BottleneckConfig
from t2t_vq.config.checks import check
from t2t_vq.config.values import field_types, parse, taken, type_name, typed, written
from t2t_vq.errors import InvalidError, WrongTypeError

# Of one class, ours or one of the user's.
Config = TypeVar("Config")


def split_set(text: str) -> tuple[str, str]:
    """Splits "softem_nat,hidden_size=256" into the set's name and its overrides.

    Returns:
        `(name, overrides)`; overrides is an empty string when there are none.

    Example:
        >>> split_set("softem_nat,hidden_size=256,dropout=0.2")
        ('softem_nat', 'hidden_size=256,dropout=0.2')
    """
    if not isinstance(text, str):
        raise WrongTypeError(
            f"Hyper-parameters are a string, such as 'softem_nat,hidden_size=256', not {text!r}."
        )
    name, _, overrides = text.partition(",")
    if not name or "=" in name:
        raise InvalidError(
            f"--hparams={text} does not begin with a set. Write the set first, then overrides: "
            "--hparams=softem_nat,hidden_size=256"
        )
    return name, overrides


def override(hparams: Config, overrides: str) -> Config:
    """Returns a copy of `hparams` with some fields changed.

    Args:
        hparams: a dataclass of this module, or one of the user's.
        overrides: "field=value,nested.field=value"; empty changes nothing. A list takes
            brackets, "[1,2]"; an optional field takes `none`.

    Raises:
        ValueError: for an unknown field, a name given twice, a value of the wrong type or out of
            range, or values that do not fit together; the message is one line that names the field.

    Example:
        >>> override(BottleneckConfig(), "kind=fsq,levels=[8,5,5]").levels
        (8, 5, 5)
    """
    changes = []
    for item in _split(overrides):
        name, equals, value = item.partition("=")
        name = name.strip()
        if not equals:
            raise InvalidError(f"The override '{item}' has no value. Write {name}=VALUE.")
        changes.append((_full_name(hparams, name), value.strip()))
    names = [name for name, _ in changes]
    for name in names:
        if names.count(name) > 1:
            raise InvalidError(f"The hyper-parameter '{name}' is given twice. Give it once.")
    # What else there is to set hangs on the kind.
    for name, value in sorted(changes, key=lambda change: not change[0].endswith(".kind")):
        hparams = _set(hparams, name, value, name)
    check(hparams)
    return hparams


def _full_name(hparams, name):
    """Returns the name of a field; a nested configuration alone is its kind: bottleneck=vq."""
    return f"{name}.kind" if dataclasses.is_dataclass(getattr(hparams, name, None)) else name


def overrides_of(hparams: Any, base: Any) -> str:
    """Returns the text with which `override` makes `hparams` of `base`, of the same class.

    Example:
        >>> overrides_of(BottleneckConfig(num_codes=64, soft=True), BottleneckConfig())
        'num_codes=64,soft=true'
    """
    items = []
    for field in dataclasses.fields(base):
        value, own = getattr(hparams, field.name), getattr(base, field.name)
        if dataclasses.is_dataclass(value):
            items += [f"{field.name}.{item}" for item in _split(overrides_of(value, own))]
        elif isinstance(value, dict):
            items += [
                f"{name}={written(item)}" for name, item in value.items() if own.get(name) != item
            ]
        elif value != own:
            items.append(f"{field.name}={written(value)}")
    return ",".join(items)


def to_dict(hparams: Any) -> dict[str, Any]:
    """Returns `hparams` as nested dictionaries of plain values, fit for JSON.

    Example:
        >>> to_dict(BottleneckConfig(kind="vq"))["kind"]
        'vq'
    """
    return dataclasses.asdict(hparams)


def from_dict(cls: type[Config], values: Mapping[str, Any]) -> Config:
    """Returns the dataclass `cls` with the values that `to_dict` gave.

    Raises:
        ValueError: when a field is unknown, missing, of the wrong type or out of range, or values
            do not fit together.

    Example:
        >>> from_dict(BottleneckConfig, {"kind": "vq", "num_codes": 64}).num_codes
        64
    """
    found = _from_dict(cls, values, "")
    check(found)
    return found


def _from_dict(cls, values, prefix):
    given = {}
    for name, value in values.items():
        full_name = prefix + name
        field_type = _field_type(cls, name, full_name)
        if dataclasses.is_dataclass(field_type) and isinstance(value, dict):
            given[name] = _from_dict(field_type, value, f"{full_name}.")
        else:
            given[name] = typed(taken, value, field_type, full_name)
    for field in dataclasses.fields(cls):
        defaults = (field.default, field.default_factory)
        if field.name not in given and defaults == (dataclasses.MISSING,) * 2:
            raise InvalidError(f"{cls.__name__} needs the hyper-parameter '{prefix}{field.name}'.")
    return cls(**given)


def _split(text):
    """Splits at commas that stand outside brackets."""
    items, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and not depth:
            items.append(text[start:i])
            start = i + 1
    return [item for item in [*items, text[start:]] if item.strip()]


def _set(hparams, path, value, full_name):
    name, _, rest = path.partition(".")
    cls, own = type(hparams), {}
    # Only then, as it takes the seconds in which Keras is imported.
    if name not in field_types(cls) and isinstance(hparams, BottleneckConfig):
        own = hparams.own_options()
        if name not in own and (kinds := hparams.kinds_with(name)):
            raise InvalidError(
                f"The bottleneck {hparams.kind} has no option '{full_name}'. Leave it out, or "
                f"choose a kind that has it: {', '.join(kinds)}."
            )
    if name in own and not rest:
        parsed = typed(parse, value, own[name], full_name)
        return dataclasses.replace(hparams, own={**hparams.own, name: parsed})
    field_type = _field_type(cls, name, full_name, own)
    if dataclasses.is_dataclass(field_type):
        nested = _set(getattr(hparams, name), rest, value, full_name)
        return dataclasses.replace(hparams, **{name: nested})
    if rest:
        raise InvalidError(f"'{full_name}' is unknown: '{name}' is {type_name(field_type)}.")
    return dataclasses.replace(hparams, **{name: typed(parse, value, field_type, full_name)})


def _field_type(cls, name, full_name, own=()):
    fields = field_types(cls)
    if name not in fields:
        known = [*fields, *own]
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        prefix = full_name.removesuffix(name)
        close = [prefix + each for each in close]
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(known)}."
        raise InvalidError(f"{cls.__name__} has no hyper-parameter '{full_name}'. {hint}")
    return fields[name]
