"""Two logical CPU devices, so that every test can run on two replicas."""

import importlib.util
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# What XLA compiles here runs for milliseconds: optimising it would take most of the tests' time.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import keras
import pytest

from t2t_vq.training.strategy import make_strategy

if keras.backend.backend() == "tensorflow":
    import tensorflow

    # Only possible before TensorFlow starts, hence on import.
    tensorflow.config.set_logical_device_configuration(
        tensorflow.config.list_physical_devices("CPU")[0],
        [tensorflow.config.LogicalDeviceConfiguration()] * 2,
    )


@pytest.fixture(scope="session")
def tf():
    """TensorFlow, for tests of what only Keras's TensorFlow backend can do."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Needs Keras's TensorFlow backend.")
    return tensorflow


@pytest.fixture(scope="session")
def two_replicas(tf):
    """A MirroredStrategy over two logical CPU devices."""
    return make_strategy("mirrored")


@pytest.fixture(scope="session")
def load_script(tf):
    """Returns a function that imports a script of `scripts/` by its name."""

    def load(name):
        path = pathlib.Path(__file__).parents[1] / "scripts" / f"{name}.py"
        # As when it is run, where it finds its neighbours.
        sys.path.append(str(path.parent))
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
