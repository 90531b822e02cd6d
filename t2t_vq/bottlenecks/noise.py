"""Noise of several distributions, made from uniform numbers by inverse CDFs."""

import math

from keras import ops

from t2t_vq.tensors import Tensor

# Away from 0 and 1, where the inverse CDFs are infinite.
_SMALLEST = 1e-7


def normal(uniforms: Tensor) -> Tensor:
    """Standard normal numbers from uniform ones in [0, 1).

    Example:
        >>> np.asarray(normal(ops.array([0.5]))).round(4)
        array([0.], dtype=float32)
    """
    uniforms = ops.clip(uniforms, _SMALLEST, 1.0 - _SMALLEST)
    return math.sqrt(2.0) * ops.erfinv(2.0 * uniforms - 1.0)


def truncated_normal(uniforms: Tensor) -> Tensor:
    """Standard normal numbers, given that they lie in [-2, 2], from uniform ones in [0, 1)."""
    inside = math.erf(math.sqrt(2.0))
    return math.sqrt(2.0) * ops.erfinv(inside * (2.0 * uniforms - 1.0))


def gumbel(uniforms: Tensor) -> Tensor:
    """Standard Gumbel numbers from uniform ones in [0, 1)."""
    return -ops.log(-ops.log(ops.clip(uniforms, _SMALLEST, 1.0 - _SMALLEST)))
