"""E-steps of a codebook: how vectors choose codes. Each is a small object that a layer is given."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.backend import compilation
from t2t_vq.bottlenecks import noise, schedule
from t2t_vq.bottlenecks.configured import Configured
from t2t_vq.bottlenecks.options import (
    NOT_NEGATIVE,
    POSITIVE,
    check_count,
    check_number,
    check_schedule,
)
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.tensors import Shape, Tensor

# Of a codebook whose codes coincide, so that nothing is divided by 0.
VARIANCE_FLOOR = 1e-12


class Assignment(NamedTuple):
    """The E-step of one batch.

    Attributes:
        codes: `[N]` int32, the most probable.
        samples: `[N, m]` int32, the drawn ones.
        quantized: `[N, D]`, with the gradient of the codebook alone, for losses.
        counts: `[K]`, for the M-step.
        sums: `[K, D]`, for the M-step.
        entropy: `[N]`, of the posterior, in nats.
        loss: `[N]`, what the assignment itself adds to the loss of each vector.
        relaxed: `[N, D]`, as `quantized` and with the gradient of the vectors too; None where they
            get theirs past the assignment.
    """

    codes: Any
    samples: Any
    quantized: Any
    counts: Any
    sums: Any
    entropy: Any
    loss: Any
    relaxed: Any = None


def _fused(function, training):
    """Fuses what training repeats; evaluation may be exported, and sees batches of any shape."""
    return compilation.fused(function) if training else function


def _e_step(function, training):
    """Fuses an E-step and keeps gradients out of it, as a program of XLA has none of its loops."""
    fused = _fused(function, training)

    def call(x, codebook, *parameters):
        return fused(ops.stop_gradient(x), ops.stop_gradient(codebook), *parameters)

    return call


def _means(x, weights, codebook, samples):
    """Returns quantized vectors, counts and sums from samples; see `Assignment`."""
    counts, sums = em.code_statistics(x, weights, samples, codebook.shape[-2])
    return ops.mean(em.take(codebook, samples), axis=-2), counts, sums


@keras.saving.register_keras_serializable(package="t2t_vq")
@dataclasses.dataclass(frozen=True)
class HardAssignment(Configured):
    """Every vector takes its nearest code: the E-step of k-means, as in VQ-VAE.

    Reference:
        van den Oord et al., "Neural discrete representation learning",
        https://arxiv.org/abs/1711.00937.

    Example:
        >>> from t2t_vq.bottlenecks import VectorQuantizer
        >>> layer = VectorQuantizer(num_codes=64, assignment=HardAssignment())
    """

    # Whether gradients reach the vectors, in training, through the assignment, not past it.
    relaxed: ClassVar[bool] = False
    # Whether there is a posterior over codes, whose entropy says how sure it is.
    has_posterior: ClassVar[bool] = False

    def __call__(
        self,
        x: Tensor,
        weights: Tensor,
        codebook: Tensor,
        step: Tensor,
        uniform: Callable[[Shape], Tensor],
        training: bool,
    ) -> Assignment:
        """Assigns vectors to codes; those of several codebooks at once, if all have leading axes.

        Args:
            x: `[N, D]` float32.
            weights: `[N]`, 0 for padding.
            codebook: `[K, D]`.
            step: integer scalar, the number of updates so far.
            uniform: function from a shape to uniform numbers in [0, 1).
            training: Python bool; in evaluation every assignment takes the most probable code.

        Returns:
            An `Assignment`.
        """
        codes = _e_step(em.hard_assignment, training)(x, codebook)
        return self._to(codes, codes[..., None], x, weights, codebook, training)

    def _to(self, codes, samples, x, weights, codebook, training):
        means = _fused(_means, training)(ops.stop_gradient(x), weights, codebook, samples)
        nothing = ops.zeros_like(x[..., 0])
        return Assignment(codes, samples, *means, nothing, nothing)


@keras.saving.register_keras_serializable(package="t2t_vq")
@dataclasses.dataclass(frozen=True)
class SoftAssignment(HardAssignment):
    """Every vector takes, in training, the mean of codes drawn from its posterior.

    The posterior is `softmax_j(-|x - e_j|^2 / temperature)`, and all drawn codes share in the
    M-step. Evaluation draws nothing: it takes the most probable code, as in decoding.

    Args:
        num_samples: m, codes drawn for each vector. None takes the exact posterior mean, the limit
            of many samples; `samples` then holds the most probable code alone.
        temperature: of the posterior, a number or a schedule of Keras. At 1, the paper's, it is
            nearly one-hot in high dimensions: watch the metric `posterior_entropy`.
        relative_temperature: whether the temperature is in units of the codebook's variance, the
            mean squared distance of its codes from their mean. Then it means the same at any width
            and scale, and follows them while they change; the gradient does not see it.
        through_posterior: whether the gradient reaches the vectors through the posterior's mean,
            as far as a vector can move it, rather than straight past the assignment. So vectors
            learn what an open posterior costs.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Roy et al., "Theory and experiments on vector quantized autoencoders",
        https://arxiv.org/abs/1805.11063, section 4.

    Example:
        >>> from t2t_vq.bottlenecks import VectorQuantizer
        >>> layer = VectorQuantizer(num_codes=64, assignment=SoftAssignment(10, temperature=2.0))
    """

    has_posterior: ClassVar[bool] = True

    num_samples: int | None = 10
    _: dataclasses.KW_ONLY
    temperature: Scheduled = 1.0
    relative_temperature: bool = False
    through_posterior: bool = False

    def __post_init__(self) -> None:
        if self.num_samples is not None:
            check_count("num_samples", self.num_samples, " Or None, for the posterior mean.")
        check_schedule("temperature", self.temperature, POSITIVE)

    @property
    def relaxed(self) -> bool:  # type: ignore[override]
        return self.through_posterior

    def __call__(
        self,
        x: Tensor,
        weights: Tensor,
        codebook: Tensor,
        step: Tensor,
        uniform: Callable[[Shape], Tensor],
        training: bool,
    ) -> Assignment:
        temperature = self._temperature(codebook, step)
        assigned = self._assigned(x, weights, codebook, temperature, uniform, training)
        if not (training and self.through_posterior):
            return assigned
        mean = em.posterior_mean(x, codebook, temperature)
        return assigned._replace(relaxed=em.straight_through(mean, assigned.quantized))

    def _assigned(self, x, weights, codebook, temperature, uniform, training):
        if training and self.num_samples is None:
            return self._to_posterior_mean(x, weights, codebook, temperature)
        drawn = self.num_samples if training else 0
        uniforms = uniform((*ops.shape(x)[:-1], drawn))
        # Drawn codes leave one program and enter another: within one they are worked out twice.
        e_step = _e_step(em.soft_assignment, training)
        codes, samples, entropy = e_step(x, codebook, temperature, uniforms)
        samples = samples if training else codes[..., None]
        assigned = self._to(codes, samples, x, weights, codebook, training)
        return assigned._replace(entropy=entropy)

    def draw(
        self, x: Tensor, codebook: Tensor, step: Tensor, uniforms: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draws codes from the posterior, in evaluation too.

        Args:
            x: `[N, D]` float32.
            codebook: `[K, D]`.
            step: integer scalar, the number of updates so far.
            uniforms: `[N, m]`, uniform in [0, 1).

        Returns:
            Codes `[N, m]` int32, and the log-probability `[N]` of all m together, in nats.
        """
        logits = em.posterior_logits(x, codebook, self._temperature(codebook, step))
        samples = em.sample_codes(logits, uniforms)
        log_probs = ops.take_along_axis(ops.log_softmax(logits, axis=-1), samples, axis=-1)
        return samples, ops.sum(log_probs, axis=-1)

    def _temperature(self, codebook, step):
        """The temperature that the posterior of each codebook has, in squared distances."""
        temperature = schedule.at_step(self.temperature, step)
        if not self.relative_temperature:
            return temperature
        variance = em.codebook_variance(ops.stop_gradient(codebook))
        # Codes that all coincide leave the posterior uniform, whatever the temperature.
        return temperature * ops.maximum(variance, VARIANCE_FLOOR)

    def _to_posterior_mean(self, x, weights, codebook, temperature):
        logits = ops.stop_gradient(em.posterior_logits(x, codebook, temperature))
        codes, entropy = em.most_probable(logits), em.posterior_entropy(logits)
        posterior = ops.softmax(logits, axis=-1)
        counts, sums = em.posterior_statistics(x, weights, posterior)
        quantized, nothing = ops.matmul(posterior, codebook), ops.zeros_like(entropy)
        return Assignment(codes, codes[..., None], quantized, counts, sums, entropy, nothing)


