"""A bottleneck of one's own: what becomes of a vector."""

import keras

from t2t_vq import register_bottleneck
from t2t_vq.backend import random_numbers
from t2t_vq.backend.streams import Stream
from t2t_vq.bottlenecks import VectorQuantizer
from t2t_vq.bottlenecks.noise import normal


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

    def quantize_vectors(self, vectors, weights, table, started, training):
        if training:
            shape = keras.ops.shape(vectors)
            drawn = random_numbers.uniform(shape, self.seed, self.step, Stream.OWN)
            vectors = vectors + self.noise * normal(drawn)
        return super().quantize_vectors(vectors, weights, table, started, training)
