"""Which backend Keras computes with, and on what."""

import keras

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
ON_JAX = keras.backend.backend() == "jax"


def on_cpu() -> bool:
    """Returns whether Keras computes on a CPU.

    Example:
        >>> is_cpu = on_cpu()
    """
    return keras.distribution.list_devices()[0].startswith("cpu")
