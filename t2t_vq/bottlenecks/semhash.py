"""The layer `SemanticHashing`: bits behind a saturating sigmoid, mixed by example."""

from typing import Any

import keras
from keras import ops

from t2t_vq.bottlenecks.hashing import HashingBottleneck
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.registry import register_bottleneck


@register_bottleneck("semhash")
@keras.saving.register_keras_serializable(package="t2t_vq")
class SemanticHashing(HashingBottleneck):
    """Turns each vector into a few bits, the halves of a saturating sigmoid.

    With `y = clip(1.2 sigmoid(v + n) - 0.1, 0, 1)` a bit is `y > 0.5`. In training one coin for
    each example decides whether its bits or its y go on, as -1 and 1 or as `2 y - 1`; to the
    linear map behind, which has a bias, that is the same as 0 and 1 or y.

    Args:
        num_codes, num_blocks, noise, flip_rate, seed: of `HashingBottleneck`.
        discrete_share: chance that an example's coin chooses its bits, a number or a schedule of
            Keras.
        **kwargs: of `Bottleneck`.

    Reference:
        Kaiser and Bengio, "Discrete autoencoders for sequence models",
        https://arxiv.org/abs/1801.09797.

    Example:
        >>> layer = SemanticHashing(num_codes=64)
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
        noise: float = 1.0,
        flip_rate: float = 0.0,
        discrete_share: Scheduled = 0.5,
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

    def _coins_shape(self, scalars):
        return (ops.shape(scalars)[0], *(1 for _ in scalars.shape[1:]))
