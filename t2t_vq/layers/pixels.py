"""The 256 values of a channel, and the range from -1 to 1 that layers compute in."""

from t2t_vq.tensors import Tensor

NUM_VALUES = 256
_HALF_RANGE = (NUM_VALUES - 1) / 2


def rescaled(values: Tensor) -> Tensor:
    """Returns floats 0 to 255 as -1 to 1.

    Example:
        >>> rescaled(np.array([0.0, 127.5, 255.0]))
        array([-1.,  0.,  1.])
    """
    return values / _HALF_RANGE - 1.0


def as_values(numbers: Tensor) -> Tensor:
    """Returns floats -1 to 1 as 0 to 255; the inverse of `rescaled`.

    Example:
        >>> as_values(np.array([-1.0, 0.0, 1.0]))
        array([  0. , 127.5, 255. ])
    """
    return (numbers + 1.0) * _HALF_RANGE
