"""The ways of Keras to build, inspect and load a model around a bottleneck."""

import subprocess
import sys

import common
import keras
import numpy as np
import pytest
from kinds import KINDS, covering_kinds, every_kind

from t2t_vq.bottlenecks import BottleneckOutput, Plain


def sequential(kind):
    model = keras.Sequential(
        [keras.layers.Dense(common.DIM), Plain(kind.make()), keras.layers.Dense(4)]
    )
    model.build((None, common.LENGTH, 5))
    return model


@covering_kinds
def test_a_sequential_model_trains_and_is_saved_through_the_plain_layer(kind, tmp_path):
    model = sequential(kind)
    layer = model.layers[1].bottleneck
    layer.adapt(common.vectors(1, 8, common.LENGTH, common.DIM))
    model.compile("sgd", "mse")
    x = common.vectors(0, 4, common.LENGTH, 5)
    y = common.vectors(1, 4, common.LENGTH, 4)
    history = model.fit(x, y, validation_data=(x, y), verbose=0).history
    for name in layer.metric_names:
        assert np.isfinite(
            history[f"{layer.name}_{name}"] + history[f"val_{layer.name}_{name}"]
        ).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    common.assert_equal(common.state(loaded), common.state(model))
    np.testing.assert_array_equal(loaded(x), model(x))


@every_kind
def test_a_plain_layer_is_its_bottleneck_without_the_codes(kind):
    layer = common.started(kind)
    plain, twin = Plain(layer), common.with_weights(kind.make(), layer.get_weights())
    x = common.vectors(0)
    for training in (True, False):
        dense = plain(x, mask=common.MASK, training=training)
        expected = twin(x, mask=common.MASK, training=training)
        np.testing.assert_array_equal(dense[common.MASK], expected.dense[common.MASK])
        assert float(sum(plain.losses)) == float(sum(twin.losses))
    common.assert_equal(common.state(plain), common.state(twin))


@every_kind
def test_the_output_of_a_layer_in_a_model_has_names(kind):
    layer = kind.make()
    model, _ = common.models_with(layer)
    output = model.get_layer(layer.name).output
    assert isinstance(output, BottleneckOutput)
    assert tuple(output.codes.shape) == (None, common.LENGTH, layer.num_codebooks)
    codes = keras.Model(model.input, output.codes)
    assert codes(common.vectors(0)).shape == (common.BATCH, common.LENGTH, layer.num_codebooks)
    model.summary(print_fn=lambda line: None)


def test_a_layer_without_a_call_has_no_output_and_says_so():
    with pytest.raises(AttributeError, match="never been called"):
        _ = KINDS["vq"].make().output


LOAD = """
import sys
{imports}
assert "t2t_vq.bottlenecks" not in sys.modules
model = keras.saving.load_model(sys.argv[1])
assert "t2t_vq.bottlenecks" in sys.modules
print(*[type(layer).__name__ for layer in model.layers])
"""
ORDERS = {
    "keras first": "import keras, t2t_vq",
    "keras second": "import t2t_vq, keras",
    "looked for before": "import t2t_vq, importlib.util as u; u.find_spec('keras'); import keras",
    "through tensorflow": "import t2t_vq, tensorflow; tensorflow.keras.models; import keras",
}


@pytest.mark.parametrize("imports", ORDERS.values(), ids=ORDERS)
def test_importing_the_package_is_enough_to_load_a_model(imports, tmp_path):
    x = keras.Input((common.LENGTH, common.DIM))
    model = keras.Model(x, Plain(KINDS["em/schedule"].make())(KINDS["dvq/em"].make()(x).dense))
    model.save(tmp_path / "model.keras")
    program = LOAD.format(imports=imports)
    command = [sys.executable, "-c", program, str(tmp_path / "model.keras")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["InputLayer", "DecomposedVectorQuantizer", "Plain"]


@covering_kinds
def test_quantizing_a_model_leaves_the_layer_alone_and_loads_again(kind, tmp_path):
    layer = common.started(kind)
    model, _ = common.models_with(layer)
    x, before = common.vectors(0), common.state(layer)
    with pytest.warns(UserWarning):
        model.quantize("int8")
    common.assert_equal(common.state(layer), before)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
