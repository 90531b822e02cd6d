"""What constructors check of the options that they are given."""

import numbers
from typing import Any

import keras

from t2t_vq.bottlenecks.base import Bottleneck
from t2t_vq.config.ranges import OneOf, Within
from t2t_vq.errors import InvalidError

NOT_NEGATIVE = Within(0)
POSITIVE = Within(0, above=True)


def check_number(name: str, value: Any, allowed: Within, because: str = "") -> None:
    """Refuses what is no number in a range.

    Args:
        name, value: of the option.
        allowed: a `Within`.
        because: what the message ends with, such as ": it is a share of the mean count".
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or value not in allowed:
        raise InvalidError(f"{name}={value!r} must be {allowed}{because}.")


def check_choice(name: str, value: Any, allowed: OneOf) -> None:
    """Refuses what is none of some texts."""
    if value not in allowed:
        raise InvalidError(f"{name}={value!r} must be {allowed}.")


def check_schedule(name: str, value: Any, allowed: Within) -> None:
    """Refuses what is no number in a range, unless it may change: a schedule, or a variable."""
    changes = isinstance(value, keras.optimizers.schedules.LearningRateSchedule)
    if not (changes or keras.ops.is_tensor(value) or isinstance(value, keras.Variable)):
        check_number(name, value, allowed, ", or a schedule of Keras")


def check_count(name: str, value: Any, alternative: str = "") -> None:
    """Refuses what is no integer of 1 or more."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise InvalidError(f"{name}={value!r} must be an integer.{alternative}")
    if value < 1:
        raise InvalidError(f"{name}={value} must be at least 1.{alternative}")


def check_seed(seed: Any) -> None:
    """Refuses what is no integer, such as None: all draws repeat."""
    if not isinstance(seed, numbers.Integral):
        raise InvalidError(
            f"seed={seed!r} must be an integer: it and the number of updates are all that random "
            "numbers depend on."
        )


def check_bottleneck(name: str, value: Any) -> None:
    """Refuses what is no bottleneck."""
    if not isinstance(value, Bottleneck):
        raise InvalidError(
            f"{name}={value!r} must be a bottleneck, such as VectorQuantizer(num_codes=512)."
        )
