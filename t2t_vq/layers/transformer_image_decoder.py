"""A decoder of images by a Transformer over patches."""

from typing import Any

import keras

from t2t_vq.layers.image_decoder import ImageDecoder
from t2t_vq.layers.patches import from_patches
from t2t_vq.layers.positions import check_grid_width
from t2t_vq.layers.transformer_image_encoder import transform_grid
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.tensors import Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class TransformerImageDecoder(ImageDecoder):
    """A Transformer over the small grid, each position of which becomes a patch of pixels.

    See `ImageDecoder` for the call.

    Args:
        hidden_size: width of the Transformer, a multiple of 4 and of `num_heads`. Default 128.
        image_shape: `(height, width, channels)`. Default (32, 32, 3).
        downsample_steps: a patch is `2**downsample_steps` pixels high and wide. Default 2.
        num_layers, filter_size, num_heads: of the Transformer. Default 2, 512 and 4.
        num_outputs: numbers for each pixel. Default 100, as `LogisticMixturePixels` needs.
        dropout: rate while training. Default 0.

    Example:
        >>> decode = TransformerImageDecoder(hidden_size=16, filter_size=32, num_outputs=5)
        >>> tuple(decode(keras.random.normal((1, 64, 16))).shape)
        (1, 32, 32, 5)
    """

    def __init__(
        self,
        hidden_size: int = 128,
        image_shape: tuple[int, int, int] = (32, 32, 3),
        downsample_steps: int = 2,
        num_layers: int = 2,
        filter_size: int = 512,
        num_heads: int = 4,
        num_outputs: int = 100,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(hidden_size, image_shape, downsample_steps, num_outputs, dropout, **kwargs)
        check_grid_width(hidden_size, num_heads)
        self.num_layers = num_layers
        self.filter_size = filter_size
        self.num_heads = num_heads

    def build_pixels(self) -> None:
        self.stack = TransformerStack(
            self.num_layers,
            self.filter_size,
            self.num_heads,
            self.dropout_rate,
            dtype=self.dtype_policy,
        )
        self.stack.build((None, None, self.hidden_size))
        self.final = self.final_map(
            self.num_outputs << (2 * self.downsample_steps), self.hidden_size
        )

    def pixels(self, grid: Tensor, training: bool) -> Tensor:
        grid = self.final(transform_grid(self.stack, grid, training))
        return from_patches(grid, 1 << self.downsample_steps)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "filter_size": self.filter_size,
            "num_heads": self.num_heads,
        }
