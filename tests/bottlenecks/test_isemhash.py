import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks.isemhash import ImprovedSemanticHashing

RNG = np.random.default_rng(0)


def bits_seen(layer, x):
    """Which values of a training pass are exactly -1 or 1."""
    return np.abs(ops.convert_to_numpy(layer.forward_pass(x, training=True).output.dense)) == 1


@pytest.mark.parametrize(("step", "share"), [(0, 0.0), (8_000, 0.25), (16_000, 0.5), (10**6, 0.5)])
def test_single_values_become_bits_with_a_chance_that_rises_to_a_half(transparent, step, share):
    layer = transparent(ImprovedSemanticHashing(num_codes=16))
    layer.step.assign(step)
    # So near 0 that noise of at most 1 never saturates.
    seen = bits_seen(layer, RNG.uniform(-0.1, 0.1, size=(2, 5000, 4)).astype("float32"))
    assert seen.mean() == pytest.approx(share, abs=0.01)


def test_every_value_has_a_coin_of_its_own(transparent):
    layer = transparent(ImprovedSemanticHashing(num_codes=4, discrete_share=0.5))
    seen = bits_seen(layer, np.zeros((1, 5000, 2), "float32"))
    assert seen.all(axis=-1).mean() == pytest.approx(0.25, abs=0.02)


def test_training_flips_some_bits_and_does_not_tell_the_predictor(transparent):
    layer = transparent(
        ImprovedSemanticHashing(num_codes=2, noise=0.0, flip_rate=0.1, discrete_share=1.0)
    )
    x = np.full((1, 20_000, 1), 3.0, "float32")
    output = layer(x, training=True)
    assert (ops.convert_to_numpy(output.dense) < 0).mean() == pytest.approx(0.1, abs=0.01)
    assert (ops.convert_to_numpy(output.samples) == 1).all()
    assert (ops.convert_to_numpy(layer(x).dense) == 1).all()


def test_decoding_sees_the_values_that_evaluation_saw(transparent):
    """T2T's un-bottleneck turns bits -1 and 1 into -1 and 0, not into 0 and 1."""
    layer = transparent(ImprovedSemanticHashing(num_codes=4))
    x = np.array([[[-1, -1], [1, -1], [-1, 1], [1, 1]]], "float32")
    output = layer(x)
    assert ops.convert_to_numpy(output.codes).ravel().tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(output.dense, x)
    np.testing.assert_array_equal(layer.embed(output.codes), x)


def test_a_flipped_bit_has_the_opposite_gradient(tf, transparent):
    x = tf.constant(0.1 * RNG.normal(size=(1, 50, 4)), "float32")

    def gradient(flip_rate):
        layer = ImprovedSemanticHashing(num_codes=16, discrete_share=1.0, flip_rate=flip_rate)
        transparent(layer)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(layer.forward_pass(x, training=True).output.dense)
        return tape.gradient(total, x).numpy()

    np.testing.assert_array_equal(gradient(1.0), -gradient(0.0))
    assert (gradient(0.0) > 0).all()
