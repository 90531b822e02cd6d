"""A masked residual convolution along a sequence."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.dropout import Dropout
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class ResidualConvolution(keras.layers.Layer):
    """Adds a convolution of width 3 to its normalised input; padding leaks into nothing.

    Args:
        dropout: rate on the convolution's output while training. Default 0.

    Call arguments:
        x: `[batch, length, dim]`.
        mask: `[batch, length]` bool, false at padding.

    Returns:
        `[batch, length, dim]`.

    Example:
        >>> layer = ResidualConvolution()
        >>> tuple(layer(keras.random.normal((1, 4, 8)), ops.ones((1, 4), "bool")).shape)
        (1, 4, 8)
    """

    def __init__(self, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dropout_rate = dropout

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=self.dtype_policy)
        self.norm.build(shape)
        # A convolution of width 3 is a matmul over a position and its neighbours.
        self.convolution = keras.layers.Dense(dim, dtype=self.dtype_policy)
        self.convolution.build((None, None, 3 * dim))
        self.dropout = Dropout(self.dropout_rate, dtype=self.dtype_policy)
        self.built = True

    def call(self, x: Tensor, mask: Tensor, training: bool = False) -> Tensor:
        hidden = ops.where(mask[:, :, None], ops.relu(self.norm(x)), 0.0)
        padded = ops.pad(hidden, [[0, 0], [1, 1], [0, 0]])
        windows = ops.concatenate([padded[:, :-2], hidden, padded[:, 2:]], axis=-1)
        return x + self.dropout(self.convolution(windows), training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dropout": self.dropout_rate}
