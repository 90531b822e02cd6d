"""From a flat configuration to a bottleneck."""

import inspect
from collections.abc import Mapping
from typing import Any

import keras

from t2t_vq import config, registry
from t2t_vq.bottlenecks.base import Bottleneck
from t2t_vq.bottlenecks.projected import Projected
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer
from t2t_vq.errors import InvalidError, WrongTypeError

_OWN_DEFAULT = ("num_blocks", "num_quantizers", "levels", "discrete_share")


def make_bottleneck(options: dict[str, Any], seed: int = 0) -> Bottleneck:
    """Returns the bottleneck that options describe.

    Args:
        options: dict with fields of `t2t_vq.config.BottleneckConfig`, whose defaults the others
            have: `kind` names a registered bottleneck, and what it does not have is left out.
            `num_blocks`, `num_quantizers`, `levels` and `discrete_share` may be None, for the
            default of the kind.
        seed: of all random numbers, for kinds that draw any.

    Raises:
        registry.UnknownNameError: when the kind is not registered.
        TypeError: for what is no dict.
        ValueError: for a name that is no option, or a value out of range.

    Example:
        >>> layer = make_bottleneck({"kind": "vq", "num_codes": 64})
        >>> type(layer).__name__, layer.num_codes
        ('VectorQuantizer', 64)
    """
    if not isinstance(options, Mapping):
        raise WrongTypeError(
            "make_bottleneck() takes a dict of options, such as {'kind': 'em', 'num_codes': 64}, "
            f"and was given {options!r}."
        )
    described = config.from_dict(config.BottleneckConfig, options)
    options = {**config.to_dict(described), "seed": seed}
    options.update(options.pop("own"))
    kind, dim = registry.bottlenecks[options.pop("kind")], options.pop("projection_dim")
    for name in _OWN_DEFAULT:
        if options[name] is None:
            del options[name]
    end, steps = options.pop("temperature_end"), options.pop("temperature_steps")
    if steps:
        options["temperature"] = keras.optimizers.schedules.PolynomialDecay(
            options["temperature"], steps, end_learning_rate=end
        )
    bottleneck = _made(kind, options)
    if not isinstance(bottleneck, Bottleneck):
        raise InvalidError(
            f"The bottleneck {described.kind} gives a {type(bottleneck).__name__}, and a layer is "
            "needed that is derived from t2t_vq.bottlenecks.base.Bottleneck. Derive it from that, "
            "or from one of the kinds there are."
        )
    return Projected(bottleneck, dim=dim) if dim else bottleneck


def _made(kind, options):
    """Returns a bottleneck of a class, or what a function composes of a `VectorQuantizer`."""
    if hasattr(kind, "from_options"):
        return kind.from_options(options)
    options = {**options, "quantizer": VectorQuantizer.from_options(options)}
    names = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in options.items() if name in names})
