"""The layer `LookupFreeQuantizer`: signs of scalars, kept in use by an entropy loss."""

from typing import Any

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.bottlenecks import configured, schedule
from t2t_vq.bottlenecks.digits import BinaryBottleneck, Digitized
from t2t_vq.bottlenecks.options import NOT_NEGATIVE, POSITIVE, check_number, check_schedule
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.registry import register_bottleneck
from t2t_vq.tensors import Statistics, Tensor


@register_bottleneck("lfq")
@keras.saving.register_keras_serializable(package="t2t_vq")
class LookupFreeQuantizer(BinaryBottleneck):
    """Replaces scalars by their signs, under a loss for sure and diverse codes (LFQ).

    The codes of a codebook are the corners of a cube, and the posterior of scalars z is
    `softmax_c(-|z - c|^2 / temperature)`. Given z its bits are independent, bit d being 1 with
    probability `sigmoid(4 z_d / temperature)`. The loss is `beta` times the mean squared distance
    of scalars to their signs, plus

        entropy_weight * (E[H(posterior)] - diversity * H(E[posterior]))

    in nats, a mean over the codebooks. Both expectations are over the valid vectors of one replica.
    The mean posterior over all K codes is exact: halves of the bits give two tables of sqrt(K)
    columns, whose product sums over the vectors, so that nothing of `[N, K]` is held.

    Args:
        num_codes: K of each codebook, a power of 2; a code has log2 K bits.
        num_blocks: C, codebooks side by side at each position.
        beta: weight of the commitment loss, a mean over valid vectors and their scalars.
        entropy_weight: of the entropy loss.
        diversity: weight of the mean posterior's entropy within it.
        temperature: of the posterior, a number or a schedule of Keras.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Yu et al., "Language model beats diffusion: tokenizer is key to visual generation",
        https://arxiv.org/abs/2310.05737, section 3.1.

    Example:
        >>> layer = LookupFreeQuantizer(num_codes=64)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 1))
    """

    metric_names = (
        *BinaryBottleneck.metric_names,
        "mean_distance",
        "commitment_loss",
        "posterior_entropy",
    )

    def __init__(
        self,
        num_codes: int = 4096,
        *,
        num_blocks: int = 1,
        beta: float = 0.25,
        entropy_weight: float = 0.1,
        diversity: float = 1.0,
        temperature: Scheduled = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_codes, num_blocks=num_blocks, **kwargs)
        temperature = configured.deserialize(temperature)
        check_schedule("temperature", temperature, POSITIVE)
        check_number("beta", beta, NOT_NEGATIVE)
        check_number("entropy_weight", entropy_weight, NOT_NEGATIVE)
        check_number("diversity", diversity, NOT_NEGATIVE)
        self.beta = beta
        self.entropy_weight = entropy_weight
        self.diversity = diversity
        self.temperature = temperature

    def _digitize(self, scalars, weights, training):
        points = self._points(scalars)
        digits = ops.cast(points > 0, "int32")
        squared = ops.square(points - self._values(digits))
        logits = 4.0 * points / schedule.at_step(self.temperature, self.step)
        entropy = ops.mean(ops.sum(bit_entropy(logits), axis=-1), axis=-1)
        weight = ops.maximum(ops.sum(weights), 1.0)

        commitment = self.beta * ops.sum(weights * ops.mean(squared, axis=(-2, -1)))
        mean_entropy = ops.sum(weights * entropy) / weight
        entropy_of_mean = self._entropy_of_mean(ops.sigmoid(logits), weights / weight)
        loss = commitment / weight + self.entropy_weight * (
            mean_entropy - self.diversity * entropy_of_mean
        )
        distance = ops.sqrt(ops.stop_gradient(ops.sum(squared, axis=(-2, -1))))
        statistics = {
            "entropy": ops.sum(weights * entropy),
            "distance": ops.sum(weights * distance),
            "commitment": commitment,
        }
        values = em.straight_through(points, self._values(digits))
        return Digitized(digits, digits, values, loss, statistics)

    def _points(self, scalars):
        """Returns where scalars `[batch, ..., C, S]` lie in the space of the cube's corners."""
        return scalars

    def _entropy_of_mean(self, bits, shares):
        """Entropy of the mean posterior, a mean over the codebooks, in nats.

        Args:
            bits: `[batch, ..., C, S]`, the probability that each bit is 1.
            shares: `[batch, ...]`, what each vector weighs in the mean.
        """
        return ops.mean(entropy_of(mean_posterior(bits, shares)))

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics of a batch, or of replicas and batches summed.

        Returns:
            A dict of scalars: `codebook_perplexity`, `codes_in_use`, `mean_distance` (Euclidean,
            from a vector's scalars to their signs), `commitment_loss` (with its weight) and
            `posterior_entropy` (of one codebook, nats).
        """
        weight = ops.maximum(statistics["weight"], 1.0)
        return {
            **super().describe(statistics),
            "posterior_entropy": statistics["entropy"] / weight,
            "mean_distance": statistics["distance"] / weight,
            "commitment_loss": statistics["commitment"] / weight,
        }


def bit_entropy(logits: Tensor) -> Tensor:
    """Entropy in nats of bits that are 1 with probability `sigmoid(logits)`."""
    size = ops.abs(logits)
    return ops.softplus(-size) + size * ops.sigmoid(-size)


def entropy_of(probabilities: Tensor) -> Tensor:
    """Entropy in nats of distributions along the last axis."""
    return -ops.sum(probabilities * ops.log(ops.maximum(probabilities, 1e-12)), axis=-1)


def mean_posterior(bits: Tensor, shares: Tensor) -> Tensor:
    """Mean distribution over codes of independent bits.

    Args:
        bits: `[batch, ..., C, S]`, the probability that each bit is 1.
        shares: `[batch, ...]`, what each vector weighs in the mean.

    Returns:
        `[C, 2**S]`, by the code that the bits pack into.
    """
    half = bits.shape[-1] // 2
    bits = ops.reshape(bits, (-1, *bits.shape[-2:]))
    low, high = _joint(bits[..., :half]), _joint(bits[..., half:])
    weighted = ops.reshape(shares, (-1, 1, 1)) * high
    mean = ops.einsum("nch,ncw->chw", weighted, low)
    return ops.reshape(mean, (bits.shape[-2], -1))


def _joint(bits):
    """Probabilities `[..., 2**S]` of all patterns of independent bits `[..., S]`."""
    joint = ops.ones((*ops.shape(bits)[:-1], 1), bits.dtype)
    for i in range(bits.shape[-1]):
        bit = bits[..., i : i + 1]
        joint = ops.concatenate([joint * (1.0 - bit), joint * bit], axis=-1)
    return joint
