"""What the kinds share that quantize scalars rather than vectors."""

import keras

from t2t_vq.bottlenecks.base import Bottleneck


class ScalarBottleneck(Bottleneck):
    """A bottleneck that maps vectors to a few scalars and back, by two learned linear maps.

    The maps have biases, and are float32 under any policy, so that codes do not depend on the
    precision of the rest.
    """

    @property
    def num_scalars(self):
        """Scalars that stand for one vector."""
        raise NotImplementedError(f"{type(self).__name__} does not implement num_scalars.")

    def build(self, input_shape):
        self.down = keras.layers.Dense(self.num_scalars, dtype="float32", name="down")
        self.up = keras.layers.Dense(input_shape[-1], dtype="float32", name="up")
        self.down.build(input_shape)
        self.up.build((*input_shape[:-1], self.num_scalars))
        self.add_step()
