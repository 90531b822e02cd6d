"""The layer `BinarySphericalQuantizer`: signs of scalars on a sphere."""

import math

import keras
from keras import ops

from t2t_vq.bottlenecks.estimators import normalized
from t2t_vq.bottlenecks.lfq import LookupFreeQuantizer, entropy_of
from t2t_vq.registry import register_bottleneck


@register_bottleneck("bsq")
@keras.saving.register_keras_serializable(package="t2t_vq")
class BinarySphericalQuantizer(LookupFreeQuantizer):
    """Puts scalars on a sphere, then replaces them by their signs (BSQ).

    On the sphere a vector is never far from its signs, whatever the encoder does. The sphere is the
    one through the corners of the cube, of radius sqrt(S) for the S bits of a code: the paper's,
    times sqrt(S), so that the options mean what they do in `LookupFreeQuantizer`. The paper's
    inverse temperature t is a temperature of `2 S / t` here.

    The loss is that of `LookupFreeQuantizer`, but for the entropy of the mean posterior: here it is
    the sum of the entropies of each bit's mean, an upper bound, cheap for any number of bits.

    Args:
        num_codes: K of each codebook, a power of 2 and at least 4, for a sphere in one dimension is
            two points, to which no gradient leads; a code has log2 K bits.
        num_blocks, beta, entropy_weight, diversity, temperature: of `LookupFreeQuantizer`.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Reference:
        Zhao et al., "Image and video tokenization with binary spherical quantization",
        https://arxiv.org/abs/2406.07548.

    Example:
        >>> layer = BinarySphericalQuantizer(num_codes=64)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 1))
    """

    # A sphere in one dimension is two points: no gradient leads from one to the other.
    fewest_codes = 4

    def _points(self, scalars):
        return math.sqrt(len(self.levels)) * normalized(scalars)

    def _entropy_of_mean(self, bits, shares):
        axes = tuple(range(len(shares.shape)))
        ones = ops.sum(shares[..., None, None] * bits, axis=axes)
        zeros = ops.sum(shares[..., None, None] * (1.0 - bits), axis=axes)
        return ops.mean(ops.sum(entropy_of(ops.stack([zeros, ones], axis=-1)), axis=-1))
