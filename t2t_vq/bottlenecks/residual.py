"""The layer `ResidualVectorQuantizer`: each codebook quantizes what those before left over."""

from typing import Any

import keras
from keras import ops

from t2t_vq.backend import random_numbers
from t2t_vq.backend.streams import Stream
from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.base import BottleneckOutput, Draw, Quantized
from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.bottlenecks.composite import Composite, join, join_draws, merge
from t2t_vq.bottlenecks.estimators import ESTIMATORS
from t2t_vq.bottlenecks.options import check_count, check_number
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer
from t2t_vq.config.ranges import SHARE
from t2t_vq.errors import InvalidError
from t2t_vq.registry import register_bottleneck
from t2t_vq.tensors import Shape, Tensor


@register_bottleneck("residual-vq")
@keras.saving.register_keras_serializable(package="t2t_vq")
class ResidualVectorQuantizer(Composite):
    """Quantizes in levels: each codebook quantizes the residual of the levels before it.

    The output is the sum of the levels' vectors; the loss is the sum of their losses. Under soft
    assignment the residual is that of the mean of a level's samples, and one temperature serves
    all levels though distances shrink from one to the next: where it exceeds the distances of a
    level's codes, these draw together and carry nothing. So soft levels want a
    `relative_temperature`, which shrinks with them. Gradients pass all levels as one, or, under a
    relaxed assignment, go through each of them and what it leaves to the next. Levels start one
    after the other, when they start in training, as the residual means nothing before.

    Args:
        quantizer: a codebook bottleneck, whose options every level takes; a `VectorQuantizer` with
            its defaults if none is given.
        num_quantizers: levels.
        quantizer_dropout: probability that an example, in training, is rebuilt from its first
            levels only; their number is then uniform from 1 to `num_quantizers - 1`. Levels left
            out learn nothing from it.
        seed: of the dropout, and added to those of the levels.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range, or a quantizer without a codebook of its own.

    Reference:
        Zeghidour et al., "SoundStream", https://arxiv.org/abs/2107.03312, section III.C.

    Example:
        >>> layer = ResidualVectorQuantizer(VectorQuantizer(num_codes=64), num_quantizers=4)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> layer.adapt(x)
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 4))
    """

    def __init__(
        self,
        quantizer: CodebookBottleneck | None = None,
        *,
        num_quantizers: int = 2,
        quantizer_dropout: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        quantizer = configured.deserialize(quantizer) or VectorQuantizer()
        if not isinstance(quantizer, CodebookBottleneck):
            raise InvalidError(
                "A residual quantizer needs levels with a codebook each, such as VectorQuantizer, "
                f"and {type(quantizer).__name__} is none."
            )
        check_count("num_quantizers", num_quantizers)
        check_number("quantizer_dropout", quantizer_dropout, SHARE)
        super().__init__(quantizer, number=num_quantizers, seed=seed, **kwargs)
        self.quantizer_dropout = quantizer_dropout
        self.seed = seed

    @classmethod
    def _quantizer_from(cls, options):
        return VectorQuantizer.from_options(options)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        for part in self.parts:
            part.build(input_shape)
        self.add_step()

    def _quantize(self, x, mask, training):
        vectors, weights = self._valid_vectors(x, mask)
        vectors = ops.reshape(vectors, ops.shape(x))
        reached = ops.reshape(weights > 0, ops.shape(x)[:-1])
        kept = self._kept_levels(x) if training else len(self.parts)
        first = self.parts[0]
        # Else each level passes the gradient on whole, and the encoder needs it once.
        relaxed = training and first.relaxed
        total = flowing = ops.zeros_like(vectors)
        results = []
        for level, part in enumerate(self.parts):
            here = ops.logical_and(reached, level < kept)
            residual = vectors - (flowing if relaxed else total)
            result = part.forward_pass(residual, here, training)
            flowing = flowing + ops.where(here[..., None], result.output.dense, 0.0)
            total = ops.stop_gradient(flowing)
            if training:
                reached = ops.logical_and(reached, part.started > 0)
            results.append(result)
        if not relaxed:
            flowing = ESTIMATORS[first.estimator](vectors, total)
        outputs = [result.output for result in results]
        output = BottleneckOutput(
            dense=ops.cast(flowing, self.compute_dtype),
            codes=join(outputs, "codes"),
            samples=join(outputs, "samples"),
        )
        loss = sum(result.loss for result in results)
        return Quantized(output, loss, merge([result.statistics for result in results]))

    def draw(self, x: Tensor, num_samples: int = 1, seed: Tensor | int = 0) -> Draw:
        self._check_built()
        left, draws = ops.cast(x, "float32"), []
        for part in self.parts:
            draws.append(part.draw(left, num_samples, seed))
            left = left - draws[-1].dense
        dense = sum(draw.dense for draw in draws)
        return join_draws(ops.cast(dense, self.compute_dtype), draws)

    def _kept_levels(self, x):
        """Number of levels that each example keeps in training, `[batch, 1, ...]`."""
        shape = (ops.shape(x)[0], *(1 for _ in x.shape[1:-1]))
        chance = random_numbers.uniform(shape, self.seed, self.step, Stream.LEVELS)
        share = chance / max(self.quantizer_dropout, 1e-6)
        number = 1.0 + ops.floor(share * (len(self.parts) - 1))
        return ops.where(chance < self.quantizer_dropout, number, float(len(self.parts)))

    def embed(self, codes: Tensor) -> Tensor:
        """Maps codes `[batch, ..., num_quantizers]` to `[batch, ..., dim]`."""
        codes = zip(self.parts, self._codes_of_parts(codes), strict=True)
        return ops.cast(sum(part.embed(own) for part, own in codes), self.compute_dtype)

    def adapt(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Starts the levels from data, one after the other; see `CodebookBottleneck.adapt`."""
        x = ops.cast(x, "float32")
        if not self.built:
            self.build(x.shape)
        for part in self.parts:
            part.adapt(x, mask)
            x = x - part.forward_pass(x, mask).output.dense

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "quantizer": configured.serialize(self._template()),
            "num_quantizers": len(self.parts),
        }
