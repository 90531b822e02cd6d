"""A bottleneck of one's own: what becomes of a vector."""

import keras

from t2t_vq import register_bottleneck
from t2t_vq.bottlenecks import VectorQuantizer


@register_bottleneck("noisy-vq")
@keras.saving.register_keras_serializable("own")
class NoisyVectorQuantizer(VectorQuantizer):
    """Nearest codes of vectors with noise.

    Args:
        num_codes: as `VectorQuantizer`.
        noise: standard deviation of the noise in training.
        **kwargs: as `VectorQuantizer`.
    """

    def __init__(self, num_codes=4096, *, noise=0.1, **kwargs):
        super().__init__(num_codes, **kwargs)
        self.noise = noise

    def _quantize(self, x, mask, training):
        if training:
            x = x + self.noise * keras.random.normal(keras.ops.shape(x))
        return super()._quantize(x, mask, training)
