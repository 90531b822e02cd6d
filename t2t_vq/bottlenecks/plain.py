"""The wrapper `Plain`: a bottleneck as a layer of one input and one output."""

from typing import Any

import keras

from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.base import Bottleneck
from t2t_vq.bottlenecks.options import check_bottleneck
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class Plain(keras.layers.Layer):
    """Calls a bottleneck and returns its `dense` alone, as `keras.Sequential` needs.

    Losses, metrics and state are the bottleneck's; `layer.bottleneck(x).codes` are its codes.

    Args:
        bottleneck: any bottleneck.
        **kwargs: of `keras.layers.Layer`.

    Raises:
        ValueError: for what is no bottleneck.

    Example:
        >>> from t2t_vq.bottlenecks import VectorQuantizer
        >>> quantize = Plain(VectorQuantizer(num_codes=64))
        >>> quantize.bottleneck.adapt(keras.random.normal((8, 16, 32)))
        >>> model = keras.Sequential([keras.layers.Dense(32), quantize, keras.layers.Dense(16)])
        >>> tuple(model(keras.random.normal((8, 16, 16))).shape)
        (8, 16, 16)
        >>> tuple(quantize.bottleneck(keras.random.normal((8, 16, 32))).codes.shape)
        (8, 16, 1)
    """

    def __init__(self, bottleneck: Bottleneck, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.bottleneck = configured.deserialize(bottleneck)
        check_bottleneck("bottleneck", self.bottleneck)
        self.supports_jit = self.bottleneck.supports_jit

    def build(self, input_shape: Shape) -> None:
        if not self.bottleneck.built:
            self.bottleneck.build(input_shape)

    def call(self, x: Tensor, mask: Tensor | None = None, training: bool = False) -> Tensor:
        """Quantizes.

        Args:
            x: `[batch, ..., dim]`.
            mask: `[batch, ...]`, true where a vector is valid; None if all are.
            training: Python bool.

        Returns:
            `[batch, ..., dim]`, what a decoder sees.
        """
        return self.bottleneck(x, mask=mask, training=training).dense

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bottleneck": configured.serialize(self.bottleneck)}
