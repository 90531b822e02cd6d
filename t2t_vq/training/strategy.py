"""Which devices train together."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from t2t_vq.errors import InvalidError

if TYPE_CHECKING:
    import tensorflow as tf

STRATEGIES = ("auto", "one_device", "mirrored")


def check_strategy(name: str) -> None:
    """Refuses a name that `make_strategy` does not know.

    Raises:
        InvalidError: then.
    """
    if name not in STRATEGIES:
        raise InvalidError(f"There is no strategy '{name}'. Choose one of {', '.join(STRATEGIES)}.")


def make_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Returns a `tf.distribute` strategy.

    Args:
        name: "one_device", the first GPU or else the CPU; "mirrored", every GPU, or every logical
            CPU device where there is none; "auto", mirrored where there are several GPUs.

    Raises:
        ValueError: for another name.
    """
    import tensorflow as tf

    check_strategy(name)
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    devices = [device.name for device in tf.config.list_logical_devices(kind)]
    if name == "mirrored" or (name == "auto" and kind == "GPU" and len(devices) > 1):
        return _mirrored(tuple(devices))
    return tf.distribute.OneDeviceStrategy(devices[0])


# Every strategy numbers its collectives from the start, and a process must not use a number for
# two of them: a second run in one process would fail.
@functools.cache
def _mirrored(devices):
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices)


def share(strategy: tf.distribute.Strategy, batch: dict[str, tf.Tensor]) -> dict[str, Any]:
    """Returns a batch as `strategy.run` takes it: each replica has as many of its rows, in order.

    A distributed dataset would do the same, but its iterators take up to a minute to delete; see
    `t2t_vq.data.pipeline.without_autotuning`.

    Args:
        strategy: a `tf.distribute` strategy.
        batch: a dict of tensors `[rows, ...]`; the number of replicas divides rows.

    Returns:
        The batch itself on one device; else a dict of values that hold `[rows / replicas, ...]`
        for each replica.

    Example:
        >>> share(make_strategy("one_device"), {"label": tf.zeros(4)})["label"].shape
        TensorShape([4])
    """
    import tensorflow as tf

    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return batch
    # Where the input pipeline works; on one device the others would fetch their rows from it.
    with tf.device("CPU:0"):
        shares = {name: tf.split(rows, replicas) for name, rows in batch.items()}
    return strategy.experimental_distribute_values_from_function(
        lambda context: {
            name: rows[context.replica_id_in_sync_group] for name, rows in shares.items()
        }
    )
