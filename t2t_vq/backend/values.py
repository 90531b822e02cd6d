"""The values of variables, inside and outside of a graph or program."""

from collections.abc import Callable

import keras
import numpy as np

from t2t_vq.backend.compilation import program
from t2t_vq.backend.which import ON_JAX, ON_TENSORFLOW
from t2t_vq.tensors import Tensor

if ON_TENSORFLOW:
    import tensorflow as tf
elif ON_JAX:
    import jax


def value_of(variable: keras.Variable) -> Tensor:
    """Returns a variable's value as a tensor; `ops.convert_to_tensor` may leave it a variable.

    Example:
        >>> float(value_of(keras.Variable(3.0)))
        3.0
    """
    return tf.convert_to_tensor(variable) if ON_TENSORFLOW else variable.value


def known_value(function: Callable[[], Tensor]) -> float | None:
    """Returns the number that a function reads from variables, or None where none is to be had.

    That is within a program that JAX compiles, and while Keras builds a model symbolically.
    Within a graph of TensorFlow it is the value at the time of tracing.

    Args:
        function: takes nothing and returns a scalar tensor.

    Example:
        >>> known_value(lambda: keras.Variable(3.0).value)
        3.0
    """
    with keras.SymbolicScope() as scope:
        if scope.original_scope is not None:
            return None
    if not ON_TENSORFLOW:
        value = function()
        return None if ON_JAX and isinstance(value, jax.core.Tracer) else float(value)
    with tf.init_scope():
        return float(function()) if tf.executing_eagerly() else None


def known_array(tensor: Tensor) -> np.ndarray | None:
    """Returns the values of a tensor, or None where they are not known, as in a graph.

    Example:
        >>> known_array(keras.ops.ones(2))
        array([1., 1.], dtype=float32)
    """
    with keras.SymbolicScope() as scope:
        is_symbolic = scope.original_scope is not None or isinstance(tensor, keras.KerasTensor)
    return None if is_symbolic or program() is not None else keras.ops.convert_to_numpy(tensor)
