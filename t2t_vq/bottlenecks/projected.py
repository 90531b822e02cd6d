"""The wrapper `Projected`: any bottleneck, in fewer dimensions."""

from typing import Any

import keras
from keras import ops

from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.base import Bottleneck, Draw, NormalPrior, Quantized
from t2t_vq.bottlenecks.composite import Composite, merge
from t2t_vq.bottlenecks.linear import Linear
from t2t_vq.bottlenecks.options import check_bottleneck, check_count
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class Projected(Composite):
    """Projects vectors down before a bottleneck, and its output up again, by learned linear maps.

    Few dimensions keep more of a large codebook in use. Losses and distances are those of the
    projected vectors.

    Args:
        bottleneck: what quantizes the projected vectors.
        dim: their width.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for what is no bottleneck, or a width below 1.

    Reference:
        Yu et al., "Vector-quantized image modeling with improved VQGAN",
        https://arxiv.org/abs/2110.04627, section 3.2.

    Example:
        >>> from t2t_vq.bottlenecks import VectorQuantizer
        >>> layer = Projected(VectorQuantizer(num_codes=64, similarity="cosine"), dim=8)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> layer.adapt(x)
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 1))
    """

    def __init__(self, bottleneck: Bottleneck, *, dim: int, **kwargs: Any) -> None:
        check_count("dim", dim)
        bottleneck = configured.deserialize(bottleneck)
        check_bottleneck("bottleneck", bottleneck)
        super().__init__(bottleneck, number=1, **kwargs)
        self.dim = dim

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        self.down = Linear(self.dim, use_bias=False, trainable=self.trainable, name="down")
        self.up = Linear(input_shape[-1], trainable=self.trainable, name="up")
        self.down.build(input_shape)
        narrow = (*input_shape[:-1], self.dim)
        self.up.build(narrow)
        self.parts[0].build(narrow)

    def _quantize(self, x, mask, training):
        result = self.parts[0].forward_pass(self._project(x, mask), mask, training)
        dense = ops.cast(self.up(result.output.dense), self.compute_dtype)
        output = result.output._replace(dense=dense)
        return Quantized(output, result.loss, merge([result.statistics]))

    @property
    def has_own_prior(self) -> bool:
        return self.parts[0].has_own_prior

    @property
    def normal_prior(self) -> NormalPrior | None:
        return self.parts[0].normal_prior

    def draw(self, x: Tensor, num_samples: int = 1, seed: Tensor | int = 0) -> Draw:
        self._check_built()
        draw = self.parts[0].draw(self._project(x, None), num_samples, seed)
        return draw._replace(dense=ops.cast(self.up(draw.dense), self.compute_dtype))

    def draw_from_prior(
        self, batch: int, length: int, seed: Tensor | int = 0, temperature: Tensor | float = 1.0
    ) -> Tensor:
        self._check_built()
        narrow = self.parts[0].draw_from_prior(batch, length, seed, temperature)
        return ops.cast(self.up(narrow), self.compute_dtype)

    def from_latents(self, latents: Tensor) -> Tensor:
        self._check_built()
        return ops.cast(self.up(self.parts[0].from_latents(latents)), self.compute_dtype)

    def _project(self, x, mask):
        vectors, _ = self._valid_vectors(x, mask)
        return ops.reshape(self.down(vectors), (*ops.shape(x)[:-1], self.dim))

    def embed(self, codes: Tensor) -> Tensor:
        """Maps codes `[batch, ..., num_codebooks]` to `[batch, ..., dim]`."""
        self._check_codes(codes)
        return ops.cast(self.up(self.parts[0].embed(codes)), self.compute_dtype)

    def adapt(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Starts the bottleneck from projected data."""
        if not self.built:
            self.build(x.shape)
        self.parts[0].adapt(self._project(x, mask), mask)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bottleneck": configured.serialize(self._template())}
