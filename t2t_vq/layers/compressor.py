"""From a target sequence to the short sequence of vectors that is quantised."""

from typing import Any

import keras
from keras import ops

from t2t_vq.errors import InvalidError
from t2t_vq.layers.residual_convolution import ResidualConvolution
from t2t_vq.tensors import Shape, Tensor

_RESIDUAL_LAYERS = 3


def compressed_mask(mask: Tensor, steps: int) -> Tensor:
    """Returns which latents stand for at least one token.

    Args:
        mask: `[batch, length]` bool; length is a multiple of `2**steps`.
        steps: number of halvings.

    Returns:
        `[batch, length / 2**steps]` bool.

    Example:
        >>> mask = ops.array([[True, True, True, False, False, False]])
        >>> np.asarray(compressed_mask(mask, steps=1))
        array([[ True,  True, False]])
    """
    length = ops.shape(mask)[1]
    return ops.any(ops.reshape(mask, (-1, length // (1 << steps), 1 << steps)), axis=-1)


@keras.saving.register_keras_serializable(package="t2t_vq")
class Compressor(keras.layers.Layer):
    """Residual convolutions, then strided ones that each halve the length, all masked.

    The output is normalised without parameters, so that distances to a codebook have one scale.

    Args:
        steps: number of halvings, n_c.
        dropout: rate in the residual convolutions while training. Default 0.

    Call arguments:
        x: `[batch, length, dim]`; length is a multiple of `2**steps`.
        mask: `[batch, length]` bool, false at padding.

    Returns:
        `[batch, length / 2**steps, dim]`.

    Raises:
        ValueError: when the length cannot be halved `steps` times.

    Reference:
        arXiv 1805.11063, section 4.

    Example:
        >>> compress = Compressor(steps=2)
        >>> x, mask = keras.random.normal((1, 8, 16)), ops.ones((1, 8), "bool")
        >>> tuple(compress(x, mask).shape)
        (1, 2, 16)
    """

    def __init__(self, steps: int, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps = steps
        self.dropout_rate = dropout

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        self.residual = [
            ResidualConvolution(self.dropout_rate, dtype=self.dtype_policy)
            for _ in range(_RESIDUAL_LAYERS)
        ]
        # A convolution of width and stride 2 is a matmul over pairs of positions.
        self.halve = [keras.layers.Dense(dim, dtype=self.dtype_policy) for _ in range(self.steps)]
        for layer in self.residual:
            layer.build((None, None, dim))
        for layer in self.halve:
            layer.build((None, None, 2 * dim))
        self.norm = keras.layers.LayerNormalization(
            epsilon=1e-6, center=False, scale=False, dtype=self.dtype_policy
        )
        self.norm.build((None, None, dim))
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool = False) -> Tensor:
        if (x.shape[1] or 0) % (1 << self.steps):
            raise InvalidError(
                f"A sequence of {x.shape[1]} cannot be halved {self.steps} times. "
                f"Pad it to a multiple of {1 << self.steps}."
            )
        for layer in self.residual:
            x = layer(x, mask, training=training)
        for step, layer in enumerate(self.halve):
            step_mask = compressed_mask(mask, step)[:, :, None]
            x = ops.where(step_mask, ops.relu(x) if step else x, 0.0)
            x = layer(ops.reshape(x, (-1, ops.shape(x)[1] // 2, 2 * x.shape[2])))
        return self.norm(x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "steps": self.steps, "dropout": self.dropout_rate}
