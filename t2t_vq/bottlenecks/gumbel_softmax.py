"""The layer `GumbelSoftmax`: relaxed samples of a categorical distribution."""

import math
from typing import Any

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.backend import random_numbers
from t2t_vq.backend.streams import Stream
from t2t_vq.bottlenecks import configured, noise, schedule
from t2t_vq.bottlenecks.base import Bottleneck, Quantized
from t2t_vq.bottlenecks.linear import Linear
from t2t_vq.bottlenecks.options import (
    NOT_NEGATIVE,
    POSITIVE,
    check_count,
    check_number,
    check_schedule,
    check_seed,
)
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.errors import InvalidError
from t2t_vq.registry import register_bottleneck
from t2t_vq.tensors import Shape, Statistics, Tensor


@register_bottleneck("gumbel-softmax")
@keras.saving.register_keras_serializable(package="t2t_vq")
class GumbelSoftmax(Bottleneck):
    """Replaces every vector by an embedded sample of a distribution that it parametrizes.

    A linear map gives logits `a` over K codes. Training embeds a relaxed sample,
    `softmax((a + g) / temperature)` with Gumbel noise g, so that gradients reach everything; and
    `samples`, the argmax of `a + g`, is an exact sample of `softmax(a)`. Evaluation embeds the most
    probable code. The loss is `kl_weight` times the divergence of `softmax(a)` from the uniform
    distribution, in nats, summed over the codebooks and averaged over valid vectors.

    Args:
        num_codes: K of each codebook.
        num_blocks: C, codebooks side by side at each position; each gives an equal part of the
            vector, whose width must be a multiple of C.
        temperature: of the relaxation, a number or a schedule of Keras; towards 0 the sample is
            one code.
        kl_weight: weight of the divergence.
        hard: whether the forward pass embeds the sampled code itself, with the gradient of the
            relaxed sample.
        seed: of all random numbers, together with the number of updates so far.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Jang et al., "Categorical reparameterization with Gumbel-softmax",
        https://arxiv.org/abs/1611.01144, section 2; Maddison et al., "The concrete distribution",
        https://arxiv.org/abs/1611.00712.

    Example:
        >>> layer = GumbelSoftmax(num_codes=64, temperature=0.5)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x, training=True)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 1))
    """

    metric_names = ("codebook_perplexity", "codes_in_use", "posterior_entropy")

    def __init__(
        self,
        num_codes: int = 4096,
        *,
        num_blocks: int = 1,
        temperature: Scheduled = 1.0,
        kl_weight: float = 0.01,
        hard: bool = False,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_count("num_codes", num_codes)
        check_count("num_blocks", num_blocks)
        check_seed(seed)
        temperature = configured.deserialize(temperature)
        check_schedule("temperature", temperature, POSITIVE)
        check_number("kl_weight", kl_weight, NOT_NEGATIVE)
        self._num_codes = num_codes
        self.num_blocks = num_blocks
        self.temperature = temperature
        self.kl_weight = kl_weight
        self.hard = hard
        self.seed = seed

    @property
    def num_codebooks(self) -> int:
        return self.num_blocks

    @property
    def num_codes(self) -> int:
        return self._num_codes

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        dim = input_shape[-1]
        if dim % self.num_blocks:
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' cannot put vectors of {dim} together from "
                f"{self.num_blocks} equal blocks. Choose another num_blocks."
            )
        self.logits = Linear(
            self.num_blocks * self.num_codes, trainable=self.trainable, name="logits"
        )
        self.logits.build(input_shape)
        self.table = self.add_weight(
            name="table",
            shape=(self.num_blocks * self.num_codes, dim // self.num_blocks),
            initializer=keras.initializers.RandomNormal(stddev=1.0, seed=self.seed),
            dtype="float32",
            autocast=False,
        )
        self.add_step()

    def _quantize(self, x, mask, training):
        vectors, weights = self._valid_vectors(x, mask)
        logits = ops.reshape(self.logits(vectors), (-1, self.num_blocks, self.num_codes))
        codes, entropy = em.most_probable(logits), em.posterior_entropy(logits)
        if training:
            samples, shares = self._sample(logits)
            dense = self._embed_shares(shares)
        else:
            samples, dense = codes, self._embed_codes(codes)

        weight = ops.sum(weights)
        divergence = ops.sum(math.log(self.num_codes) - entropy, axis=-1)
        loss = self.kl_weight * ops.sum(weights * divergence) / ops.maximum(weight, 1.0)
        statistics = {
            "weight": weight,
            "counts": self._code_counts(samples, weights),
            "entropy": ops.sum(weights * ops.mean(entropy, axis=-1)),
        }
        statistics = {name: ops.stop_gradient(value) for name, value in statistics.items()}
        return Quantized(self._output(x, dense, codes, samples[..., None]), loss, statistics)

    def _sample(self, logits):
        """Draws from logits `[N, C, K]`: samples `[N, C]`, and as relaxed ones `[N, C, K]`."""
        shape, stream = ops.shape(logits), Stream.RELAXED_CODES
        uniforms = random_numbers.uniform(shape, self.seed, self.step, stream)
        noisy = logits + noise.gumbel(uniforms)
        samples = em.most_probable(noisy)
        shares = ops.softmax(noisy / schedule.at_step(self.temperature, self.step), axis=-1)
        if self.hard:
            shares = em.straight_through(
                shares, ops.one_hot(samples, self.num_codes, dtype="float32")
            )
        return samples, shares

    def _embed_shares(self, shares):
        """Mixes codes by shares `[N, C, K]`."""
        table = ops.reshape(self.table, (self.num_blocks, self.num_codes, -1))
        return ops.einsum("nck,ckd->ncd", shares, table)

    def _embed_codes(self, codes):
        """Looks codes `[..., C]` up, `[..., C, dim / C]`."""
        first = self.num_codes * ops.arange(self.num_blocks, dtype="int32")
        return ops.take(self.table, codes + first, axis=0)

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics of a batch, or of replicas and batches summed.

        Returns:
            A dict of scalars: `codebook_perplexity` (effective number of codes in use),
            `codes_in_use` (share of a codebook with any use) and `posterior_entropy` (nats), all
            means over the codebooks.
        """
        return {
            **self._describe_counts(statistics["counts"]),
            "posterior_entropy": statistics["entropy"] / ops.maximum(statistics["weight"], 1.0),
        }

    def embed(self, codes: Tensor) -> Tensor:
        """Maps codes `[batch, ..., num_codebooks]` to `[batch, ..., dim]`."""
        self._check_codes(codes)
        blocks = self._embed_codes(ops.cast(codes, "int32"))
        # The width spelled out, as a batch of unknown size would leave it unknown.
        dense = ops.reshape(blocks, (*ops.shape(codes)[:-1], self.num_blocks * blocks.shape[-1]))
        return ops.cast(dense, self.compute_dtype)
