"""CategoricalPixels and LogisticMixturePixels: probabilities, oracles, means and extremes."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.categorical_pixels import CategoricalPixels
from t2t_vq.layers.logistic_mixture_pixels import LogisticMixturePixels, discretised_logistic

RNG = np.random.default_rng(0)
KINDS = [CategoricalPixels, LogisticMixturePixels]
VALUES = np.arange(256)


def normal(*shape, scale=1.0):
    return (scale * RNG.normal(size=shape)).astype("float32")


def log_probs(layer, parameters, pixels):
    """Log-probabilities `[pixels]` of pixels `[pixels, channels]` that share their parameters."""
    tiled = np.tile(parameters, (len(pixels), 1, 1, 1))
    return ops.convert_to_numpy(layer.log_prob(tiled, pixels[:, None, None].astype("uint8")))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logistic_mixture_oracle(parameters, pixel, channels, mixtures):
    """The probability of one pixel in float64, as differences of the distribution function."""
    columns = parameters.astype(float).reshape(-1, mixtures)
    weights = np.exp(columns[0]) / np.exp(columns[0]).sum()
    total = 0
    for m in range(mixtures):
        probability, coefficients = weights[m], iter(columns[1 + 2 * channels :, m])
        for c in range(channels):
            mean = columns[1 + c, m]
            for earlier in range(c):
                mean += np.tanh(next(coefficients)) * (pixel[earlier] / 127.5 - 1)
            scale = np.exp(np.clip(columns[1 + channels + c, m] - 1, -7, 7))
            upper = sigmoid(((pixel[c] + 0.5) / 127.5 - 1 - mean) / scale) if pixel[c] < 255 else 1
            lower = sigmoid(((pixel[c] - 0.5) / 127.5 - 1 - mean) / scale) if pixel[c] > 0 else 0
            probability *= upper - lower
        total += probability
    return total


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [0.0, 1.0, 5.0])
def test_probabilities_of_all_values_of_a_channel_add_up_to_1(kind, scale):
    layer = kind(channels=1)
    parameters = normal(1, 1, 1, layer.num_parameters, scale=scale)
    assert np.exp(log_probs(layer, parameters, VALUES[:, None])).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_of_all_pixels_of_two_channels_add_up_to_1(kind):
    layer = kind(channels=2)
    pixels = np.array(list(itertools.product(VALUES, VALUES)))
    layer_log_probs = log_probs(layer, normal(1, 1, 1, layer.num_parameters), pixels)
    assert np.exp(layer_log_probs).sum() == pytest.approx(1, abs=1e-4)


def test_probabilities_of_a_third_channel_add_up_to_1_given_the_others():
    layer, pair = LogisticMixturePixels(3, 4), LogisticMixturePixels(2, 4)
    columns = normal(10, 4)
    pixels = np.column_stack([np.full(256, 30), np.full(256, 240), VALUES])
    total = np.exp(log_probs(layer, columns.reshape(1, 1, 1, -1), pixels)).sum()
    # Without what concerns the third channel only: its mean, log-scale and coefficients.
    of_two = columns[[0, 1, 2, 4, 5, 7]].reshape(1, 1, 1, -1)
    expected = np.exp(log_probs(pair, of_two, np.array([[30, 240]])))[0]
    assert total == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("pixel", [(0, 0, 0), (255, 255, 255), (0, 128, 255), (100, 110, 90)])
def test_logistic_mixture_equals_its_definition(pixel):
    layer = LogisticMixturePixels(3, 4)
    parameters = normal(1, 1, 1, layer.num_parameters)
    expected = np.log(logistic_mixture_oracle(parameters[0, 0, 0], pixel, 3, 4))
    assert log_probs(layer, parameters, np.array([pixel]))[0] == pytest.approx(expected, rel=1e-4)


def test_categorical_equals_its_definition():
    layer = CategoricalPixels(2)
    parameters = normal(1, 1, 1, 512)
    logits = parameters.reshape(2, 256).astype(float)
    table = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = table[0, 17] + table[1, 255]
    assert log_probs(layer, parameters, np.array([[17, 255]]))[0] == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_has_the_product_of_its_pixels(kind):
    layer = kind()
    parameters, images = normal(2, 3, 4, layer.num_parameters), RNG.integers(0, 256, (2, 3, 4, 3))
    flat = parameters.reshape(24, 1, 1, -1), images.reshape(24, 1, 1, 3)
    expected = ops.reshape(layer.log_prob(*flat), (2, 12)).numpy().sum(-1)
    np.testing.assert_allclose(layer.log_prob(parameters, images), expected, rtol=1e-5)


@pytest.mark.parametrize(("kind", "most_bits"), [(CategoricalPixels, 8.001), (KINDS[1], 8.3)])
def test_zeros_are_nearly_uniform_about_the_middle(kind, most_bits):
    layer = kind()
    parameters = np.zeros((1, 1, 1, layer.num_parameters), "float32")
    bits = -log_probs(layer, parameters, np.column_stack([VALUES] * 3)) / np.log(2) / 3
    assert bits.mean() + 1e-4 >= 8 and bits.mean() < most_bits and bits.max() < 10
    np.testing.assert_allclose(layer.mean(parameters)[0, 0, 0], [127.5] * 3, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_is_that_of_the_probabilities(kind):
    layer = kind(channels=2)
    parameters = normal(1, 1, 1, layer.num_parameters, scale=0.5)
    pixels = np.array(list(itertools.product(VALUES, VALUES)))
    expected = np.exp(log_probs(layer, parameters, pixels)) @ pixels
    np.testing.assert_allclose(layer.mean(parameters)[0, 0, 0], expected, atol=0.5)


@pytest.mark.parametrize("value", [0, 1, 128, 254, 255])
@pytest.mark.parametrize("mean", [-100.0, -1.0, 0.0, 1.0, 100.0])
@pytest.mark.parametrize("log_scale", [-50.0, 0.0, 50.0])
def test_logistic_mixture_is_finite_at_extremes_and_so_are_its_gradients(
    tf, value, mean, log_scale
):
    layer = LogisticMixturePixels(1, 2)
    parameters = tf.constant([-100, 100, mean, mean, log_scale, log_scale], "float32")
    parameters = tf.reshape(parameters, (1, 1, 1, 6))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(parameters)
        log_prob = layer.log_prob(parameters, np.full((1, 1, 1, 1), value))
        expected = layer.mean(parameters)
    assert np.isfinite(log_prob).all() and log_prob[0] <= 1e-5
    assert expected[0, 0, 0, 0] + 1e-2 >= 0 and expected[0, 0, 0, 0] <= 255 + 1e-2
    for result in (log_prob, expected):
        assert np.isfinite(tape.gradient(result, parameters)).all()


def test_a_bin_far_from_the_mean_has_its_exact_probability():
    # Far below the mean the distribution function is exp(x) to float64.
    scale, mean = np.exp(-5.0), 0.9
    upper, lower = ((10 + half) / 127.5 - 1 - mean for half in (0.5, -0.5))
    expected = upper / scale + np.log1p(-np.exp((lower - upper) / scale))
    log_prob = discretised_logistic(ops.array([10.0]), mean, ops.array([-5.0]))
    np.testing.assert_allclose(log_prob, [expected], rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_xla_gives_what_eager_gives(tf, kind):
    layer = kind()
    parameters, images = normal(2, 4, 4, layer.num_parameters), RNG.integers(0, 256, (2, 4, 4, 3))

    def all_of_it(parameters):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            log_prob = layer.log_prob(parameters, images)
        gradient = tape.gradient(log_prob, parameters)
        return log_prob, gradient, layer.mean(parameters)

    parameters = tf.constant(parameters)
    eager, compiled = all_of_it(parameters), tf.function(all_of_it, jit_compile=True)(parameters)
    for one, other in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_it_computes_in_float32_under_mixed_precision(kind):
    layer, reference = kind(dtype="mixed_bfloat16"), kind()
    parameters, images = normal(1, 2, 2, layer.num_parameters), RNG.integers(0, 256, (1, 2, 2, 3))
    np.testing.assert_array_equal(layer(parameters, images), reference(parameters, images))
    rounded = ops.cast(parameters, "bfloat16")
    for result in (layer.log_prob(rounded, images), layer.mean(rounded)):
        assert "float32" in str(result.dtype)
    expected = reference.log_prob(ops.cast(rounded, "float32"), images)
    np.testing.assert_array_equal(layer.log_prob(rounded, images), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_types_that_do_not_fit_are_errors(kind):
    layer = kind()
    parameters = np.zeros((1, 2, 2, layer.num_parameters), "float32")
    images = np.zeros((1, 2, 2, 3), "uint8")
    with pytest.raises(ValueError, match=r"got parameters of shape \(1, 2, 2, 5\)"):
        layer.mean(parameters[..., :5])
    with pytest.raises(ValueError, match=r"got images of shape \(1, 2, 2, 1\)"):
        layer.log_prob(parameters, images[..., :1])
    with pytest.raises(ValueError, match="Images are float32"):
        layer.log_prob(parameters, images.astype("float32"))


@pytest.mark.parametrize("layer", [CategoricalPixels(1), LogisticMixturePixels(2, 5)])
def test_configurations_survive_serialisation(layer):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is type(layer)
    assert copy.get_config() == layer.get_config()
