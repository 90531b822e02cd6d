"""What `semhash`, `isemhash` and `tanh` share: noisy bits, mixed with the smooth values of them."""

from typing import Any

from keras import ops

from t2t_vq import em
from t2t_vq.backend import random_numbers
from t2t_vq.backend.streams import Stream
from t2t_vq.bottlenecks import configured, schedule
from t2t_vq.bottlenecks import noise as distributions
from t2t_vq.bottlenecks.digits import BinaryBottleneck, Digitized
from t2t_vq.bottlenecks.options import NOT_NEGATIVE, check_number, check_schedule, check_seed
from t2t_vq.bottlenecks.schedule import Scheduled
from t2t_vq.config.ranges import SHARE
from t2t_vq.tensors import Tensor


class HashingBottleneck(BinaryBottleneck):
    """A bottleneck of bits that learns by noise instead of a loss.

    A scalar v becomes the bit `v + n > 0` with noise n, and the map back to vectors sees either the
    bit, as -1 or 1 with the gradient of `squash(v + n)`, or `squash(v + n)` itself; a coin decides.
    Some of the bits that it sees are flipped. Evaluation has the bit `v > 0` and no noise, flip or
    coin. `samples` holds the noisy bits before any flip, so that a predictor learns how sure each
    bit is; `codes` and evaluation have those without noise.

    Args:
        num_codes: K of each codebook, a power of 2; a code has log2 K bits.
        num_blocks: C, codebooks side by side at each position.
        noise: standard deviation of the noise, a normal distribution cut off at twice that.
        flip_rate: share of the bits that are flipped.
        discrete_share: chance that the coin chooses the bit, a number or a schedule of Keras.
        seed: of all random numbers, together with the number of updates so far.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.
    """

    def __init__(
        self,
        num_codes: int = 4096,
        *,
        num_blocks: int = 1,
        noise: float = 0.5,
        flip_rate: float = 0.0,
        discrete_share: Scheduled = 0.5,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_codes, num_blocks=num_blocks, **kwargs)
        check_seed(seed)
        check_number("noise", noise, NOT_NEGATIVE)
        check_number("flip_rate", flip_rate, SHARE)
        discrete_share = configured.deserialize(discrete_share)
        check_schedule("discrete_share", discrete_share, SHARE)
        self.noise = noise
        self.flip_rate = flip_rate
        self.discrete_share = discrete_share
        self.seed = seed

    def _squash(self, scalars):
        """Maps scalars smoothly and symmetrically to [-1, 1]: a saturating sigmoid by default."""
        return 2.0 * saturating_sigmoid(scalars) - 1.0

    def _coins_shape(self, scalars):
        """Shape of the coins, which broadcasts to that of the scalars: by default one for each."""
        return ops.shape(scalars)

    def _digitize(self, scalars, weights, training):
        digits = _positive(scalars)
        if not training:
            values = em.straight_through(self._squash(scalars), self._values(digits))
            return Digitized(digits, digits, values, 0.0, {})
        shape = ops.shape(scalars)
        normal = distributions.truncated_normal(self._uniform(shape, Stream.BIT_NOISE))
        noisy = scalars + self.noise * normal
        drawn, smooth = _positive(noisy), self._squash(noisy)
        discrete = em.straight_through(smooth, self._values(drawn))
        # A flipped bit has its gradient flipped too.
        flips = self._uniform(shape, Stream.BIT_FLIPS) < self.flip_rate
        discrete = ops.where(flips, -discrete, discrete)
        coins = self._uniform(self._coins_shape(scalars), Stream.BIT_COINS)
        chosen = coins < schedule.at_step(self.discrete_share, self.step)
        return Digitized(digits, drawn, ops.where(chosen, discrete, smooth), 0.0, {})

    def _uniform(self, shape, stream):
        return random_numbers.uniform(shape, self.seed, self.step, stream)


def saturating_sigmoid(x: Tensor) -> Tensor:
    """`clip(1.2 sigmoid(x) - 0.1, 0, 1)`: a sigmoid that reaches 0 and 1."""
    return ops.clip(1.2 * ops.sigmoid(x) - 0.1, 0.0, 1.0)


def _positive(scalars):
    return ops.cast(scalars > 0, "int32")
