"""From a short latent sequence back to one vector a token."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.residual_convolution import ResidualConvolution
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class Decompressor(keras.layers.Layer):
    """Doublings of the length, each after a residual convolution.

    Args:
        steps: number of doublings, n_c.
        dropout: rate in the residual convolutions while training. Default 0.

    Call arguments:
        x: `[batch, latents, dim]`.
        mask: `[batch, latents]` bool, false at padding.

    Returns:
        `[batch, latents * 2**steps, dim]`.

    Reference:
        arXiv 1805.11063, section 4.

    Example:
        >>> decompress = Decompressor(steps=2)
        >>> x, mask = keras.random.normal((1, 2, 16)), ops.ones((1, 2), "bool")
        >>> tuple(decompress(x, mask).shape)
        (1, 8, 16)
    """

    def __init__(self, steps: int, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps = steps
        self.dropout_rate = dropout

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        self.residual = [
            ResidualConvolution(self.dropout_rate, dtype=self.dtype_policy)
            for _ in range(self.steps)
        ]
        self.double = [
            keras.layers.Dense(2 * dim, dtype=self.dtype_policy) for _ in range(self.steps)
        ]
        for layer in [*self.residual, *self.double]:
            layer.build((None, None, dim))
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool = False) -> Tensor:
        dim = x.shape[-1]
        for residual, double in zip(self.residual, self.double, strict=True):
            x = double(residual(x, mask, training=training))
            x = ops.reshape(x, (-1, ops.shape(x)[1] * 2, dim))
            mask = ops.repeat(mask, 2, axis=1)
        return x

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "steps": self.steps, "dropout": self.dropout_rate}
