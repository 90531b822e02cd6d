"""Bits per dimension, the unit of likelihoods of images."""

import math
import numbers
from typing import Any

from t2t_vq.errors import InvalidError


def bits_per_dim(nats: Any, dimensions: int) -> Any:
    """Returns a negative log-likelihood in bits per dimension.

    Args:
        nats: negative log-likelihood of one image, or an array of such, in nats.
        dimensions: numbers in one image, that is height times width times channels.

    Returns:
        As `nats`.

    Raises:
        ValueError: when an image has no dimensions.

    Example:
        >>> print(round(float(bits_per_dim(3072 * math.log(256), dimensions=32 * 32 * 3)), 4))
        8.0
    """
    if not isinstance(dimensions, numbers.Integral) or dimensions < 1:
        raise InvalidError(
            f"An image of {dimensions!r} dimensions has no bits per dimension. Give its height "
            "times width times channels."
        )
    return nats / (dimensions * math.log(2.0))
