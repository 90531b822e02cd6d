"""What is saved and loaded, by any of the ways, is the same layer."""

import inspect

import common
import keras
from kinds import covering_kinds, every_kind


@every_kind
def test_saved_model_of_a_module_that_calls_the_layer(kind, tf, tmp_path):
    layer, x = common.started(kind), common.vectors(0)

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, common.LENGTH, common.DIM])])
        def quantize(self, x):
            return layer(x)._asdict()

    module = Module()
    module.layer = layer
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    common.assert_close(loaded.quantize(x), layer(x)._asdict())


@every_kind
def test_configuration_names_every_argument(kind):
    layer = kind.make()
    arguments = set(inspect.signature(type(layer).__init__).parameters)
    assert arguments - {"self", "args", "kwargs"} <= set(layer.get_config())


@every_kind
def test_keras_file_of_a_model(kind, tmp_path):
    layer, x = kind.make(), common.vectors(0)
    _, model = common.models_with(layer)
    layer.adapt(common.vectors(1, 8, common.LENGTH, common.DIM))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    twin = loaded.get_layer(layer.name)
    assert twin.get_config() == layer.get_config()
    common.assert_equal(common.state(twin), common.state(layer))
    common.assert_equal(loaded(x), model(x))


@every_kind
def test_checkpoint_of_tensorflow(kind, tf, tmp_path):
    layer, other = common.started(kind), common.updated(kind)
    path = tf.train.Checkpoint(layer=layer).write(tmp_path / "checkpoint")
    tf.train.Checkpoint(layer=other).read(path).assert_consumed()
    common.assert_equal(common.state(other), common.state(layer))


@covering_kinds
def test_weights_file_of_a_model(kind, tmp_path):
    layer, other = common.started(kind), common.updated(kind)
    for each, save in ((layer, "save_weights"), (other, "load_weights")):
        _, model = common.models_with(each)
        getattr(model, save)(tmp_path / "of.weights.h5")
    common.assert_equal(common.state(other), common.state(layer))
