"""The contract of a decoder of images."""

from typing import Any

import keras
from keras import ops

from t2t_vq.errors import InvalidError
from t2t_vq.layers.image_encoder import check_halvings
from t2t_vq.tensors import Shape, Tensor

# Zeros are the broad distribution that a likelihood starts from; this share of the usual variance
# is close to them, and yet lets gradients through.
_START_VARIANCE = 0.01


class ImageDecoder(keras.layers.Layer):
    """From one vector a position of a grid to numbers for every pixel, which start small.

    Args:
        hidden_size: width of the layers.
        image_shape: `(height, width, channels)` of the images.
        downsample_steps: how often height and width of the grid are doubled.
        num_outputs: numbers for each pixel, `num_parameters` of a `PixelLikelihood`.
        dropout: rate while training.

    Call arguments:
        x: `[batch, positions, dim]`, the positions row after row.

    Returns:
        `[batch, height, width, num_outputs]`.

    Raises:
        ValueError: when height or width cannot be halved that often, or for another number of
            positions.
    """

    def __init__(
        self,
        hidden_size: int,
        image_shape: tuple[int, int, int],
        downsample_steps: int,
        num_outputs: int,
        dropout: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_halvings(image_shape[:2], downsample_steps)
        self.hidden_size = hidden_size
        self.image_shape = tuple(image_shape)
        self.downsample_steps = downsample_steps
        self.num_outputs = num_outputs
        self.dropout_rate = dropout
        self.grid_shape = tuple(side >> downsample_steps for side in image_shape[:2])

    def build(self, shape: Shape) -> None:
        self.enter = keras.layers.Dense(self.hidden_size, dtype=self.dtype_policy)
        self.enter.build((None, None, None, shape[-1]))
        self.build_pixels()
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        rows, columns = self.grid_shape
        if x.shape[1] != rows * columns:
            raise InvalidError(
                f"There are {x.shape[1]} latent positions, and images of {self.image_shape} that "
                f"are halved {self.downsample_steps} times have {rows} x {columns}. Give encoder "
                "and decoder the same image_shape and downsample_steps."
            )
        grid = self.enter(ops.reshape(x, (-1, rows, columns, x.shape[-1])))
        return self.pixels(grid, training)

    def build_pixels(self) -> None:
        """Makes the layers of `pixels`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement build_pixels().")

    def pixels(self, grid: Tensor, training: bool) -> Tensor:
        """Returns the numbers of each pixel from `[batch, rows, columns, hidden_size]`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement pixels().")

    def final_map(self, units: int, dim: int) -> keras.layers.Dense:
        """Returns the last map of a decoder, of `dim` inputs, whose outputs start small.

        They are logits and the like, which half precision would round: so it is float32.
        """
        final = keras.layers.Dense(
            units,
            kernel_initializer=keras.initializers.VarianceScaling(_START_VARIANCE),
            dtype="float32",
        )
        final.build((None, None, None, dim))
        return final

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "image_shape": self.image_shape,
            "downsample_steps": self.downsample_steps,
            "num_outputs": self.num_outputs,
            "dropout": self.dropout_rate,
        }
