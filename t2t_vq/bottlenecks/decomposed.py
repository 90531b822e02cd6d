"""The layer `DecomposedVectorQuantizer`: a vector is cut into blocks, each with its codebook."""

from typing import Any

import keras
from keras import ops

from t2t_vq.backend.replicas import sum_over_replicas
from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.base import Bottleneck, BottleneckOutput, Draw, Quantized
from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.bottlenecks.composite import Composite, join, join_draws, merge
from t2t_vq.bottlenecks.options import check_bottleneck, check_choice, check_count
from t2t_vq.bottlenecks.residual import ResidualVectorQuantizer
from t2t_vq.bottlenecks.vector_quantizer import VectorQuantizer
from t2t_vq.config.ranges import PROJECTION
from t2t_vq.errors import InvalidError
from t2t_vq.registry import register_bottleneck
from t2t_vq.tensors import Shape, Statistics, Tensor

# What is done for blocks together, and is a kind's own where it is not `CodebookBottleneck`'s.
_TOGETHER = ("forward_pass", "_quantize", "update")


@register_bottleneck("dvq")
@keras.saving.register_keras_serializable(package="t2t_vq")
class DecomposedVectorQuantizer(Composite):
    """Quantizes blocks of each vector apart: K codes in each of B blocks give K ** B vectors.

    The loss is the mean of the blocks' losses. Blocks that are codebooks take their steps as one,
    in a few large operations; their random numbers are then one stream. Those of a kind that has a
    `_quantize` or `update` of its own take them one by one.

    Args:
        quantizer: a bottleneck with codes, whose options every block takes: a codebook, or a
            `ResidualVectorQuantizer` for levels within a block; a `VectorQuantizer` with its
            defaults if none is given.
        num_blocks: B, blocks; the vectors' width must be a multiple of it.
        projection: "slice" cuts the vector as it is; "random" turns it before by a fixed random
            rotation, and turns the result back, so that no block depends on the order of features.
        seed: of the rotation, and added to those of the blocks.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range, or a quantizer without codes.

    Reference:
        Kaiser et al., "Fast decoding in sequence models using discrete latent variables",
        https://arxiv.org/abs/1803.03382, section 3.3.

    Example:
        >>> layer = DecomposedVectorQuantizer(VectorQuantizer(num_codes=64), num_blocks=4)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> layer.adapt(x)
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 4))
    """

    def __init__(
        self,
        quantizer: Bottleneck | None = None,
        *,
        num_blocks: int = 2,
        projection: str = "slice",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        quantizer = configured.deserialize(quantizer) or VectorQuantizer()
        check_bottleneck("quantizer", quantizer)
        if not quantizer.has_codes:
            raise InvalidError(
                f"Blocks need a quantizer with codes, and {type(quantizer).__name__} has none."
            )
        check_count("num_blocks", num_blocks)
        check_choice("projection", projection, PROJECTION)
        super().__init__(quantizer, number=num_blocks, seed=seed, **kwargs)
        self.projection = projection
        self.seed = seed

    @classmethod
    def _quantizer_from(cls, options):
        has_levels = options.get("num_quantizers", 1) > 1
        return (ResidualVectorQuantizer if has_levels else VectorQuantizer).from_options(options)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        dim, num_blocks = input_shape[-1], len(self.parts)
        if dim % num_blocks:
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' cannot cut vectors of {dim} into "
                f"{num_blocks} equal blocks. Choose another num_blocks."
            )
        for part in self.parts:
            part.build((*input_shape[:-1], dim // num_blocks))
        if self.projection == "random":
            self.rotation = self.add_weight(
                name="rotation",
                shape=(dim, dim),
                initializer=keras.initializers.Orthogonal(seed=self.seed),
                trainable=False,
                dtype="float32",
                autocast=False,
            )

    def _cut(self, x):
        """Returns the blocks of vectors `[..., dim]`, float32."""
        x = ops.cast(x, "float32")
        if self.projection == "random":
            x = ops.matmul(x, self.rotation)
        return ops.split(x, len(self.parts), axis=-1)

    def _put_together(self, blocks):
        """Undoes `_cut`, in the compute dtype."""
        x = ops.concatenate(blocks, axis=-1)
        if self.projection == "random":
            x = ops.matmul(x, ops.transpose(self.rotation))
        return ops.cast(x, self.compute_dtype)

    @property
    def _side_by_side(self):
        """Whether the blocks are codebooks, whose tensors can be stacked on a leading axis."""
        kind = type(self.parts[0])
        return (
            issubclass(kind, CodebookBottleneck)
            and all(getattr(kind, name) is getattr(CodebookBottleneck, name) for name in _TOGETHER)
            and len({part.trainable for part in self.parts}) == 1
        )

    def _quantize(self, x, mask, training):
        if self._side_by_side:
            return self._quantize_side_by_side(x, mask, self.parts[0]._trains(training))
        results = [
            part.forward_pass(block, mask, training)
            for part, block in zip(self.parts, self._cut(x), strict=True)
        ]
        outputs = [result.output for result in results]
        output = BottleneckOutput(
            dense=self._put_together([output.dense for output in outputs]),
            codes=join(outputs, "codes"),
            samples=join(outputs, "samples"),
        )
        loss = sum(result.loss for result in results) / len(results)
        return Quantized(output, loss, merge([result.statistics for result in results]))

    def _quantize_side_by_side(self, x, mask, training):
        vectors, weights = self._valid_vectors(x, mask)
        first = self.parts[0]
        tables = ops.stack([part.table() for part in self.parts])
        started = ops.stack([part.started_share() for part in self.parts])
        result = first.quantize_vectors(
            ops.stack(self._cut(vectors)), weights, tables, started, training
        )
        dense, codes, samples = result.output
        output = self._output(
            x,
            self._put_together(ops.unstack(dense)),
            ops.moveaxis(codes, 0, 1),
            ops.moveaxis(samples, 0, 1),
        )
        return Quantized(output, ops.mean(result.loss), result.statistics)

    def update(self, statistics: Statistics) -> None:
        if not self._side_by_side:
            return super().update(statistics)
        self._check_built()
        if not self.parts[0].trainable:
            return
        total = sum_over_replicas(statistics)
        states = [part.state() for part in self.parts]
        old = {name: ops.stack([state[name] for state in states]) for name in states[0]}
        moved = self.parts[0].moved(old, total)
        new = {name: ops.unstack(value) for name, value in moved.items()}
        for i, part in enumerate(self.parts):
            part.assign({name: values[i] for name, values in new.items()})

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics as means over the blocks."""
        if not self._side_by_side:
            return super().describe(statistics)
        summary = self.parts[0].describe(statistics)
        return {name: ops.mean(value) for name, value in summary.items()}

    def num_vectors(self, statistics: Statistics) -> Tensor:
        if not self._side_by_side:
            return super().num_vectors(statistics)
        return self.parts[0].num_vectors(statistics)

    def draw(self, x: Tensor, num_samples: int = 1, seed: Tensor | int = 0) -> Draw:
        self._check_built()
        parts = zip(self.parts, self._cut(x), strict=True)
        draws = [part.draw(block, num_samples, seed) for part, block in parts]
        return join_draws(self._put_together([draw.dense for draw in draws]), draws)

    def embed(self, codes: Tensor) -> Tensor:
        """Maps codes `[batch, ..., num_codebooks]` to `[batch, ..., dim]`."""
        codes = zip(self.parts, self._codes_of_parts(codes), strict=True)
        return self._put_together([part.embed(own) for part, own in codes])

    def adapt(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Starts every block from data; see `CodebookBottleneck.adapt`."""
        if not self.built:
            self.build(x.shape)
        for part, block in zip(self.parts, self._cut(x), strict=True):
            part.adapt(block, mask)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "quantizer": configured.serialize(self._template()),
            "num_blocks": len(self.parts),
        }
