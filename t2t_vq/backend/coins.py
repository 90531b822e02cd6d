"""Random coins, drawn from the state of a generator."""

import keras

from t2t_vq.backend.replicas import replica_id
from t2t_vq.backend.which import ON_TENSORFLOW
from t2t_vq.tensors import Shape, Tensor

if ON_TENSORFLOW:
    import tensorflow as tf


def coins(shape: Shape, rate: float, generator: keras.random.SeedGenerator) -> Tensor:
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

    Reference:
        Philox is of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

    Example:
        >>> tuple(coins((2, 3), rate=0.1, generator=keras.random.SeedGenerator(7)).shape)
        (2, 3)
    """
    if not ON_TENSORFLOW:
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
