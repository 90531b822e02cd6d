"""The layer `SoftEM`: soft expectation-maximisation with m samples."""

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.bottlenecks import replicas
from t2t_vq.bottlenecks.codebook import SAMPLES, Assignment, CodebookBottleneck
from t2t_vq.registry import register_bottleneck


@register_bottleneck("em")
@keras.saving.register_keras_serializable(package="t2t_vq")
class SoftEM(CodebookBottleneck):
    """Replaces every vector, in training, by the mean of codes drawn from its posterior.

    The posterior is `softmax_j(-|x - e_j|^2 / temperature)`, and all drawn codes share in the
    M-step. Evaluation draws nothing: the output is the most probable code, as in decoding.

    Args:
        num_samples: m, codes drawn for each vector. None takes the exact posterior mean, the limit
            of many samples; `samples` then holds the most probable code alone.
        temperature: of the posterior. At 1, the paper's, it is nearly one-hot in high dimensions:
            watch the metric `posterior_entropy`.
        *args, **kwargs: of `CodebookBottleneck`.

    Raises:
        ValueError: for a value out of range.

    Example:

    >>> layer = SoftEM(num_codes=64, num_samples=10, temperature=2.0)
    >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
    >>> layer.adapt(x)
    >>> output = layer(x, training=True)
    >>> tuple(output.dense.shape), tuple(output.samples.shape)
    ((8, 16, 32), (8, 16, 1, 10))

    References:
        Roy et al., "Theory and experiments on vector quantized autoencoders",
        https://arxiv.org/abs/1805.11063, section 4.
    """

    def __init__(self, *args, num_samples=10, temperature=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        if num_samples is not None and num_samples < 1:
            raise ValueError(f"num_samples={num_samples} must be at least 1, or None.")
        if temperature <= 0:
            raise ValueError(f"temperature={temperature} must be more than 0.")
        self.num_samples = num_samples
        self.temperature = temperature

    def assign(self, x, weights, training):
        """The soft E-step: see `CodebookBottleneck.assign`."""
        logits = ops.stop_gradient(em.posterior_logits(x, self.codebook, self.temperature))
        codes, entropy = em.most_probable(logits), em.posterior_entropy(logits)
        if not training:
            return self._assign_codes(codes, x, weights)._replace(entropy=entropy)
        if self.num_samples is None:
            posterior = ops.softmax(logits, axis=-1)
            samples = codes[:, None]
            quantized = ops.matmul(posterior, self.codebook)
            counts, sums = em.posterior_statistics(x, weights, posterior)
        else:
            shape = (ops.shape(x)[0], self.num_samples)
            uniforms = replicas.uniform(shape, self.seed, self.step, SAMPLES)
            samples = em.sample_codes(logits, uniforms)
            quantized = ops.mean(ops.take(self.codebook, samples, axis=0), axis=1)
            counts, sums = em.code_statistics(x, weights, samples, self.num_codes)
        return Assignment(codes, samples, quantized, counts, sums, entropy)

    def get_config(self):
        return {
            **super().get_config(),
            "num_samples": self.num_samples,
            "temperature": self.temperature,
        }
