"""Which devices train together."""

import functools

STRATEGIES = ("auto", "one_device", "mirrored")


def make_strategy(name="auto"):
    """Returns a `tf.distribute` strategy.

    Args:
        name: "one_device", the first GPU or else the CPU; "mirrored", every GPU, or every logical
            CPU device where there is none; "auto", mirrored where there are several GPUs.

    Raises:
        ValueError: for another name.
    """
    import tensorflow as tf

    if name not in STRATEGIES:
        raise ValueError(f"There is no strategy '{name}'. Choose one of {', '.join(STRATEGIES)}.")
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
