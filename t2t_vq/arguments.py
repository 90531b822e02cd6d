"""Arguments of several parts of the package; imports nothing heavy."""

import numbers
from typing import Any

import numpy as np

from t2t_vq.errors import InvalidError


def check_whole(name: str, value: Any, least: int) -> None:
    """Refuses a number to draw with that is not whole, or too low.

    Args:
        name: that it is called by.
        value: the number.
        least: that it may be.

    Raises:
        ValueError: then.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
        raise InvalidError(
            f"{name}={value!r} cannot be drawn with. Give a whole number from {least} on."
        )


def check_codes(codes: np.ndarray, num_codes: int) -> None:
    """Refuses codes that a codebook does not have.

    Args:
        codes: integers.
        num_codes: K.

    Raises:
        ValueError: then.
    """
    if not are_indices(codes, num_codes):
        raise InvalidError(
            f"Codes are from 0 to {num_codes - 1}, and these from {codes.min()} to {codes.max()}. "
            "Give those of a model with this codebook."
        )


def are_indices(array: np.ndarray, number: int) -> bool:
    """Returns whether integers are all from 0 to `number - 1`.

    Example:
        >>> are_indices(np.array([0, 2]), 3), are_indices(np.array([3]), 3)
        (True, False)
    """
    return not array.size or bool(array.min() >= 0 and array.max() < number)
