"""The layer `FiniteScalarQuantizer`: bounded scalars, rounded."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.bottlenecks.digits import DigitBottleneck, Digitized
from t2t_vq.bottlenecks.options import check_count
from t2t_vq.errors import InvalidError
from t2t_vq.registry import register_bottleneck


@register_bottleneck("fsq")
@keras.saving.register_keras_serializable(package="t2t_vq")
class FiniteScalarQuantizer(DigitBottleneck):
    """Rounds a few bounded scalars of each vector; a code is what they are rounded to (FSQ).

    A scalar z with L levels is rounded to `round(h tanh(z + s) - o)`, where `h = (L - 1) / 2`. For
    an odd L, s and o are 0; for an even one o is 1/2 and `s = tan(o / h)`, so that 0 stays near 0.
    Divided by `floor(L / 2)`, the values lie in [-1, 1]. There is no loss, and no codebook that
    could be left unused.

    Args:
        levels: L of each scalar, at least 2; num_codes is their product, 1000 by default. The paper
            advises 5 or more each: 8, 6, 5 for about 2^8 codes, 8, 5, 5, 5 for 2^10, 7, 5, 5, 5, 5
            for 2^12, 8, 8, 8, 6, 5 for 2^14.
        num_blocks: C, codebooks side by side at each position, all with the same levels.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Mentzer et al., "Finite scalar quantization: VQ-VAE made simple",
        https://arxiv.org/abs/2309.15505, section 3 and appendix A.

    Example:
        >>> layer = FiniteScalarQuantizer(levels=(8, 5, 5, 5))
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape), layer.num_codes
        ((8, 16, 32), (8, 16, 1), 1000)
    """

    def __init__(
        self, levels: Sequence[int] = (8, 5, 5, 5), *, num_blocks: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(num_blocks=num_blocks, **kwargs)
        taken = tuple(levels) if isinstance(levels, list | tuple) else (levels,)
        for level in taken:
            check_count("levels", level)
        if not taken or min(taken) < 2:
            raise InvalidError(
                f"levels={taken} must hold at least one number, and each must be at least 2: a "
                "scalar with one level carries nothing."
            )
        self._levels = taken

    @property
    def levels(self) -> tuple[int, ...]:
        return self._levels

    def _digitize(self, scalars, weights, training):
        half = _constants((level - 1) / 2 for level in self.levels)
        offset = _constants((level + 1) % 2 / 2 for level in self.levels)
        shift = _constants(math.tan((level + 1) % 2 / (level - 1)) for level in self.levels)
        bounded = half * ops.tanh(scalars + shift) - offset
        digits = ops.cast(ops.round(bounded), "int32") + self._middle()
        values = em.straight_through(bounded / self._width(), self._values(digits))
        return Digitized(digits, digits, values, 0.0, {})

    def _values(self, digits):
        return ops.cast(digits - self._middle(), "float32") / self._width()

    def _middle(self):
        """The digits whose value is 0, `[S]` int32."""
        return ops.convert_to_tensor([level // 2 for level in self.levels], "int32")

    def _width(self):
        return ops.cast(self._middle(), "float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "levels": list(self.levels)}


def _constants(values):
    return ops.convert_to_tensor(list(values), "float32")
