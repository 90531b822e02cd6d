"""Codes made of digits: every scalar takes one of a few values, and a code is all of them."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops

from t2t_vq.bottlenecks.base import Quantized
from t2t_vq.bottlenecks.options import check_count
from t2t_vq.bottlenecks.scalars import ScalarBottleneck
from t2t_vq.errors import InvalidError
from t2t_vq.tensors import Shape, Statistics, Tensor

# Counts of all codes share one int32 index.
_MOST_CODES = 2**31 - 1


def pack(digits: Tensor, levels: Sequence[int]) -> Tensor:
    """Packs digits into codes, the first digit the least significant: bits 1, 0, 1, 1 are 13.

    Args:
        digits: `[..., S]` int32, digit i below `levels[i]`.
        levels: S integers, how many values each digit takes.

    Returns:
        `[...]` int32, below the product of the levels.

    Example:
        >>> np.asarray(pack(ops.array([[1, 0, 1, 1]]), levels=(2, 2, 2, 2)))
        array([13], dtype=int32)
    """
    return ops.sum(digits * ops.convert_to_tensor(_places(levels), "int32"), axis=-1)


def unpack(codes: Tensor, levels: Sequence[int]) -> Tensor:
    """Undoes `pack`: codes `[...]` become digits `[..., S]` int32.

    Example:
        >>> np.asarray(unpack(ops.array([13]), levels=(2, 2, 2, 2)))
        array([[1, 0, 1, 1]], dtype=int32)
    """
    places = ops.convert_to_tensor(_places(levels), "int32")
    digits = ops.floor_divide(ops.cast(codes, "int32")[..., None], places)
    return ops.mod(digits, ops.convert_to_tensor(levels, "int32"))


def _places(levels):
    return [math.prod(levels[:i]) for i in range(len(levels))]


class Digitized(NamedTuple):
    """The scalars of one batch as digits; C codebooks of S digits each.

    Attributes:
        digits: `[batch, ..., C, S]` int32, the most probable.
        drawn: the same, drawn from the posterior; the most probable where nothing is drawn.
        values: `[batch, ..., C, S]` float32, what the map back to vectors sees, with gradients.
        loss: scalar, with its weights applied.
        statistics: dict of what the kind adds to the statistics.
    """

    digits: Any
    drawn: Any
    values: Any
    loss: Any
    statistics: dict


class DigitBottleneck(ScalarBottleneck):
    """A bottleneck whose codes are made of digits.

    A kind says how many values each digit takes (`levels`), which digits scalars become
    (`_digitize`), and which scalars stand for digits (`_values`).

    Args:
        num_blocks: C, codebooks side by side at each position.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.
    """

    metric_names: tuple[str, ...] = ("codebook_perplexity", "codes_in_use")

    def __init__(self, *, num_blocks: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_count("num_blocks", num_blocks)
        self.num_blocks = num_blocks

    @property
    def levels(self) -> tuple[int, ...]:
        """How many values each digit of a codebook takes; their product is `num_codes`."""
        raise NotImplementedError(f"{type(self).__name__} does not implement levels.")

    @property
    def num_codebooks(self) -> int:
        return self.num_blocks

    @property
    def num_codes(self) -> int:
        return math.prod(self.levels)

    @property
    def num_scalars(self) -> int:
        return self.num_blocks * len(self.levels)

    def build(self, input_shape: Shape) -> None:
        if self.num_codes * self.num_codebooks > _MOST_CODES:
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' cannot count {self.num_codebooks} x "
                f"{self.num_codes} codes, more than {_MOST_CODES} in all. Make a code of fewer "
                "digits, and num_blocks larger."
            )
        super().build(input_shape)

    def _quantize(self, x, mask, training):
        vectors, weights = self._valid_vectors(x, mask)
        axes = ops.shape(x)[:-1]
        shape = (*axes, self.num_codebooks, len(self.levels))
        scalars = ops.reshape(self.down(vectors), shape)
        result = self._digitize(scalars, ops.reshape(weights, axes), training)

        codes, samples = pack(result.digits, self.levels), pack(result.drawn, self.levels)
        counts = self._code_counts(ops.reshape(samples, (-1, self.num_codebooks)), weights)
        statistics = {"weight": ops.sum(weights), "counts": counts, **result.statistics}
        statistics = {name: ops.stop_gradient(value) for name, value in statistics.items()}
        output = self._output(x, self._dense(result.values), codes, samples[..., None])
        return Quantized(output, ops.convert_to_tensor(result.loss, "float32"), statistics)

    def _digitize(self, scalars, weights, training):
        """Turns scalars into digits.

        Args:
            scalars: `[batch, ..., C, S]` float32; those of padding are finite.
            weights: `[batch, ...]`, 0 for padding.
            training: Python bool.

        Returns:
            A `Digitized`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not implement _digitize().")

    def _values(self, digits):
        """Returns what stands for digits `[..., S]`, float32 of the same shape."""
        raise NotImplementedError(f"{type(self).__name__} does not implement _values().")

    def _dense(self, values):
        """Maps values `[batch, ..., C, S]` to vectors `[batch, ..., dim]`."""
        return self.up(ops.reshape(values, (*ops.shape(values)[:-2], self.num_scalars)))

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics of a batch, or of replicas and batches summed.

        Returns:
            A dict of scalars: `codebook_perplexity` (effective number of codes in use) and
            `codes_in_use` (share of a codebook with any use), both means over the codebooks.
        """
        return self._describe_counts(statistics["counts"])

    def embed(self, codes: Tensor) -> Tensor:
        """Maps codes `[batch, ..., num_codebooks]` to `[batch, ..., dim]`."""
        self._check_codes(codes)
        values = self._values(unpack(codes, self.levels))
        return ops.cast(self._dense(values), self.compute_dtype)


class BinaryBottleneck(DigitBottleneck):
    """A bottleneck whose codes are made of bits, which the map back to vectors sees as -1 and 1.

    Args:
        num_codes: K of each codebook, a power of 2; a code has log2 K bits.
        num_blocks: C, codebooks side by side at each position.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.
    """

    fewest_codes = 2

    def __init__(self, num_codes: int = 4096, *, num_blocks: int = 1, **kwargs: Any) -> None:
        super().__init__(num_blocks=num_blocks, **kwargs)
        if (
            not isinstance(num_codes, int)
            or num_codes < self.fewest_codes
            or num_codes & (num_codes - 1)
        ):
            raise InvalidError(
                f"num_codes={num_codes!r} must be a power of 2 and at least "
                f"{self.fewest_codes}: the codes of "
                f"{type(self).__name__} are made of bits."
            )
        self._levels = (2,) * (num_codes.bit_length() - 1)

    @property
    def levels(self) -> tuple[int, ...]:
        return self._levels

    def _values(self, digits):
        return 2.0 * ops.cast(digits, "float32") - 1.0
