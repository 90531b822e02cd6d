"""Which values a model can be trained with."""

import dataclasses
import types
import typing
from typing import Any

from t2t_vq import registry
from t2t_vq.config.bottleneck import BottleneckConfig
from t2t_vq.config.hparams import HParams
from t2t_vq.config.images import ImageHParams
from t2t_vq.config.ranges import FINITE, Within
from t2t_vq.config.translation import TransformerHParams, TransformerNatHParams
from t2t_vq.config.values import field_types, taken, type_name, typed
from t2t_vq.errors import InvalidError

_SHIPPED = {
    "transformer": TransformerHParams,
    "transformer_nat": TransformerNatHParams,
    "vq_autoencoder": ImageHParams,
}
# What arrays can be as long as.
_WHOLE = Within(-(2**31), 2**31)


def check(hparams: Any) -> None:
    """Refuses values that no model can be trained with, each field by its type's range.

    Args:
        hparams: a dataclass of this module, or one of the user's.

    Raises:
        registry.UnknownNameError: for a model or a bottleneck that is not registered.
        ValueError: for a value of another type or out of its range, or values that do not fit
            together.

    Example:
        >>> check(BottleneckConfig(num_codes=64))
    """
    _check_types(hparams, "")
    for name, hint, value in _leaves(hparams, ""):
        allowed = _allowed(hint)
        if allowed is not None and value not in allowed:
            raise InvalidError(
                f"The hyper-parameter '{name}' is {value!r}, and it must be {allowed}."
            )
    for value in (hparams, getattr(hparams, "bottleneck", None)):
        if isinstance(value, BottleneckConfig):
            _check_bottleneck(value)
    if isinstance(hparams, HParams):
        registry.models.check(hparams.model)
        needed = _SHIPPED.get(hparams.model, HParams)
        if not isinstance(hparams, needed):
            raise InvalidError(
                f"The model {hparams.model} needs hyper-parameters of the class "
                f"{needed.__name__}, and these are of {type(hparams).__name__}. Choose a set of "
                "that model."
            )
        for misfit in hparams.misfits():
            raise InvalidError(misfit)


def _check_types(hparams, prefix):
    hints = field_types(type(hparams))
    for field in dataclasses.fields(hparams):
        name, field_type, value = field.name, hints[field.name], getattr(hparams, field.name)
        if dataclasses.is_dataclass(field_type) and isinstance(value, field_type):
            _check_types(value, f"{prefix}{name}.")
        else:
            typed(taken, value, field_type, prefix + name)


def _check_bottleneck(bottleneck):
    registry.bottlenecks.check(bottleneck.kind)
    known = bottleneck.own_options() if bottleneck.own else {}
    for name, value in bottleneck.own.items():
        if name not in known:
            raise InvalidError(
                f"The bottleneck {bottleneck.kind} has no option '{name}'. Of its own it has "
                f"{', '.join(known) or 'none'}."
            )
        option = f"The option '{name}' of the bottleneck {bottleneck.kind}"
        try:
            taken(value, known[name])
        except ValueError:
            raise InvalidError(f"{option} is {type_name(known[name])}; {value!r} is not.") from None
        allowed = {int: _WHOLE, float: FINITE}.get(type(value))
        if allowed is not None and value not in allowed:
            raise InvalidError(f"{option} is {value!r}, and it must be {allowed}.")


def _leaves(values, prefix):
    """Yields name, type and value of every number and text; none has neither."""
    hints = typing.get_type_hints(type(values), include_extras=True)
    for field in dataclasses.fields(values):
        name, hint, value = prefix + field.name, hints[field.name], getattr(values, field.name)
        if dataclasses.is_dataclass(value):
            yield from _leaves(value, f"{name}.")
        elif value is not None:
            is_optional = typing.get_origin(hint) in (types.UnionType, typing.Union)
            hint = typing.get_args(hint)[0] if is_optional else hint
            if isinstance(value, tuple):
                hint = typing.get_args(hint)[0]
            for item in value if isinstance(value, tuple) else (value,):
                yield name, hint, item


def _allowed(hint):
    """Returns what a type allows; None where it allows everything."""
    if typing.get_origin(hint) is typing.Annotated:
        return hint.__metadata__[0]
    # Whatever it is, a number that is none has no use.
    return FINITE if hint is float else None
