"""Dropout draws its masks from its own state: at its rate, anew each time, alike for like seeds."""

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.dropout import Dropout

ONES = np.ones((200, 500), "float32")


def masks(seed, draws=1, rate=0.3):
    layer = Dropout(rate, seed=seed)
    return [ops.convert_to_numpy(layer(ONES, training=True)) for _ in range(draws)]


def test_a_rate_of_numbers_is_zero_and_the_others_make_up_for_it():
    (output,) = masks(seed=1)
    assert set(np.unique(output)) == {np.float32(0), np.float32(1 / 0.7)}
    # Four standard deviations of the share.
    assert abs((output == 0).mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / ONES.size)


def test_draws_and_seeds_are_independent():
    first, second = masks(seed=1, draws=2)
    (other,) = masks(seed=2)
    for one, two in [(first, second), (first, other), (first[:-1], first[1:])]:
        assert abs(np.corrcoef((one == 0).ravel(), (two == 0).ravel())[0, 1]) < 0.02


def test_neighbours_which_share_a_number_are_independent():
    dropped = masks(seed=1)[0] == 0
    assert abs(np.corrcoef(dropped[:, 0::2].ravel(), dropped[:, 1::2].ravel())[0, 1]) < 0.02


def test_an_odd_width_drops_at_its_rate_too():
    dropped = ops.convert_to_numpy(Dropout(0.3, seed=1)(ONES[:, :499], training=True)) == 0
    assert dropped.shape == (200, 499)
    assert abs(dropped.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / dropped.size)


def test_the_same_seed_gives_the_same_masks():
    np.testing.assert_array_equal(masks(seed=7, draws=2), masks(seed=7, draws=2))


def test_a_restored_state_goes_on_with_the_same_masks():
    layer, other = Dropout(0.3, seed=1), Dropout(0.3, seed=2)
    layer(ONES, training=True)
    other.seed_generator.state.assign(layer.seed_generator.state)
    expected, found = (each(ONES, training=True) for each in (layer, other))
    np.testing.assert_array_equal(found, expected)


def test_replicas_draw_different_masks(two_replicas, tf):
    with two_replicas.scope():
        layer = Dropout(0.3, seed=1)
    step = tf.function(lambda: layer(ONES, training=True), autograph=False)
    first, second = (
        mask.numpy() == 0
        for mask in two_replicas.experimental_local_results(two_replicas.run(step))
    )
    np.testing.assert_array_equal(first, masks(seed=1)[0] == 0)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02


def test_without_training_nothing_is_dropped():
    np.testing.assert_array_equal(Dropout(0.3)(ONES), ONES)


def test_a_rate_of_1_drops_everything():
    np.testing.assert_array_equal(masks(seed=1, rate=1.0)[0], 0 * ONES)


def test_half_precision_stays(tf):
    layer = Dropout(0.5, dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(ONES, training=True).dtype) == "bfloat16"


def test_its_configuration_makes_it_again():
    layer = Dropout.from_config(Dropout(0.3, seed=1).get_config())
    assert (layer.rate, layer.seed) == (0.3, 1)


def test_the_program_has_no_scramble_of_seeds(tf):
    layer = Dropout(0.3, seed=1)
    graph = tf.function(lambda x: layer(x, training=True)).get_concrete_function(ONES).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert "StatelessRandomUniformFullIntV2" in kinds
    assert "StatelessRandomGetKeyCounter" not in kinds


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_gradient_passes_where_numbers_are_kept(tf, jit_compile):
    layer, x = Dropout(0.5, seed=1), tf.constant(ONES)

    @tf.function(jit_compile=jit_compile)
    def gradient():
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = layer(x, training=True)
        return output, tape.gradient(output, x)

    output, slope = gradient()
    np.testing.assert_array_equal(slope, output)
