"""Dropout."""

from typing import Any

import keras
from keras import ops

from t2t_vq.backend.coins import coins
from t2t_vq.tensors import Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class Dropout(keras.layers.Dropout):
    """Keras's dropout, in programs of XLA half as large.

    Keras scrambles the seed of every draw first, on TensorFlow by some 270 operations on single
    numbers: with as many layers as a Transformer has, half of the program of a training step. Here
    the numbers come from the seed as it is; see `t2t_vq.backend.coins`.

    Args:
        rate, seed, **kwargs: see `keras.layers.Dropout`; there is no `noise_shape`.

    Call arguments:
        inputs: of any shape.
        training: whether to drop anything. Default False.

    Returns:
        As `inputs`: a share `rate` of the numbers is 0, the others are over `1 - rate`.

    Raises:
        ValueError: for a rate outside 0 to 1.

    Reference:
        Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (JMLR
        15, 2014).

    Example:
        >>> dropout = Dropout(0.5)
        >>> np.asarray(dropout(ops.ones(2)))
        array([1., 1.], dtype=float32)
        >>> float(ops.max(dropout(ops.ones(99), training=True)))
        2.0
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        kept = coins(ops.shape(inputs), self.rate, self.seed_generator)
        # A rate of 1 keeps nothing, and must not divide by zero.
        scale = 1.0 / max(1.0 - self.rate, 1e-7)
        return ops.where(kept, inputs * scale, ops.cast(0.0, inputs.dtype))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["noise_shape"]
        return config
