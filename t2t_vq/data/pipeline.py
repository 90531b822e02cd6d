"""Input pipelines of `tf.data` whose iterators end at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf


def numbered(assemble: Callable[[tf.Tensor], Any], count: int) -> tf.data.Dataset:
    """Returns the dataset of `assemble(0)` to `assemble(count - 1)`, in order, worked out ahead.

    Args:
        assemble: a function from an int64 scalar tensor to a nest of tensors.
        count: the number of elements, which the dataset knows.

    Returns:
        A `tf.data.Dataset`.

    Example:
        >>> [int(number) for number in numbered(lambda i: 10 * i, 3)]
        [0, 10, 20]
    """
    import tensorflow as tf

    dataset = tf.data.Dataset.range(count)
    dataset = dataset.map(assemble, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return without_autotuning(dataset.prefetch(2))


def without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the dataset, but its iterators have no thread that tunes them as they run.

    Where one has, deleting it waits for that thread, which often misses being woken (TensorFlow
    2.21) and sleeps ever longer: at the end of every epoch up to the time that the epoch took, at
    most a minute. A map that is left to tune itself then uses every core.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
