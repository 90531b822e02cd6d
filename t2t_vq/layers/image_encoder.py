"""The contract of an encoder of images."""

from typing import Any

import keras
from keras import ops

from t2t_vq.errors import InvalidError
from t2t_vq.layers.pixels import rescaled
from t2t_vq.tensors import Shape, Tensor


class ImageEncoder(keras.layers.Layer):
    """From an image to one vector a position of a smaller grid.

    The output is normalised without parameters, so that distances to a codebook have one scale.

    Args:
        hidden_size: width of the vectors.
        downsample_steps: how often height and width are halved.
        dropout: rate while training.

    Call arguments:
        images: `[batch, height, width, channels]`, integers or floats 0 to 255.

    Returns:
        `[batch, positions, hidden_size]`, the positions row after row; there are
        `height * width / 4**downsample_steps`.

    Raises:
        ValueError: when height or width cannot be halved that often.
    """

    def __init__(
        self, hidden_size: int, downsample_steps: int, dropout: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.downsample_steps = downsample_steps
        self.dropout_rate = dropout

    def build(self, shape: Shape) -> None:
        check_halvings(shape[1:3], self.downsample_steps)
        self.build_grid(shape)
        self.norm = keras.layers.LayerNormalization(
            epsilon=1e-6, center=False, scale=False, dtype=self.dtype_policy
        )
        self.norm.build((None, None, self.hidden_size))
        self.built = True

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        check_halvings(images.shape[1:3], self.downsample_steps)
        x = ops.cast(rescaled(ops.cast(images, "float32")), self.compute_dtype)
        x = self.grid(x, training)
        return self.norm(ops.reshape(x, (-1, x.shape[1] * x.shape[2], self.hidden_size)))

    def build_grid(self, shape: Shape) -> None:
        """Makes the layers of `grid` for images of shape `[batch, height, width, channels]`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement build_grid().")

    def grid(self, x: Tensor, training: bool) -> Tensor:
        """Returns the grid `[batch, rows, columns, hidden_size]` of images in -1 to 1."""
        raise NotImplementedError(f"{type(self).__name__} does not implement grid().")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden_size": self.hidden_size,
            "downsample_steps": self.downsample_steps,
            "dropout": self.dropout_rate,
        }


def check_halvings(size: tuple[int, int], steps: int) -> None:
    """Raises `ValueError` when a `(height, width)` cannot be halved `steps` times."""
    if any(side % (1 << steps) for side in size):
        raise InvalidError(
            f"An image of {size[0]} x {size[1]} pixels cannot be halved {steps} times. Choose a "
            f"smaller downsample_steps, or images whose sides are multiples of {1 << steps}."
        )
