"""The layer `DenseBottleneck`: a narrow linear map, without codes."""

from typing import Any

import keras
from keras import ops

from t2t_vq.bottlenecks.base import Quantized
from t2t_vq.bottlenecks.options import check_count
from t2t_vq.bottlenecks.scalars import ScalarBottleneck
from t2t_vq.registry import register_bottleneck


@register_bottleneck("dense")
@keras.saving.register_keras_serializable(package="t2t_vq")
class DenseBottleneck(ScalarBottleneck):
    """Maps vectors linearly to fewer scalars and back: the baseline without codes.

    There is no loss. `codes` and `samples` of the output are empty, and `embed` refuses.

    Args:
        latent_dim: scalars that stand for one vector.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Example:
        >>> layer = DenseBottleneck(latent_dim=4)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 0))
    """

    def __init__(self, latent_dim: int = 64, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_count("latent_dim", latent_dim)
        self.latent_dim = latent_dim

    @property
    def num_scalars(self) -> int:
        return self.latent_dim

    def _quantize(self, x, mask, training):
        vectors, _ = self._valid_vectors(x, mask)
        output = self._output_without_codes(x, self.up(self.down(vectors)))
        return Quantized(output, ops.zeros((), "float32"), {})

    def _output_without_codes(self, x, dense):
        codes = ops.cast(ops.stop_gradient(dense[:, :0]), "int32")
        return self._output(x, dense, codes, codes[..., None])
