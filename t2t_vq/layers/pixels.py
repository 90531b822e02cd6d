"""The 256 values of a channel, and the range from -1 to 1 that layers compute in."""

NUM_VALUES = 256
_HALF_RANGE = (NUM_VALUES - 1) / 2


def rescaled(values):
    """Returns floats 0 to 255 as -1 to 1.

    Example:
        rescaled(ops.array([0.0, 127.5, 255.0]))  # [-1.0, 0.0, 1.0]
    """
    return values / _HALF_RANGE - 1.0


def as_values(numbers):
    """Returns floats -1 to 1 as 0 to 255; the inverse of `rescaled`.

    Example:
        as_values(ops.array([-1.0, 0.0, 1.0]))  # [0.0, 127.5, 255.0]
    """
    return (numbers + 1.0) * _HALF_RANGE
