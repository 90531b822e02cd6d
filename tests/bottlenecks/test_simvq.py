import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks import SimVQ

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def test_codes_are_a_frozen_codebook_times_a_learned_map():
    layer, x = SimVQ(num_codes=6), normal(2, 5, 3)
    layer.build(x.shape)
    layer.map.assign(normal(3, 3))
    codes = ops.convert_to_numpy(layer.codebook) @ ops.convert_to_numpy(layer.map)
    nearest = ((x[:, :, None] - codes) ** 2).sum(-1).argmin(-1)
    output = layer.forward_pass(x).output
    np.testing.assert_array_equal(output.codes[..., 0], nearest)
    np.testing.assert_allclose(output.dense, codes[nearest], rtol=1e-4, atol=1e-5)
    assert [variable.name for variable in layer.trainable_variables] == ["map"]
    assert float(layer.started_share()) == 1


def test_only_the_map_gets_a_gradient_and_it_moves_all_codes(tf):
    layer, x = SimVQ(num_codes=6), normal(2, 5, 3)
    layer.build(x.shape)
    with tf.GradientTape() as tape:
        loss = layer.forward_pass(x, training=True).loss
    before = ops.convert_to_numpy(layer.table())
    layer.map.assign_sub(0.1 * tape.gradient(loss, layer.map.value))
    assert (np.abs(ops.convert_to_numpy(layer.table()) - before).max(-1) > 1e-5).all()


def test_updates_and_a_start_from_data_leave_the_frozen_codes_alone():
    layer, x = SimVQ(num_codes=6), normal(2, 5, 3)
    layer.adapt(x)
    before = ops.convert_to_numpy(layer.codebook)
    layer.update(layer.forward_pass(x, training=True).statistics)
    np.testing.assert_array_equal(layer.codebook, before)
    assert np.unique(before, axis=0).shape == (6, 3)


def test_options_of_learned_codebooks_are_refused():
    with pytest.raises(ValueError, match="SimVQ takes no decay"):
        SimVQ(6, decay=0.9)
