"""A product of half-precision factors, in float32."""

import keras
from keras import ops

from t2t_vq.tensors import Tensor


def float32_product(x: Tensor, kernel: Tensor) -> Tensor:
    """Multiplies in float32 what may be in half precision; its gradients stay in half precision.

    Half precision has 8 or 11 bits: logits rounded to it coincide where they differ. The factors'
    own rounding does less harm, and gradients bear it.

    Args:
        x: `[..., D]`.
        kernel: `[D, K]`, of the same type.

    Returns:
        `[..., K]` float32.

    Example:
        >>> product = float32_product(ops.ones((2, 3), "bfloat16"), ops.ones((3, 4), "bfloat16"))
        >>> tuple(product.shape), keras.backend.standardize_dtype(product.dtype)
        ((2, 4), 'float32')
    """
    if keras.backend.standardize_dtype(x.dtype) == "float32":
        return ops.matmul(x, kernel)
    return _half_product(x, kernel)


@ops.custom_gradient
def _half_product(x, kernel):
    def gradients(*args, upstream=None):
        upstream = ops.cast(args[0] if upstream is None else upstream, x.dtype)
        rows, columns = ops.reshape(x, (-1, x.shape[-1])), upstream.shape[-1]
        of_kernel = ops.matmul(ops.transpose(rows), ops.reshape(upstream, (-1, columns)))
        return ops.matmul(upstream, ops.transpose(kernel)), of_kernel

    return ops.matmul(ops.cast(x, "float32"), ops.cast(kernel, "float32")), gradients
