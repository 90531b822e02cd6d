"""What constructors check of the options that they are given."""

import numbers

from t2t_vq.bottlenecks.base import Bottleneck


def check_count(name, value, alternative=""):
    """Refuses what is no integer of 1 or more."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise ValueError(f"{name}={value!r} must be an integer.{alternative}")
    if value < 1:
        raise ValueError(f"{name}={value} must be at least 1.{alternative}")


def check_seed(seed):
    """Refuses what is no integer, such as None: all draws repeat."""
    if not isinstance(seed, numbers.Integral):
        raise ValueError(
            f"seed={seed!r} must be an integer: it and the number of updates are all that random "
            "numbers depend on."
        )


def check_bottleneck(name, value):
    """Refuses what is no bottleneck."""
    if not isinstance(value, Bottleneck):
        raise ValueError(
            f"{name}={value!r} must be a bottleneck, such as VectorQuantizer(num_codes=512)."
        )
