"""A linear map whose precision nobody changes."""

from typing import Any

import keras


class Linear(keras.layers.Dense):
    """A dense layer in float32 under any policy, so that codes do not depend on the policy.

    Args:
        units: width of the result.
        **kwargs: of `keras.layers.Dense`.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, dtype="float32", **kwargs)

    def quantize(self, *args: Any, **kwargs: Any) -> None:
        """Refuses, in the words of a warning that `Model.quantize` gives."""
        raise NotImplementedError(f"{self.path} stays float32: it is what codes are made from.")
