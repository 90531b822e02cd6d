"""A moving average of the weights, and the model with the average in their place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from t2t_vq.errors import InvalidError

if TYPE_CHECKING:
    from t2t_vq.models.model import Model


class WeightEma:
    """Averages the trainable weights over the updates, newer ones counting more.

    After update t, `average = d * average + (1 - d) * weights` with `d = min(decay, (1 + t) /
    (10 + t))`: the average looks back over about a ninth of the updates so far, until `decay` is
    the shorter memory. With `decay` from the start, a run that is short beside `1 / (1 - decay)`
    would mostly remember its first updates. What does not train by gradient is not averaged: a
    codebook that learns by expectation-maximisation is a moving average already.

    Args:
        model: built; under MirroredStrategy, in its scope, as this object must be.
        decay: at least 0 and less than 1; 0 averages nothing, and the model keeps its weights.

    Attributes:
        variables: the averages, one for each trainable weight; none where nothing is averaged.

    Raises:
        ValueError: when `decay` is out of range.

    Reference:
        The warm-up of TensorFlow's `tf.train.ExponentialMovingAverage`, `num_updates`.

    Example:
        >>> layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
        >>> layer.build((None, 1))
        >>> ema = WeightEma(layer, decay=0.999)
        >>> layer.set_weights([np.array([[2.0]])])
        >>> ema.update(step=0)
        >>> with ema.in_place():
        ...     round(layer.kernel.numpy().item(), 3)
        1.9
    """

    def __init__(self, model: Model, decay: float) -> None:
        if not 0 <= decay < 1:
            raise InvalidError(f"weight_ema={decay} must be at least 0 and less than 1.")
        self._decay = decay
        self._weights = model.trainable_variables if decay else []
        self.variables = [
            # A copy: Keras would take the variable itself for the average's.
            keras.Variable(tf.identity(weight.value), trainable=False, name="average")
            for weight in self._weights
        ]

    def update(self, step: Any) -> None:
        """Takes the weights in; in a replica context, where every replica does the same.

        Args:
            step: scalar, the number of updates that led to these weights, the first being 1.
        """
        step = tf.cast(step, tf.float32)
        decay = tf.minimum(self._decay, (1.0 + step) / (10.0 + step))
        for average, weight in zip(self.variables, self._weights, strict=True):
            average.assign(decay * average.value + (1.0 - decay) * weight.value)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the model its averaged weights, and afterwards those that training goes on with."""
        plain = [tf.identity(weight.value) for weight in self._weights]
        self._assign(average.value for average in self.variables)
        try:
            yield
        finally:
            self._assign(plain)

    def _assign(self, values):
        for weight, value in zip(self._weights, values, strict=True):
            weight.assign(value)
