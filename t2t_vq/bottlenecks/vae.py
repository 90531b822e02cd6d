"""The layer `VariationalBottleneck`: Gaussian latents, without codes."""

import math
from typing import Any

import keras
from keras import ops

from t2t_vq.backend import random_numbers
from t2t_vq.backend.streams import Stream
from t2t_vq.bottlenecks import noise
from t2t_vq.bottlenecks.base import Draw, NormalPrior, Quantized
from t2t_vq.bottlenecks.dense import DenseBottleneck
from t2t_vq.bottlenecks.linear import Linear
from t2t_vq.bottlenecks.options import NOT_NEGATIVE, check_number, check_seed
from t2t_vq.errors import InvalidError
from t2t_vq.registry import register_bottleneck
from t2t_vq.tensors import Shape, Statistics, Tensor

# Beyond these the exponential is useless or infinite.
_LOG_VARIANCES = (-30.0, 20.0)


@register_bottleneck("vae")
@keras.saving.register_keras_serializable(package="t2t_vq")
class VariationalBottleneck(DenseBottleneck):
    """Maps vectors to Gaussian latents, and a sample of them back (VAE).

    Two linear maps give mean and log-variance of each latent. Training maps a sample back,
    evaluation the mean. The loss is

        kl_weight * E[max(KL - free_bits * log(2), 0)],  KL = sum (mean^2 + var - 1 - log var) / 2

    where the sum is over the latents of a vector, and the expectation over valid vectors. `codes`
    and `samples` of the output are empty, and `embed` refuses.

    Args:
        latent_dim: latents that stand for one vector.
        kl_weight: weight of the divergence from the standard normal distribution.
        free_bits: divergence of each vector that costs nothing, in bits.
        seed: of all random numbers, together with the number of updates so far.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Kingma and Welling, "Auto-encoding variational Bayes", https://arxiv.org/abs/1312.6114,
        appendix B; free bits: Kingma et al., https://arxiv.org/abs/1606.04934, appendix C.8.

    Example:
        >>> layer = VariationalBottleneck(latent_dim=4, kl_weight=0.1)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x, training=True)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 0))
    """

    metric_names = ("kl",)

    def __init__(
        self,
        latent_dim: int = 64,
        *,
        kl_weight: float = 1.0,
        free_bits: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, **kwargs)
        check_seed(seed)
        check_number("kl_weight", kl_weight, NOT_NEGATIVE)
        check_number("free_bits", free_bits, NOT_NEGATIVE)
        self.kl_weight = kl_weight
        self.free_bits = free_bits
        self.seed = seed

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        self.log_variance = Linear(self.latent_dim, trainable=self.trainable, name="log_variance")
        self.log_variance.build(input_shape)

    @property
    def normal_prior(self) -> NormalPrior:
        return NormalPrior(self.latent_dim, self.seed)

    def _posterior(self, vectors):
        """Returns mean and log-variance of latents, and the divergence `[N]` of each vector's."""
        mean = self.down(vectors)
        log_variance = ops.clip(self.log_variance(vectors), *_LOG_VARIANCES)
        each = ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance
        return mean, log_variance, 0.5 * ops.sum(each, axis=-1)

    def _sample(self, mean, log_variance, step, stream):
        drawn = noise.normal(random_numbers.uniform(ops.shape(mean), self.seed, step, stream))
        return mean + ops.exp(0.5 * log_variance) * drawn

    def _quantize(self, x, mask, training):
        vectors, weights = self._valid_vectors(x, mask)
        mean, log_variance, divergence = self._posterior(vectors)
        latents = self._sample(mean, log_variance, self.step, Stream.LATENTS) if training else mean

        paid = ops.maximum(divergence - self.free_bits * math.log(2.0), 0.0)
        weight = ops.sum(weights)
        loss = self.kl_weight * ops.sum(weights * paid) / ops.maximum(weight, 1.0)
        statistics = {
            "weight": weight,
            "kl": ops.stop_gradient(ops.sum(weights * divergence)),
        }
        return Quantized(self._output_without_codes(x, self.up(latents)), loss, statistics)

    def draw(self, x: Tensor, num_samples: int = 1, seed: Tensor | int = 0) -> Draw:
        """Draws latents; see `Bottleneck.draw`. A decoder sees one sample, not a mean of several.

        Raises:
            ValueError: for another number of samples.
        """
        self._check_built()
        if num_samples != 1:
            raise InvalidError(
                f"num_samples={num_samples} is for kinds with codes: a decoder of {self.name} sees "
                "one sample of its latents. Leave num_samples out."
            )
        vectors, _ = self._valid_vectors(x, None)
        mean, log_variance, divergence = self._posterior(vectors)
        latents = self._sample(mean, log_variance, seed, Stream.DRAWN_LATENTS)
        output = self._output_without_codes(x, self.up(latents))
        return Draw(output.dense, output.samples, ops.reshape(divergence, ops.shape(x)[:-1]))

    def draw_from_prior(
        self, batch: int, length: int, seed: Tensor | int = 0, temperature: Tensor | float = 1.0
    ) -> Tensor:
        """Draws from the standard normal prior; see `Bottleneck.draw_from_prior`.

        The temperature scales the variance.
        """
        self._check_built()
        shape = (batch * length, self.latent_dim)
        drawn = noise.normal(random_numbers.uniform(shape, self.seed, seed, Stream.PRIOR_LATENTS))
        dense = self.from_latents(drawn * ops.sqrt(ops.cast(temperature, drawn.dtype)))
        return ops.reshape(dense, (batch, length, -1))

    def from_latents(self, latents: Tensor) -> Tensor:
        self._check_built()
        return ops.cast(self.up(latents), self.compute_dtype)

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics as `kl`, the mean divergence of a vector in nats."""
        return {"kl": statistics["kl"] / ops.maximum(statistics["weight"], 1.0)}
