"""A metric that a layer keeps of its own calls."""

import keras
from keras import ops

from t2t_vq.bottlenecks import replicas


class LayerMetric(keras.metrics.Mean):
    """The mean over batches of what a layer measures; NaN when it has seen none.

    A call in training counts at once. One in evaluation may as well be a prediction or an export,
    which must not change anything, and Keras's JAX trainer undoes what a call changes in a metric.
    So these are noted, and count when Keras asks for the result, as it does in every step of
    training and evaluation and in no other.
    """

    _noted = None

    def measure(self, value, any_valid, training):
        """Takes in what was measured on a batch.

        Args:
            value: scalar tensor.
            any_valid: bool scalar; a batch without a valid vector measures nothing.
            training: Python bool.
        """
        noted = ops.stop_gradient(value), ops.cast(any_valid, "float32")
        if training and keras.backend.backend() != "jax":
            self._noted = None
            self.update_state(*noted)
        else:
            self._noted = noted

    def reset_state(self):
        self._noted = None
        super().reset_state()

    def result(self):
        noted, self._noted = self._noted, None
        if noted and replicas.are_in_reach(noted):
            self.update_state(*noted)
        return ops.where(self.count > 0, super().result(), float("nan"))
