"""Functions compiled as graphs or programs, and which of these is being built."""

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any

from t2t_vq.backend.which import ON_JAX, ON_TENSORFLOW, on_cpu

if ON_TENSORFLOW:
    import tensorflow as tf
elif ON_JAX:
    import jax

_PLAIN = contextvars.ContextVar("plain_operations", default=False)


def program() -> Any:
    """Returns what tells the graph, or the program for JAX, that is being built from any other.

    None where none is built and operations run at once.
    """
    if ON_TENSORFLOW:
        return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    if ON_JAX:
        # A constant belongs to the program itself, also within a gradient of it.
        constant = jax.numpy.zeros(())
        return constant._trace if isinstance(constant, jax.core.Tracer) else None
    return None


@functools.cache
def as_graph(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function of tensors as one graph, whose loops run several times quicker.

    On TensorFlow only; Keras's other backends compile loops by themselves. One graph serves all
    calls with tensors of the same shapes.

    Example:
        >>> from keras import ops
        >>> float(as_graph(ops.square)(ops.array(3.0)))
        9.0
    """
    return tf.function(function, autograph=False) if ON_TENSORFLOW else function


@functools.cache
def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function of tensors as one program of XLA, for chains of small operations.

    On TensorFlow and a CPU only, where an ordinary graph goes through memory for each of them.
    Within a program of XLA it changes nothing. There is one program for each set of shapes.

    Example:
        >>> from keras import ops
        >>> float(fused(ops.square)(ops.array(3.0)))
        9.0
    """
    if not (ON_TENSORFLOW and on_cpu()):
        return function
    compiled = tf.function(function, jit_compile=True, autograph=False)

    def call(*tensors):
        if are_operations_plain():
            return function(*tensors)
        # As a variable of Keras cannot be an argument.
        return compiled(*map(tf.convert_to_tensor, tensors))

    return call


@contextlib.contextmanager
def plain_operations() -> Iterator[None]:
    """Within it, functions are traced as plain operations, which other libraries understand.

    There are no loops over chunks then, nor programs of XLA inside of a graph.

    Example:
        >>> from t2t_vq import em
        >>> x, codebook = keras.random.normal((100, 16)), keras.random.normal((64, 16))
        >>> with plain_operations():
        ...     graph = tf.function(em.hard_assignment).get_concrete_function(x, codebook)
    """
    token = _PLAIN.set(True)
    try:
        yield
    finally:
        _PLAIN.reset(token)


def are_operations_plain() -> bool:
    """Returns whether this is called within `plain_operations`.

    Example:
        >>> with plain_operations():
        ...     are_operations_plain()
        True
    """
    return _PLAIN.get()
