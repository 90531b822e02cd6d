"""Two logical CPU devices, so that every test can run on two replicas."""

import importlib.util
import os
import pathlib
import sys
import tempfile
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# What XLA compiles here runs for milliseconds: optimising it would take most of the tests' time.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
# Else OpenVINO tells its makers of each conversion, in dozens of processes, which take the time.
os.environ.setdefault("CI", "true")
# What folders of code are named here is nobody's but the tests'.
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="t2t_vq_tests_")

import keras
import numpy as np
import pytest

from t2t_vq import registry
from t2t_vq.run import Run
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


@pytest.fixture(scope="module")
def one_length():
    """Decodes at the longest length alone, which leaves less to compile where nobody asks."""
    from t2t_vq import translator
    from t2t_vq.models import transformer_nat

    with pytest.MonkeyPatch.context() as patch:
        for module in (translator, transformer_nat):
            patch.setattr(module, "at_shortest", lambda function, length, needed: function(length))
        yield


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


@pytest.fixture(scope="session")
def random_model(tf):
    """A function that makes a tiny translation model, whose translations vary though untrained."""
    from t2t_vq.bottlenecks.soft_em import SoftEM
    from t2t_vq.models.transformer import Transformer
    from t2t_vq.models.transformer_nat import TransformerNat

    size = {"hidden_size": 16, "filter_size": 32, "num_heads": 2, "encoder_layers": 1}

    def make(vocab_size, predictor=None, bottleneck=None, seed=1, **options):
        """Makes a `Transformer`, or with a predictor, "causal" or "masked", a `TransformerNat`."""
        keras.utils.set_random_seed(seed)
        rng = np.random.default_rng(seed)
        options = {**size, "decoder_layers": 2, **options}
        if predictor:
            options = {
                "predictor_layers": 2,
                "compress_steps": 1,
                **options,
                "predictor": predictor,
            }
            model = TransformerNat(vocab_size, bottleneck or SoftEM(num_codes=16), **options)
        else:
            model = Transformer(vocab_size, **options)
        for weight in model.trainable_weights:
            if len(weight.shape) < 2:
                weight.assign(weight + 0.3 * rng.normal(size=weight.shape).astype("float32"))
            elif weight is not model.embedding.table:
                # So that what a layer adds weighs more than what it is added to.
                weight.assign(3.0 * weight)
        if predictor:
            model.adapt([{"target": rng.integers(1, vocab_size, (64, 16)).astype("int32")}])
        return model

    return make


@pytest.fixture(scope="session")
def data_dir(tf, tmp_path_factory):
    """Folder of the prepared data of `translate_tiny`."""
    registry.import_usr_dir(pathlib.Path(__file__).parent / "usr_dir")
    folder = tmp_path_factory.mktemp("data")
    registry.problem("translate_tiny").generate_data(folder)
    return str(folder)


@pytest.fixture(scope="session")
def make_run(data_dir):
    """A function from hyper-parameters to a `Run` on `translate_tiny`."""
    return lambda hparams, **options: Run.create(
        "translate_tiny", hparams, data_dir=data_dir, **options
    )


@pytest.fixture(scope="session")
def finished(make_run, tmp_path_factory):
    """An uninterrupted run of soft EM over two epochs: `run`, `output_dir` and `best`."""
    from t2t_vq.training.trainer import train

    run = make_run("softem_nat_test")
    output_dir = tmp_path_factory.mktemp("finished")
    best = train(run, output_dir, strategy="one_device")
    return types.SimpleNamespace(run=run, output_dir=output_dir, best=best)


@pytest.fixture(scope="session")
def finished_images(data_dir, tmp_path_factory):
    """An uninterrupted run of an image model on one device: `run`, `output_dir` and `best`."""
    from t2t_vq.training.trainer import train

    run = Run.create(
        "image_tiny",
        "softem_image_test,train_steps=5,eval_frequency=5,bottleneck.soft=false",
        data_dir=data_dir,
    )
    run.make_problem().generate_data(run.data_dir)
    output_dir = tmp_path_factory.mktemp("finished_images")
    best = train(run, output_dir, strategy="one_device")
    return types.SimpleNamespace(run=run, output_dir=output_dir, best=best)
