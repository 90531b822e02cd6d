"""Losses that keep a codebook well used; a layer takes any number of them."""

import dataclasses
import math
from typing import ClassVar

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.bottlenecks.configured import Configured
from t2t_vq.bottlenecks.estimators import normalized
from t2t_vq.bottlenecks.options import NOT_NEGATIVE, POSITIVE, check_number
from t2t_vq.tensors import Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
@dataclasses.dataclass(frozen=True)
class Orthogonality(Configured):
    """Pushes codes to be orthogonal: the mean squared cosine between two different codes.

    It acts on the codebook, so it needs one that learns by gradient.

    Args:
        weight: of the loss, at least 0.

    Reference:
        Shin et al., "Translation-equivariant image quantizer for bi-directional image-text
        generation", https://arxiv.org/abs/2112.00384.

    Example:
        >>> float(Orthogonality(weight=10.0)(None, None, ops.array([[1.0, 0.0], [0.0, 2.0]])))
        0.0
    """

    acts_on_codebook: ClassVar[bool] = True

    weight: float = 1.0

    def __post_init__(self) -> None:
        check_number("weight", self.weight, NOT_NEGATIVE)

    def __call__(self, x: Tensor, weights: Tensor, codebook: Tensor) -> Tensor:
        """Returns the weighted loss, a scalar; or one for each codebook, with leading axes.

        Args:
            x: `[N, D]`, the vectors.
            weights: `[N]`, 0 for padding.
            codebook: `[K, D]`.
        """
        directions = normalized(codebook)
        cosines = ops.matmul(directions, ops.swapaxes(directions, -1, -2))
        num_codes = codebook.shape[-2]
        others = ops.square(cosines) * (1.0 - ops.eye(num_codes, dtype="float32"))
        return self.weight * ops.sum(others, axis=(-2, -1)) / max(num_codes * (num_codes - 1), 1)


@keras.saving.register_keras_serializable(package="t2t_vq")
@dataclasses.dataclass(frozen=True)
class Diversity(Configured):
    """Pushes a batch to use all codes: log K minus the entropy of its mean posterior, in nats.

    It acts on the vectors, through `softmax_j(-|x - e_j|^2 / temperature)`; the mean is over the
    valid vectors of one replica.

    Args:
        weight: of the loss, at least 0.
        temperature: of the posterior, more than 0.

    Reference:
        Baevski et al., "wav2vec 2.0", https://arxiv.org/abs/2006.11477, equation 4.

    Example:
        >>> x = ops.array([[0.0], [1.0]])
        >>> float(Diversity(weight=0.1)(x, ops.ones(2), codebook=ops.array([[0.0], [1.0]])))
        0.0
    """

    acts_on_codebook: ClassVar[bool] = False

    weight: float = 1.0
    _: dataclasses.KW_ONLY
    temperature: float = 1.0

    def __post_init__(self) -> None:
        check_number("weight", self.weight, NOT_NEGATIVE)
        check_number("temperature", self.temperature, POSITIVE)

    def __call__(self, x: Tensor, weights: Tensor, codebook: Tensor) -> Tensor:
        """Returns the weighted loss, a scalar; arguments as of `Orthogonality`."""
        posterior = ops.softmax(em.posterior_logits(x, codebook, self.temperature), axis=-1)
        total = ops.maximum(ops.sum(weights), 1.0)
        mean = ops.sum(weights[:, None] * posterior, axis=-2) / total
        entropy = -ops.sum(mean * ops.log(ops.maximum(mean, 1e-12)), axis=-1)
        any_valid = ops.cast(ops.sum(weights) > 0, "float32")
        return self.weight * any_valid * (math.log(codebook.shape[-2]) - entropy)
