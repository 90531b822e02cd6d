"""A softmax over the 256 values of every channel."""

import keras
from keras import ops

from t2t_vq.layers.pixel_likelihood import PixelLikelihood
from t2t_vq.layers.pixels import NUM_VALUES


@keras.saving.register_keras_serializable(package="t2t_vq")
class CategoricalPixels(PixelLikelihood):
    """A categorical distribution over the 256 values of each channel, independent of each other.

    Parameters that are 0 are the uniform distribution. A pixel's parameters are the logits of its
    first channel, then those of the second, and so on.

    Args:
        channels: of the images. Default 3.

    Reference:
        "Pixel Recurrent Neural Networks" (arXiv 1601.06759), section 3.4, without its dependence of
        a channel on those before it.

    Example:
        >>> pixels = CategoricalPixels(channels=1)
        >>> image = ops.full((1, 1, 1, 1), 7, dtype="uint8")
        >>> log_prob = pixels.log_prob(ops.zeros((1, 1, 1, 256)), image)
        >>> print(round(float(log_prob[0]), 4))  # the logarithm of 1 / 256
        -5.5452
    """

    @property
    def num_parameters(self) -> int:
        return self.channels * NUM_VALUES

    def _pixel_log_prob(self, parameters, images):
        losses = ops.sparse_categorical_crossentropy(
            images, self._logits(parameters), from_logits=True
        )
        return -ops.sum(losses, axis=-1)

    def _pixel_mean(self, parameters):
        values = ops.arange(NUM_VALUES, dtype="float32")
        return ops.matmul(ops.softmax(self._logits(parameters)), values)

    def _logits(self, parameters):
        return ops.reshape(parameters, (*ops.shape(parameters)[:3], self.channels, NUM_VALUES))
