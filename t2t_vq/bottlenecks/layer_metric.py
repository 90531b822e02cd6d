"""A metric that a layer keeps of its own calls."""

from typing import Any

import keras
from keras import ops

from t2t_vq.backend.compilation import program
from t2t_vq.tensors import Tensor


class LayerMetric(keras.metrics.Mean):
    """The mean over batches of what a layer measures; NaN when it has seen none.

    Under `tf.distribute` what a replica sees of a batch is a batch. A call in training counts at
    once. One in evaluation may as well be a prediction or an export, which must not change
    anything, and Keras's JAX trainer undoes what a call changes in a metric. So these are noted,
    and count when Keras asks for the result, as it does in every step of training and evaluation
    and in no other.
    """

    # The sum of the values and their number, and where they were made.
    _noted = None

    def measure(self, value: Tensor, any_valid: Tensor, training: bool) -> None:
        """Takes in what was measured on a batch.

        Args:
            value: scalar tensor.
            any_valid: bool scalar; a batch without a valid vector measures nothing.
            training: Python bool.
        """
        number = ops.cast(any_valid, "float32")
        measured = number * ops.stop_gradient(value), number
        if training and keras.backend.backend() != "jax":
            self._add(measured)
        else:
            noted = self._taken()
            measured = tuple(map(ops.add, noted, measured)) if noted else measured
            self._noted = measured, program()

    def _taken(self):
        """Takes what is noted away and returns it; None if it is nothing, or of no use here."""
        noted, self._noted = self._noted, None
        # Tensors of one program are of no use in another, and numbers would be constants in it.
        return noted[0] if noted and noted[1] is program() else None

    def _add(self, measured):
        total, number = measured
        super().update_state(total / ops.maximum(number, 1.0), number)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: a loop over a model's metrics has targets and predictions for it."""

    def reset_state(self) -> None:
        self._noted = None
        super().reset_state()

    def result(self) -> Tensor:
        noted = self._taken()
        if noted:
            self._add(noted)
        return ops.where(self.count > 0, super().result(), float("nan"))
