"""The layer `TanhBottleneck`: bits that are the signs of a hyperbolic tangent."""

from typing import Any

import keras
from keras import ops

from t2t_vq.bottlenecks.hashing import HashingBottleneck
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.registry import register_bottleneck

# All values are bits after 16,000 updates.
_WARM_UP = keras.optimizers.schedules.PolynomialDecay(0.0, 16_000, end_learning_rate=1.0)


@register_bottleneck("tanh")
@keras.saving.register_keras_serializable(package="t2t_vq")
class TanhBottleneck(HashingBottleneck):
    """Turns each vector into a few bits, the signs of `tanh(v + n)`.

    Every single value has a coin, which in the end always chooses the bit; some bits are flipped.

    Args:
        num_codes, num_blocks, noise, flip_rate, seed: of `HashingBottleneck`.
        discrete_share: chance that the coin chooses the bit, a number or a schedule of Keras; by
            default a linear rise from 0 to 1 over 16,000 updates.
        **kwargs: of `Bottleneck`.

    Reference:
        Tensor2Tensor's `tanh_discrete_bottleneck`,
        https://github.com/tensorflow/tensor2tensor.

    Example:
        >>> layer = TanhBottleneck(num_codes=64)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 1))
    """

    def __init__(
        self,
        num_codes: int = 4096,
        *,
        num_blocks: int = 1,
        noise: float = 0.2,
        flip_rate: float = 0.05,
        discrete_share: Scheduled = _WARM_UP,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_codes,
            num_blocks=num_blocks,
            noise=noise,
            flip_rate=flip_rate,
            discrete_share=discrete_share,
            seed=seed,
            **kwargs,
        )

    def _squash(self, scalars):
        return ops.tanh(scalars)
