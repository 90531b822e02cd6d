"""A decoder of images by convolutions."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.convolutional_encoder import level_width
from t2t_vq.layers.image_decoder import ImageDecoder
from t2t_vq.layers.patches import from_patches
from t2t_vq.layers.residual_convolution_2d import residual_layers
from t2t_vq.tensors import Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class ConvolutionalDecoder(ImageDecoder):
    """Residual convolutions over the small grid, then doublings of height and width.

    A doubling maps a vector to four, which is a transposed convolution of width and stride 2. The
    width is halved with each. A linear map straight from the grid to the pixels' numbers is added:
    with it much of an image is there after a few updates. See `ImageDecoder` for the call.

    Args:
        hidden_size: width over the small grid. Default 128.
        image_shape: `(height, width, channels)`. Default (32, 32, 3).
        downsample_steps: how often height and width are doubled. Default 2.
        num_residual_layers: residual convolutions over the small grid. Default 2.
        num_outputs: numbers for each pixel. Default 100, as `LogisticMixturePixels` needs.
        dropout: rate in the residual convolutions while training. Default 0.

    Reference:
        "Neural Discrete Representation Learning" (arXiv 1711.00937), section 4.1; the linear map is
        ours.

    Example:
        >>> decode = ConvolutionalDecoder(hidden_size=16, num_outputs=5)
        >>> tuple(decode(keras.random.normal((1, 64, 16))).shape)
        (1, 32, 32, 5)
    """

    def __init__(
        self,
        hidden_size: int = 128,
        image_shape: tuple[int, int, int] = (32, 32, 3),
        downsample_steps: int = 2,
        num_residual_layers: int = 2,
        num_outputs: int = 100,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(hidden_size, image_shape, downsample_steps, num_outputs, dropout, **kwargs)
        self.num_residual_layers = num_residual_layers

    def build_pixels(self) -> None:
        dim, self.double = self.hidden_size, []
        self.residual = residual_layers(
            dim, self.num_residual_layers, self.dropout_rate, self.dtype_policy
        )
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=self.dtype_policy)
        self.norm.build((None, None, None, dim))
        for step in range(self.downsample_steps):
            width = level_width(self.hidden_size, step + 1)
            layer = keras.layers.Dense(
                4 * width, kernel_initializer="he_normal", dtype=self.dtype_policy
            )
            layer.build((None, None, None, dim))
            self.double.append(layer)
            dim = width
        self.final = self.final_map(self.num_outputs, dim)
        self.side = 2**self.downsample_steps
        self.shortcut = self.final_map(self.side**2 * self.num_outputs, self.hidden_size)

    def pixels(self, grid: Tensor, training: bool) -> Tensor:
        linear = from_patches(self.shortcut(grid), self.side)
        for layer in self.residual:
            grid = layer(grid, training=training)
        grid = ops.relu(self.norm(grid))
        for double in self.double:
            grid = ops.relu(from_patches(double(grid), 2))
        return self.final(grid) + linear

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_residual_layers": self.num_residual_layers}
