"""An encoder of images by convolutions."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.image_encoder import ImageEncoder
from t2t_vq.layers.residual_convolution_2d import residual_layers
from t2t_vq.tensors import Shape, Tensor


def level_width(hidden_size: int, halvings: int) -> int:
    """Returns the width of layers whose grid is `2**halvings` times the latents' in each direction.

    It is halved as height and width are doubled, so that no level costs more than the latents'.
    """
    return max(hidden_size >> halvings, 1)


@keras.saving.register_keras_serializable(package="t2t_vq")
class ConvolutionalEncoder(ImageEncoder):
    """Convolutions of width 4 and stride 2, then residual ones over the small grid.

    The width doubles with each halving, up to `hidden_size`. See `ImageEncoder` for the call.

    Args:
        hidden_size: width of the vectors. Default 128.
        downsample_steps: how often height and width are halved. Default 2.
        num_residual_layers: residual convolutions over the small grid. Default 2.
        dropout: rate in the residual convolutions while training. Default 0.

    Reference:
        "Neural Discrete Representation Learning" (arXiv 1711.00937), section 4.1.

    Example:
        >>> encode = ConvolutionalEncoder(hidden_size=16)
        >>> tuple(encode(ops.zeros((1, 32, 32, 3), "uint8")).shape)
        (1, 64, 16)
    """

    def __init__(
        self,
        hidden_size: int = 128,
        downsample_steps: int = 2,
        num_residual_layers: int = 2,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(hidden_size, downsample_steps, dropout, **kwargs)
        self.num_residual_layers = num_residual_layers

    def build_grid(self, shape: Shape) -> None:
        dim, self.halve = shape[-1], []
        for left in reversed(range(self.downsample_steps)):
            width = level_width(self.hidden_size, left)
            layer = keras.layers.Conv2D(
                width,
                4,
                strides=2,
                padding="same",
                kernel_initializer="he_normal",
                dtype=self.dtype_policy,
            )
            layer.build((None, None, None, dim))
            self.halve.append(layer)
            dim = width
        self.enter = keras.layers.Dense(self.hidden_size, dtype=self.dtype_policy)
        self.enter.build((None, None, None, dim))
        self.residual = residual_layers(
            self.hidden_size, self.num_residual_layers, self.dropout_rate, self.dtype_policy
        )

    def grid(self, x: Tensor, training: bool) -> Tensor:
        for halve in self.halve:
            x = ops.relu(halve(x))
        x = self.enter(x)
        for layer in self.residual:
            x = layer(x, training=training)
        return x

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_residual_layers": self.num_residual_layers}
