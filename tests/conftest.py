"""Two logical CPU devices, so that every test can run on two replicas."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import pytest

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    # Only possible before TensorFlow starts, hence on import.
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )


@pytest.fixture(scope="session")
def two_replicas():
    """A MirroredStrategy over two logical CPU devices."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf.distribute needs Keras's TensorFlow backend.")
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