@keras.saving.register_keras_serializable(package="t2t_vq")
@dataclasses.dataclass(frozen=True)
class GumbelAssignment(HardAssignment):
    """Every vector takes, in training, a relaxed sample of its posterior over codes.

    The sample is `softmax((-|x - e_j|^2 + g_j) / temperature)` with Gumbel noise g, so gradients
    reach vectors and codebook through it. Its weights are also the soft counts of the M-step.
    Evaluation takes the most probable code.

    Args:
        temperature: of the relaxation, a number or a schedule of Keras; towards 0 the sample is
            one code.
        hard: whether the forward pass takes the sampled code itself, with the gradient of the
            relaxed sample.
        kl_weight: weight of the posterior's divergence from the uniform distribution, in nats.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Jang et al., "Categorical reparameterization with Gumbel-softmax",
        https://arxiv.org/abs/1611.01144; Maddison et al., https://arxiv.org/abs/1611.00712.

    Example:
        >>> from t2t_vq.bottlenecks import VectorQuantizer
        >>> layer = VectorQuantizer(num_codes=64, assignment=GumbelAssignment(temperature=0.5))
    """

    relaxed: ClassVar[bool] = True
    has_posterior: ClassVar[bool] = True

    temperature: Scheduled = 1.0
    _: dataclasses.KW_ONLY
    hard: bool = False
    kl_weight: float = 0.0

    def __post_init__(self) -> None:
        check_schedule("temperature", self.temperature, POSITIVE)
        check_number("kl_weight", self.kl_weight, NOT_NEGATIVE)

    def __call__(
        self,
        x: Tensor,
        weights: Tensor,
        codebook: Tensor,
        step: Tensor,
        uniform: Callable[[Shape], Tensor],
        training: bool,
    ) -> Assignment:
        logits = em.distance_logits(x, codebook)
        codes, entropy = em.most_probable(logits), em.posterior_entropy(logits)
        divergence = self.kl_weight * (math.log(codebook.shape[-2]) - entropy)
        if not training:
            assigned = self._to(codes, codes[..., None], x, weights, codebook, training)
            return assigned._replace(entropy=entropy, loss=divergence)
        noisy = logits + noise.gumbel(uniform(ops.shape(logits)))
        share = ops.softmax(noisy / schedule.at_step(self.temperature, step), axis=-1)
        samples = em.most_probable(noisy)
        if self.hard:
            one_hot = ops.one_hot(samples, codebook.shape[-2], dtype="float32")
            share = em.straight_through(share, one_hot)
        counts, sums = em.posterior_statistics(x, weights, share)
        quantized = ops.matmul(ops.stop_gradient(share), codebook)
        relaxed = ops.matmul(share, codebook)
        return Assignment(
            codes, samples[..., None], quantized, counts, sums, entropy, divergence, relaxed
        )
