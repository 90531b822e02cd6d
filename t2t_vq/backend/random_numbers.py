"""Uniform random numbers that depend on a seed and a step, and on no state."""

import keras
from keras import ops

from t2t_vq.backend.replicas import replica_id
from t2t_vq.backend.streams import Stream
from t2t_vq.backend.which import ON_TENSORFLOW
from t2t_vq.tensors import Shape, Tensor

if ON_TENSORFLOW:
    import tensorflow as tf


def uniform(shape: Shape, seed: int, step: Tensor, stream: Stream) -> Tensor:
    """Uniform numbers in [0, 1) that depend on nothing but the arguments and the replica.

    On TensorFlow they are the same eagerly, in a graph and under XLA. That takes Philox, and only
    its integers: left to itself TensorFlow chooses another algorithm under XLA, which also turns
    integers into floats from other bits.

    Args:
        shape: of the result; may hold scalar tensors.
        seed: Python integer.
        step: integer scalar tensor, the number of updates so far.
        stream: a `Stream`, another for each use within a step.

    Returns:
        A float32 tensor.

    Example:
        >>> from t2t_vq.backend.streams import Stream
        >>> same = [uniform((2,), seed=7, step=0, stream=Stream.CODES) for _ in range(2)]
        >>> np.array_equal(*same)
        True
    """
    if ON_TENSORFLOW:
        # 2**16 replicas and 16 streams: no two draws share a seed.
        position = tf.cast(step, tf.int64) * 2**16 + tf.cast(replica_id(), tf.int64)
        key = tf.stack([tf.constant(seed * 16 + stream, tf.int64), position])
        bits = tf.random.stateless_uniform(shape, key, None, None, tf.uint32, alg="philox")
        # A float32 holds 24 bits, so that the result stays below 1.
        return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) / 2**24
    key = ops.stack([ops.cast(seed * 16 + stream, "uint32"), ops.cast(step, "uint32")])
    return keras.random.uniform(shape, seed=_FixedSeed(key))


class _FixedSeed(keras.random.SeedGenerator):
    """A seed generator without state: Keras takes computed seeds in no other form."""

    def __init__(self, key):
        self._key = key

    def next(self, ordered=True):
        return self._key
