"""A layer that is not trainable evaluates and stands still, as Keras's BatchNormalization does."""

import common
import keras
import numpy as np
import pytest
from kinds import KINDS, covering_kinds, every_kind, over


@every_kind
def test_a_frozen_layer_evaluates_in_training_and_learns_nothing(kind):
    layer, x = common.started(kind), common.vectors(0)
    before = common.state(layer)
    layer.trainable = False
    expected = layer(x, mask=common.MASK, training=False)
    output = layer(x, mask=common.MASK, training=True)
    common.assert_equal(output._asdict(), expected._asdict())
    layer.update(layer.forward_pass(x, common.MASK, training=True).statistics)
    common.assert_equal(common.state(layer), before)


@covering_kinds
def test_fit_moves_what_is_around_a_frozen_layer_alone(kind):
    layer = common.started(kind)
    model, _ = common.models_with(layer)
    layer.trainable = False
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before, around = common.state(layer), model.layers[1].get_weights()
    # More than enough for codes to die and restart.
    x = 10.0 * common.vectors(0, 32, common.LENGTH, common.DIM)
    model.fit(x, x, batch_size=4, epochs=3, verbose=0)
    common.assert_equal(common.state(layer), before)
    assert (model.layers[1].get_weights()[0] != around[0]).all()


def before_it_is_built(layer, tmp_path):
    layer.trainable = False
    return layer, common.models_with(layer)[0]


def in_a_clone(layer, tmp_path):
    model, _ = common.models_with(layer)
    layer.trainable = False
    twin = keras.models.clone_model(model)
    return twin.get_layer(layer.name), twin


def in_a_saved_model(layer, tmp_path):
    model, _ = common.models_with(layer)
    layer.trainable = False
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    return loaded.get_layer(layer.name), loaded


@covering_kinds
@pytest.mark.parametrize("frozen", [before_it_is_built, in_a_clone, in_a_saved_model])
def test_a_layer_is_frozen_with_all_that_is_within(kind, frozen, tmp_path):
    layer, model = frozen(kind.make(), tmp_path)
    assert not layer.trainable and not layer.trainable_variables
    assert all(not each.trainable for each in layer._flatten_layers())
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    before, x = common.state(layer), common.vectors(0)
    model.fit(x, x, verbose=0)
    common.assert_equal(common.state(layer), before)


@every_kind
def test_a_layer_that_is_thawed_learns_again(kind):
    layer, x = common.started(kind), common.vectors(0)
    layer.trainable = False
    layer(x, training=True)
    layer.trainable = True
    twin = common.with_weights(layer, layer.get_weights())
    for each in (layer, twin):
        each(x, mask=common.MASK, training=True)
    common.assert_equal(common.state(layer), common.state(twin))


@over({name: KINDS[name] for name in ("dvq", "dvq/em", "residual-vq", "grouped-residual-vq")})
def test_a_part_may_be_frozen_alone(kind):
    layer, x = common.started(kind), common.vectors(0)
    frozen, learning = layer.parts[0], layer.parts[1]
    before = common.state(frozen), common.state(learning)
    frozen.trainable = False
    layer(x, training=True)
    common.assert_equal(common.state(frozen), before[0])
    with pytest.raises(AssertionError):
        common.assert_equal(common.state(learning), before[1])
    assert np.isfinite(layer(x).dense).all()
