"""The contract of a distribution over images of 8 bits a channel."""

from typing import Any

import keras
from keras import ops

from t2t_vq.errors import InvalidError
from t2t_vq.tensors import Tensor


class PixelLikelihood(keras.layers.Layer):
    """A distribution over the pixels of an image, given what a decoder says of each of them.

    Pixels are independent of each other, given their parameters. The layer has no weights: the
    decoder's last map makes the parameters, zeros of which are a broad distribution. Everything is
    computed in float32, whatever the precision of the parameters. Calling the layer is `log_prob`.

    Args:
        channels: of the images.
    """

    def __init__(self, channels: int = 3, **kwargs: Any) -> None:
        # Rounded to bfloat16, the parameters would lose what float32 is there for.
        super().__init__(autocast=False, **kwargs)
        self.channels = channels

    @property
    def num_parameters(self) -> int:
        """Numbers that describe the distribution of a pixel."""
        raise NotImplementedError(f"{type(self).__name__} does not implement num_parameters.")

    def call(self, parameters: Tensor, images: Tensor) -> Tensor:
        return self.log_prob(parameters, images)

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        """Returns the log-probability of whole images.

        Args:
            parameters: `[batch, height, width, num_parameters]`.
            images: `[batch, height, width, channels]` integers, 0 to 255.

        Returns:
            `[batch]` float32, nats, summed over pixels and channels.

        Raises:
            ValueError: when a shape does not fit, or when the images are not integers.
        """
        images = ops.convert_to_tensor(images)
        self._check("images", images, self.channels)
        if "int" not in keras.backend.standardize_dtype(images.dtype):
            raise InvalidError(
                f"Images are {keras.backend.standardize_dtype(images.dtype)}, and their likelihood "
                "is one of integers. Give the values 0 to 255 as uint8."
            )
        return ops.sum(self._pixel_log_prob(self._float32(parameters), images), axis=(1, 2))

    def mean(self, parameters: Tensor) -> Tensor:
        """Returns the expected images.

        Args:
            parameters: `[batch, height, width, num_parameters]`.

        Returns:
            `[batch, height, width, channels]` float32, 0 to 255.
        """
        return self._pixel_mean(self._float32(parameters))

    def _pixel_log_prob(self, parameters, images):
        """Returns the log-probability `[batch, height, width]` of each pixel."""
        raise NotImplementedError(f"{type(self).__name__} does not implement _pixel_log_prob().")

    def _pixel_mean(self, parameters):
        raise NotImplementedError(f"{type(self).__name__} does not implement _pixel_mean().")

    def _float32(self, parameters):
        self._check("parameters", parameters, self.num_parameters)
        return ops.cast(parameters, "float32")

    def _check(self, name, tensor, width):
        if len(tensor.shape) != 4 or tensor.shape[-1] != width:
            raise InvalidError(
                f"{type(self).__name__} got {name} of shape {tuple(tensor.shape)}. "
                f"Give them as [batch, height, width, {width}]."
            )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "channels": self.channels}
