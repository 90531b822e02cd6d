"""What needs TensorFlow: sums over the replicas of `tf.distribute`, random numbers, graphs.

The only module of the bottlenecks that knows TensorFlow. On Keras's other backends a program sees
the global batch, so there is one replica and a sum over replicas changes nothing. There is no
replica context while Keras builds a model symbolically; that counts as replica 0 and sums nothing.
"""

import contextlib
import functools

import keras
from keras import ops

from t2t_vq import em

_ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
_ON_JAX = keras.backend.backend() == "jax"
if _ON_TENSORFLOW:
    import tensorflow as tf
elif _ON_JAX:
    import jax


def num_replicas():
    """Number of replicas that the current strategy keeps in step; 1 without one."""
    return tf.distribute.get_strategy().num_replicas_in_sync if _ON_TENSORFLOW else 1


def replica_id():
    """This replica's number among all replicas; 0 outside of a replica."""
    context = tf.distribute.get_replica_context() if _ON_TENSORFLOW else None
    return 0 if context is None else context.replica_id_in_sync_group


def sum_over_replicas(tree):
    """Sums a dict of tensors over all replicas, by an explicit all-reduce.

    Call it outside of XLA: MirroredStrategy has no collectives inside. Outside of a replica the
    tensors come back as they are: whoever collected them there has summed them.
    """
    if num_replicas() == 1 or not tree:
        return tree
    context = tf.distribute.get_replica_context()
    return tree if context is None else context.all_reduce(tf.distribute.ReduceOp.SUM, tree)


@contextlib.contextmanager
def losses_kept(layer):
    """Keeps the losses of a model's layers, around a sum over replicas within a layer's call.

    MirroredStrategy traces its replicas in turns: at such a sum one replica waits while the next
    goes through the same layers. Keras has one list of losses in each, which the next replica
    clears and fills. So without this a replica would go on with the losses of another.

    Args:
        layer: the layer that is called.
    """
    if num_replicas() == 1 or tf.distribute.in_cross_replica_context():
        yield
        return
    # Keras offers no other way to the model around a layer, nor to what `add_loss` was given.
    layers = layer._get_call_context().entry_layer._flatten_layers()
    kept = [(each, each._losses[:]) for each in layers]
    yield
    for each, losses in kept:
        each._losses[:] = losses


def known_value(function):
    """Returns the number that a function reads from variables, or None where none is to be had.

    That is within a program that JAX compiles, and while Keras builds a model symbolically.
    Within a graph of TensorFlow it is the value at the time of tracing.

    Args:
        function: takes nothing and returns a scalar tensor.
    """
    with keras.SymbolicScope() as scope:
        if scope.original_scope is not None:
            return None
    if not _ON_TENSORFLOW:
        value = function()
        return None if _ON_JAX and isinstance(value, jax.core.Tracer) else float(value)
    with tf.init_scope():
        return float(function()) if tf.executing_eagerly() else None


def program():
    """Returns what tells the graph, or the program for JAX, that is being built from any other.

    None where none is built and operations run at once.
    """
    if _ON_TENSORFLOW:
        return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    if _ON_JAX:
        # A constant belongs to the program itself, also within a gradient of it.
        constant = jax.numpy.zeros(())
        return constant._trace if isinstance(constant, jax.core.Tracer) else None
    return None


def value_of(variable):
    """Returns a variable's value as a tensor; `ops.convert_to_tensor` may leave it a variable."""
    return tf.convert_to_tensor(variable) if _ON_TENSORFLOW else variable.value


@functools.cache
def as_graph(function):
    """Returns a function of tensors as one graph, whose loops run several times quicker.

    On TensorFlow only; Keras's other backends compile loops by themselves. One graph serves all
    calls with tensors of the same shapes.
    """
    return tf.function(function, autograph=False) if _ON_TENSORFLOW else function


@functools.cache
def fused(function):
    """Returns a function of tensors as one program of XLA, for chains of small operations.

    On TensorFlow and a CPU only, where an ordinary graph goes through memory for each of them.
    Within a program of XLA it changes nothing. There is one program for each set of shapes.
    """
    if not (_ON_TENSORFLOW and em.on_cpu()):
        return function
    program = tf.function(function, jit_compile=True, autograph=False)

    def call(*tensors):
        if em.are_operations_plain():
            return function(*tensors)
        # As a variable of Keras cannot be an argument.
        return program(*map(tf.convert_to_tensor, tensors))

    return call


def uniform(shape, seed, step, stream=0):
    """Uniform numbers in [0, 1) that depend on nothing but the arguments and the replica.

    On TensorFlow they are the same eagerly, in a graph and under XLA. That takes Philox, and only
    its integers: left to itself TensorFlow chooses another algorithm under XLA, which also turns
    integers into floats from other bits.

    Args:
        shape: of the result; may hold scalar tensors.
        seed: Python integer.
        step: integer scalar tensor, the number of updates so far.
        stream: small integer, different for each use within a step.

    Returns:
        A float32 tensor.
    """
    if _ON_TENSORFLOW:
        # 2**16 replicas and 16 streams: no two draws share a seed.
        position = tf.cast(step, tf.int64) * 2**16 + tf.cast(replica_id(), tf.int64)
        key = tf.stack([tf.constant(seed * 16 + stream, tf.int64), position])
        bits = tf.random.stateless_uniform(shape, key, None, None, tf.uint32, alg="philox")
        # A float32 holds 24 bits, so that the result stays below 1.
        return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) / 2**24
    key = ops.stack([ops.cast(seed * 16 + stream, "uint32"), ops.cast(step, "uint32")])
    return keras.random.uniform(shape, seed=_FixedSeed(key))


def coins(shape, rate, generator):
    """Draws True with a probability of `1 - rate`, else False.

    On TensorFlow the generator's seed is the key of Philox, and its number of draws, with the
    replica's number above it, the upper half of Philox's counter, whose lower half counts within a
    draw: no two draws share numbers, nor do replicas or generators of different seeds. A number of
    Philox, which a CPU is slow to draw, makes two coins of 16 bits, so the rate is kept to within
    1 / 131,072.

    Args:
        shape: of the result.
        rate: probability of False, 0 to 1.
        generator: a `keras.random.SeedGenerator`, which moves on by one draw. Replicas, which
            count alike, draw different numbers.

    Returns:
        A bool tensor.

    Source: Philox is of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
    """
    if not _ON_TENSORFLOW:
        return keras.random.uniform(shape, seed=generator) >= rate
    *rows, last = shape
    seed, draw = tf.unstack(tf.cast(generator.next(), tf.uint64))
    # 2**48 draws before a replica would get to those of the next.
    draw += tf.cast(replica_id(), tf.uint64) * 2**48
    numbers = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=(*rows, (last + 1) // 2),
        key=seed[None],
        counter=tf.stack([tf.constant(0, tf.uint64), draw]),
        dtype=tf.uint32,
        alg=tf.random.Algorithm.PHILOX.value,
    )
    halves = tf.cast(tf.reshape(tf.bitcast(numbers, tf.uint16), (*rows, -1))[..., :last], tf.int32)
    return halves >= round(rate * 2**16)


class _FixedSeed(keras.random.SeedGenerator):
    """A seed generator without state: Keras takes computed seeds in no other form."""

    def __init__(self, key):
        self._key = key

    def next(self, ordered=True):
        return self._key
