"""What the kinds share that quantize scalars rather than vectors."""

from t2t_vq.bottlenecks.base import Bottleneck
from t2t_vq.bottlenecks.linear import Linear
from t2t_vq.tensors import Shape


class ScalarBottleneck(Bottleneck):
    """A bottleneck that maps vectors to a few scalars and back, by two learned linear maps."""

    @property
    def num_scalars(self) -> int:
        """Scalars that stand for one vector."""
        raise NotImplementedError(f"{type(self).__name__} does not implement num_scalars.")

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        self.down = Linear(self.num_scalars, trainable=self.trainable, name="down")
        self.up = Linear(input_shape[-1], trainable=self.trainable, name="up")
        self.down.build(input_shape)
        self.up.build((*input_shape[:-1], self.num_scalars))
        self.add_step()
