"""The layer `SimVQ`: a frozen codebook behind one learned linear map."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from t2t_vq.bottlenecks.assignment import HardAssignment
from t2t_vq.bottlenecks.codebook import CodebookBottleneck
from t2t_vq.errors import InvalidError
from t2t_vq.registry import register_bottleneck
from t2t_vq.tensors import Shape, Tensor


@register_bottleneck("simvq")
@keras.saving.register_keras_serializable(package="t2t_vq")
class SimVQ(CodebookBottleneck):
    """Replaces every vector by its nearest code, where one learned linear map moves all codes.

    The codes are `C W`: C is drawn once and stays, W `[dim, dim]` learns by gradient. So every
    update moves every code, and none dies. There is nothing to start from data.

    Args:
        num_codes: K, the size of the codebook.
        beta: weight of the commitment loss.
        assignment, similarity, estimator, regularizers, seed: of `CodebookBottleneck`.
        **kwargs: of `Bottleneck`.

    Reference:
        Zhu et al., "Addressing representation collapse in vector quantized models with one linear
        layer", https://arxiv.org/abs/2411.02038.

    Example:
        >>> layer = SimVQ(num_codes=64)
        >>> x = keras.random.normal((8, 16, 32))  # [batch, length, dim]
        >>> output = layer(x)
        >>> tuple(output.dense.shape), tuple(output.codes.shape)
        ((8, 16, 32), (8, 16, 1))
    """

    _fixed = ("learning", "decay", "epsilon", "restart_threshold")
    initial_stddev = 1.0
    starts_from_data = False

    def __init__(
        self,
        num_codes: int = 4096,
        *,
        beta: float = 0.25,
        assignment: HardAssignment | None = None,
        similarity: str = "euclidean",
        estimator: str = "straight_through",
        regularizers: Sequence[Any] = (),
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        for name in self._fixed:
            if name in kwargs:
                raise InvalidError(
                    f"SimVQ takes no {name}: its codes learn through one linear map."
                )
        super().__init__(
            num_codes,
            beta=beta,
            decay=0.0,
            learning="gradient",
            restart_threshold=0.0,
            assignment=assignment,
            similarity=similarity,
            estimator=estimator,
            regularizers=regularizers,
            seed=seed,
            **kwargs,
        )

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "SimVQ":
        return super().from_options(
            {name: value for name, value in options.items() if name not in cls._fixed}
        )

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        dim = input_shape[-1]
        self.map = self.add_weight(
            name="map",
            shape=(dim, dim),
            initializer=keras.initializers.Identity(),
            dtype="float32",
            autocast=False,
        )

    def table(self) -> Tensor:
        return self._compared(ops.matmul(self.codebook, self.map))

    def adapt(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Does nothing but build: the frozen codes need no start."""
        if not self.built:
            self.build(x.shape)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: value for name, value in config.items() if name not in self._fixed}
