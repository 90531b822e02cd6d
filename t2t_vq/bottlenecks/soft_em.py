"""The layer `SoftEM`: soft expectation-maximisation with m samples."""

from collections.abc import Sequence
from typing import Any

import keras

from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.assignment import SoftAssignment
from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.registry import register_bottleneck


@register_bottleneck("em")
@keras.saving.register_keras_serializable(package="t2t_vq")
class SoftEM(CodebookBottleneck):
    """Replaces every vector, in training, by the mean of codes drawn from its posterior.

    The posterior is `softmax_j(-|x - e_j|^2 / temperature)`, and all drawn codes share in the
    M-step. Evaluation draws nothing: the output is the most probable code, as in decoding.

    Args:
        num_codes: K, the size of the codebook.
        num_samples: m, codes drawn for each vector. None takes the exact posterior mean, the limit
            of many samples; `samples` then holds the most probable code alone.
        temperature: of the posterior, a number or a schedule of Keras. At 1, the paper's, it is
            nearly one-hot in high dimensions: watch the metric `posterior_entropy`.
        relative_temperature: whether the temperature is in units of the codebook's variance, as
            `SoftAssignment` explains.
        through_posterior: whether the gradient reaches the vectors through the posterior's mean.
        beta, decay, epsilon, learning, restart_threshold, similarity, estimator, regularizers,
            seed: of `CodebookBottleneck`.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Roy et al., "Theory and experiments on vector quantized autoencoders",
        https://arxiv.org/abs/1805.11063, section 4.

    Example:
        >>> layer = SoftEM(num_codes=64, num_samples=10, temperature=2.0)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> layer.adapt(x)
        >>> output = layer(x, training=True)
        >>> tuple(output.dense.shape), tuple(output.samples.shape)
        ((8, 16, 32), (8, 16, 1, 10))
    """

    def __init__(
        self,
        num_codes: int = 4096,
        *,
        num_samples: int | None = 10,
        temperature: Scheduled = 1.0,
        relative_temperature: bool = False,
        through_posterior: bool = False,
        beta: float = 0.25,
        decay: float = 0.999,
        epsilon: float = 1e-5,
        learning: str = "ema",
        restart_threshold: float = 0.1,
        similarity: str = "euclidean",
        estimator: str = "straight_through",
        regularizers: Sequence[Any] = (),
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        assignment = SoftAssignment(
            num_samples,
            temperature=configured.deserialize(temperature),
            relative_temperature=relative_temperature,
            through_posterior=through_posterior,
        )
        super().__init__(
            num_codes,
            beta=beta,
            decay=decay,
            epsilon=epsilon,
            learning=learning,
            restart_threshold=restart_threshold,
            assignment=assignment,
            similarity=similarity,
            estimator=estimator,
            regularizers=regularizers,
            seed=seed,
            **kwargs,
        )

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "SoftEM":
        return super().from_options({**options, "soft": False})

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["assignment"]
        return {**config, **self.assignment.get_config()}
