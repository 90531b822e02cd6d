"""An encoder of images by a Transformer over patches."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.image_encoder import ImageEncoder
from t2t_vq.layers.patches import to_patches
from t2t_vq.layers.positions import check_grid_width, sinusoids_2d
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.tensors import Shape, Tensor


def transform_grid(stack: TransformerStack, grid: Tensor, training: bool) -> Tensor:
    """Runs a `TransformerStack` over `grid` `[batch, rows, columns, dim]` with its positions."""
    rows, columns, dim = grid.shape[1:]
    positions = ops.cast(sinusoids_2d(rows, columns, dim), grid.dtype)
    x = ops.reshape(grid, (-1, rows * columns, dim)) + positions
    return ops.reshape(stack(x, training=training), (-1, rows, columns, dim))


@keras.saving.register_keras_serializable(package="t2t_vq")
class TransformerImageEncoder(ImageEncoder):
    """A Transformer over patches, each a position of the small grid.

    See `ImageEncoder` for the call.

    Args:
        hidden_size: width of the vectors, a multiple of 4 and of `num_heads`. Default 128.
        downsample_steps: a patch is `2**downsample_steps` pixels high and wide. Default 2.
        num_layers, filter_size, num_heads: of the Transformer. Default 2, 512 and 4.
        dropout: rate while training. Default 0.

    Reference:
        "An Image is Worth 16x16 Words" (arXiv 2010.11929), section 3.1, with fixed positions of two
        dimensions.

    Example:
        >>> encode = TransformerImageEncoder(hidden_size=16, filter_size=32)
        >>> tuple(encode(ops.zeros((1, 32, 32, 3), "uint8")).shape)
        (1, 64, 16)
    """

    def __init__(
        self,
        hidden_size: int = 128,
        downsample_steps: int = 2,
        num_layers: int = 2,
        filter_size: int = 512,
        num_heads: int = 4,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(hidden_size, downsample_steps, dropout, **kwargs)
        check_grid_width(hidden_size, num_heads)
        self.num_layers = num_layers
        self.filter_size = filter_size
        self.num_heads = num_heads

    def build_grid(self, shape: Shape) -> None:
        self.embed = keras.layers.Dense(self.hidden_size, dtype=self.dtype_policy)
        self.embed.build((None, None, None, shape[-1] << (2 * self.downsample_steps)))
        self.stack = TransformerStack(
            self.num_layers,
            self.filter_size,
            self.num_heads,
            self.dropout_rate,
            dtype=self.dtype_policy,
        )
        self.stack.build((None, None, self.hidden_size))

    def grid(self, x: Tensor, training: bool) -> Tensor:
        x = self.embed(to_patches(x, 1 << self.downsample_steps))
        return transform_grid(self.stack, x, training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "filter_size": self.filter_size,
            "num_heads": self.num_heads,
        }
