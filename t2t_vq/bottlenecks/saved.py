"""What files of earlier versions hold, where some functions of today were classes of layers."""

import inspect
from collections.abc import Callable
from typing import Any

import keras

from t2t_vq.bottlenecks.decomposed import DecomposedVectorQuantizer


class _Earlier(DecomposedVectorQuantizer):
    """A layer that was saved as one of a class that is a function now."""

    @classmethod
    def from_config(cls, config):
        own = inspect.signature(cls.compose).parameters.keys()
        if config.keys() & (own - inspect.signature(DecomposedVectorQuantizer).parameters.keys()):
            config = cls.compose(**config).get_config()
        return super().from_config(config)


def loads_as_class(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets Keras load the layers that a class of the function's name has saved; a decorator.

    Such a layer is of a class of that name again, as Keras finds weights in a file by it.

    Args:
        function: takes what the class saved as its options, and returns the
            `DecomposedVectorQuantizer` that it was.
    """
    # As a class of that module, as it was.
    own = {"compose": staticmethod(function), "__module__": function.__module__}
    earlier = type(function.__name__, (_Earlier,), own)
    keras.saving.register_keras_serializable(package="t2t_vq")(earlier)
    return function
