import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks.hashing import saturating_sigmoid
from t2t_vq.bottlenecks.semhash import SemanticHashing

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def saturated(v):
    """NumPy oracle of what the decoder sees when it does not see bits."""
    return 2 * np.clip(1.2 / (1 + np.exp(-v)) - 0.1, 0, 1) - 1


def test_saturating_sigmoid_of_the_reference():
    values = ops.convert_to_numpy(saturating_sigmoid(np.array([0.0, 1.0, -9.0, 9.0], "float32")))
    np.testing.assert_allclose(values, [0.5, 0.7772703, 0.0, 1.0], rtol=1e-6)


def test_evaluation_sees_bits_without_noise(transparent):
    layer = transparent(SemanticHashing(num_codes=8))
    x = np.array([[[0.01, -0.01, 3.0], [-2.0, 0.0, 1e4]]], "float32")
    output = layer(x)
    assert ops.convert_to_numpy(output.codes).tolist() == [[[1 + 4], [4]]]
    np.testing.assert_array_equal(output.dense, [[[1, -1, 1], [-1, -1, 1]]])
    np.testing.assert_array_equal(output.samples[..., 0], output.codes)


def test_share_zero_sees_the_sigmoid(transparent):
    layer = transparent(SemanticHashing(num_codes=16, noise=0.0, discrete_share=0.0))
    x = normal(2, 5, 4)
    dense = layer(x, training=True).dense
    np.testing.assert_allclose(dense, saturated(x), rtol=1e-5, atol=1e-6)


def test_one_coin_decides_for_a_whole_example(transparent):
    layer = transparent(SemanticHashing(num_codes=16, noise=0.0))
    x = normal(1000, 3, 4)
    dense = ops.convert_to_numpy(layer(x, training=True).dense)
    discrete = (dense == np.where(x > 0, 1, -1)).all(axis=(1, 2))
    smooth = np.isclose(dense, saturated(x), atol=1e-5).all(axis=(1, 2))
    assert (discrete ^ smooth).all()
    assert discrete.mean() == pytest.approx(0.5, abs=0.05)


def test_samples_are_the_bits_with_noise_and_codes_those_without(transparent):
    layer = transparent(SemanticHashing(num_codes=2, noise=1.0, discrete_share=1.0))
    x = np.full((1, 20_000, 1), 0.5, "float32")
    output = layer(x, training=True)
    samples = ops.convert_to_numpy(output.samples)[..., 0]
    assert (ops.convert_to_numpy(output.codes) == 1).all()
    # The chance that a normal number cut off at 2 exceeds -0.5.
    assert samples.mean() == pytest.approx((0.97725 - 0.30854) / 0.9545, abs=0.01)
    np.testing.assert_array_equal(output.dense, 2 * samples - 1)


def test_bits_pass_the_gradient_of_the_sigmoid(tf, transparent):
    layer = transparent(SemanticHashing(num_codes=4, noise=0.0, discrete_share=1.0))
    x = tf.constant([[[0.3, -1.0]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer.forward_pass(x, training=True).output.dense)
    step = 1e-3
    slope = (saturated(x.numpy() + step) - saturated(x.numpy() - step)) / (2 * step)
    np.testing.assert_allclose(tape.gradient(total, x), slope, rtol=1e-2)


@pytest.mark.parametrize("option", [{"noise": -1.0}, {"flip_rate": 2.0}, {"discrete_share": -0.1}])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        SemanticHashing(**option)
