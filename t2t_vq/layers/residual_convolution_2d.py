"""A residual convolution over a grid."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.dropout import Dropout
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class ResidualConvolution2D(keras.layers.Layer):
    """Adds a 3 x 3 and a 1 x 1 convolution, one after the other, of its normalised input.

    Args:
        dropout: rate on what is added while training. Default 0.

    Call arguments:
        x: `[batch, height, width, dim]`.

    Returns:
        `[batch, height, width, dim]`.

    Reference:
        "Neural Discrete Representation Learning" (arXiv 1711.00937), section 4.1; the normalisation
        is ours.

    Example:
        >>> layer = ResidualConvolution2D()
        >>> tuple(layer(keras.random.normal((1, 4, 4, 8))).shape)
        (1, 4, 4, 8)
    """

    def __init__(self, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dropout_rate = dropout

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=self.dtype_policy)
        self.convolution = keras.layers.Conv2D(
            dim, 3, padding="same", kernel_initializer="he_normal", dtype=self.dtype_policy
        )
        self.combine = keras.layers.Dense(dim, dtype=self.dtype_policy)
        for layer in (self.norm, self.convolution, self.combine):
            layer.build((None, None, None, dim))
        self.dropout = Dropout(self.dropout_rate, dtype=self.dtype_policy)
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        hidden = self.convolution(ops.relu(self.norm(x)))
        return x + self.dropout(self.combine(ops.relu(hidden)), training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dropout": self.dropout_rate}


def residual_layers(
    dim: int, number: int, dropout: float, dtype: Any
) -> list[ResidualConvolution2D]:
    """Returns so many `ResidualConvolution2D` in a list, built for vectors of `dim`."""
    layers = [ResidualConvolution2D(dropout, dtype=dtype) for _ in range(number)]
    for layer in layers:
        layer.build((None, None, None, dim))
    return layers
