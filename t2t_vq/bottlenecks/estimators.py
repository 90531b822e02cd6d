"""How gradients get past an assignment that has none of its own."""

from keras import ops

from t2t_vq import em
from t2t_vq.tensors import Tensor

_SMALLEST = 1e-6  # squared norm below which a direction is meaningless


def normalized(x: Tensor) -> Tensor:
    """Returns vectors `[..., D]` of length 1; one of length near 0 stays short.

    Example:
        >>> np.asarray(normalized(ops.array([[3.0, 4.0]]))).round(4)
        array([[0.6, 0.8]], dtype=float32)
    """
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=-1, keepdims=True), _SMALLEST))


def rotation_trick(x: Tensor, quantized: Tensor) -> Tensor:
    """`quantized` in the forward pass; the gradient is turned back from its direction to that of x.

    The output is `|q| / |x| R x` with the rotation R that takes x's direction to q's, R and the
    norms constant: vectors of one cell get different gradients, by where they lie around the code.

    Args:
        x: `[N, D]`.
        quantized: `[N, D]`.

    Returns:
        `[N, D]`, equal to `quantized` to the last bit.

    Reference:
        Fifty et al., "Restructuring vector quantization with the rotation trick",
        https://arxiv.org/abs/2410.06424, section 4.

    Example:
        >>> np.asarray(rotation_trick(ops.array([[2.0, 0.0]]), ops.array([[0.0, 1.0]])))
        array([[0., 1.]], dtype=float32)
    """
    quantized = ops.stop_gradient(quantized)
    source, target = normalized(ops.stop_gradient(x)), normalized(quantized)
    middle = normalized(source + target)
    scale = _norm(quantized) / ops.maximum(_norm(ops.stop_gradient(x)), _SMALLEST**0.5)
    reflected = x - 2.0 * _dot(x, middle) * middle
    rotated = scale * (reflected + 2.0 * _dot(x, source) * target)
    return quantized + (rotated - ops.stop_gradient(rotated))


def _dot(a, b):
    return ops.sum(a * b, axis=-1, keepdims=True)


def _norm(x):
    return ops.sqrt(_dot(x, x))


ESTIMATORS = {"straight_through": em.straight_through, "rotation": rotation_trick}
