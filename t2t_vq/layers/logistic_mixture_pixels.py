"""A mixture of discretised logistic distributions over the channels of a pixel."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.pixel_likelihood import PixelLikelihood
from t2t_vq.layers.pixels import NUM_VALUES, as_values, rescaled
from t2t_vq.tensors import Tensor

# Values 0 to 255 are -1 to 1 here.
_HALF_BIN = 1.0 / (NUM_VALUES - 1)
# The scale of a logistic distribution that is nearest to uniform over all values, about 0.37.
_START_LOG_SCALE = -1.0
# At the floor a distribution whose mean is a value gives it 0.97; at the ceiling nearly all is in
# the two outermost values.
_LOG_SCALE_FLOOR, _LOG_SCALE_CEILING = -7.0, 7.0


def discretised_logistic(values: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Returns the log-probability of values under a logistic distribution rounded to them.

    What lies beyond 0 and 255 counts as 0 and 255, so that the probabilities of the 256 values add
    up to 1. With `a` and `b` the upper and lower edge of a value's bin in units of the scale,
    `sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a))` exactly, and the logarithm
    of each factor is finite, however far the value is from the mean.

    Args:
        values: `[...]` float32, whole numbers 0 to 255.
        mean: `[...]`, where 0 and 255 are -1 and 1.
        log_scale: `[...]`, logarithm of the scale in the same unit.

    Returns:
        `[...]` float32, nats.

    Reference:
        "PixelCNN++" (arXiv 1701.05517), equation 2.

    Example:
        >>> log_probs = discretised_logistic(ops.array([0.0, 255.0]), 0.0, ops.zeros(2))
        >>> np.asarray(log_probs).round(2)
        array([-1.31, -1.31], dtype=float32)
    """
    inverse_scale = ops.exp(-log_scale)
    centre = (rescaled(values) - mean) * inverse_scale
    half = _HALF_BIN * inverse_scale
    below_upper = ops.where(values < NUM_VALUES - 1, ops.log_sigmoid(centre + half), 0.0)
    above_lower = ops.where(values > 0, ops.log_sigmoid(half - centre), 0.0)
    inside = (values > 0) & (values < NUM_VALUES - 1)
    return below_upper + above_lower + ops.where(inside, ops.log(-ops.expm1(-2.0 * half)), 0.0)


@keras.saving.register_keras_serializable(package="t2t_vq")
class LogisticMixturePixels(PixelLikelihood):
    """A mixture of discretised logistic distributions; channels depend on those before them.

    All channels of a pixel come from one component. In it a channel's mean moves linearly with the
    values of the channels before it, as the colours of a pixel are much alike. A pixel's parameters
    are, each once a component: a logit, the channels' means (0 is the middle of the range, -1 and 1
    are its ends), their log-scales (0 is a scale that is nearly uniform; what is used lies in -6 to
    8, and has no gradient beyond), and the coefficients, before a hyperbolic tangent, of channel 1
    on 0, of 2 on 0, of 2 on 1, and so on.

    The expected image is that of each component's logistic distributions, cut at the ends of the
    range, with the expected value in place of the channels before. So it is off by no more than
    rounding does, but for later channels when earlier ones are often cut.

    Args:
        channels: of the images. Default 3.
        num_mixtures: components. Default 10.

    Reference:
        "PixelCNN++" (arXiv 1701.05517), sections 2.1 and 2.2.

    Example:
        >>> pixels = LogisticMixturePixels(channels=3, num_mixtures=10)
        >>> pixels.num_parameters
        100
        >>> np.asarray(pixels.mean(ops.zeros((1, 2, 2, 100)))[0, 0, 0])
        array([127.5, 127.5, 127.5], dtype=float32)
    """

    def __init__(self, channels: int = 3, num_mixtures: int = 10, **kwargs: Any) -> None:
        super().__init__(channels, **kwargs)
        self.num_mixtures = num_mixtures

    @property
    def num_parameters(self) -> int:
        return self.num_mixtures * (
            1 + 2 * self.channels + self.channels * (self.channels - 1) // 2
        )

    def _pixel_log_prob(self, parameters, images):
        components = self._components(parameters)
        values = ops.cast(images, "float32")
        log_prob = ops.log_softmax(components[..., 0, :])
        before = []
        for channel in range(self.channels):
            value = values[..., channel : channel + 1]
            log_prob += discretised_logistic(value, *self._conditional(components, before))
            before.append(rescaled(value))
        return ops.logsumexp(log_prob, axis=-1)

    def _pixel_mean(self, parameters):
        components = self._components(parameters)
        expected = []
        for _ in range(self.channels):
            mean, log_scale = self._conditional(components, expected)
            scale = ops.exp(log_scale)
            # The integral of the probability to lie above each point of the range.
            above = ops.softplus((mean + 1.0) / scale) - ops.softplus((mean - 1.0) / scale)
            expected.append(scale * above - 1.0)
        weights = ops.softmax(components[..., 0, :])[..., None, :]
        return as_values(ops.sum(weights * ops.stack(expected, axis=-2), axis=-1))

    def _components(self, parameters):
        """Returns the parameters `[batch, height, width, parameters of a component, mixtures]`."""
        return ops.reshape(parameters, (*ops.shape(parameters)[:3], -1, self.num_mixtures))

    def _conditional(self, components, before):
        """Returns mean and log-scale `[batch, height, width, mixtures]` of the next channel.

        Args:
            components: of `_components`.
            before: the channels before, each `[batch, height, width, 1 or mixtures]` in -1 to 1.
        """
        channel = len(before)
        mean = components[..., 1 + channel, :]
        log_scale = components[..., 1 + self.channels + channel, :] + _START_LOG_SCALE
        first = 1 + 2 * self.channels + channel * (channel - 1) // 2
        for index, value in enumerate(before, start=first):
            mean = mean + ops.tanh(components[..., index, :]) * value
        return mean, ops.clip(log_scale, _LOG_SCALE_FLOOR, _LOG_SCALE_CEILING)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_mixtures": self.num_mixtures}
