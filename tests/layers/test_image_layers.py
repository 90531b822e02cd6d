"""Encoders and decoders of images: shapes, oracles, precision and what they refuse."""

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.convolutional_decoder import ConvolutionalDecoder
from t2t_vq.layers.convolutional_encoder import ConvolutionalEncoder
from t2t_vq.layers.patches import from_patches, to_patches
from t2t_vq.layers.positions import sinusoids_2d
from t2t_vq.layers.residual_convolution_2d import ResidualConvolution2D
from t2t_vq.layers.transformer_image_decoder import TransformerImageDecoder
from t2t_vq.layers.transformer_image_encoder import TransformerImageEncoder

RNG = np.random.default_rng(0)
SHAPE = (8, 16, 3)
ENCODERS = [ConvolutionalEncoder, TransformerImageEncoder]
DECODERS = [ConvolutionalDecoder, TransformerImageDecoder]


@pytest.fixture(autouse=True)
def same_draws(monkeypatch):
    """Weights and data that do not depend on the tests before: some weights hide a pixel."""
    keras.utils.set_random_seed(1)
    monkeypatch.setitem(globals(), "RNG", np.random.default_rng(0))


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def images(batch=2):
    return RNG.integers(0, 256, (batch, *SHAPE)).astype("uint8")


def make(kind, **arguments):
    if kind in DECODERS:
        arguments = {"image_shape": SHAPE, "num_outputs": 7, **arguments}
    if kind in (TransformerImageEncoder, TransformerImageDecoder):
        arguments = {"filter_size": 32, "num_heads": 2, **arguments}
    return kind(hidden_size=16, **arguments)


def randomised(layer, shape):
    """Builds a layer and moves all its weights, biases and scales too, off their start."""
    layer.build(shape)
    layer.set_weights([weight + 0.1 * normal(*weight.shape) for weight in layer.get_weights()])
    return layer


def activated(norm, x):
    return np.maximum(ops.convert_to_numpy(norm(x)), 0)


def test_residual_convolution_equals_its_definition():
    layer = randomised(ResidualConvolution2D(), (None, 4, 5, 6))
    x = normal(2, 4, 5, 6)
    (kernel, bias), (combine, combine_bias) = (
        part.get_weights() for part in (layer.convolution, layer.combine)
    )
    padded = np.pad(activated(layer.norm, x), [(0, 0), (1, 1), (1, 1), (0, 0)])
    hidden = bias + sum(
        padded[:, i : i + 4, j : j + 5] @ kernel[i, j] for i in range(3) for j in range(3)
    )
    expected = x + np.maximum(hidden, 0) @ combine + combine_bias
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_encoders_halve_and_decoders_double(encoder, steps):
    decoder = DECODERS[ENCODERS.index(encoder)]
    latents = make(encoder, downsample_steps=steps)(images())
    assert tuple(latents.shape) == (2, 8 * 16 // 4**steps, 16)
    pixels = make(decoder, downsample_steps=steps)(latents)
    assert tuple(pixels.shape) == (2, 8, 16, 7)


@pytest.mark.parametrize("kind", ENCODERS)
def test_latents_have_unit_variance(kind):
    latents = ops.convert_to_numpy(randomised(make(kind), (None, *SHAPE))(images()))
    np.testing.assert_allclose(latents.mean(-1), 0, atol=1e-5)
    np.testing.assert_allclose(latents.var(-1), 1, rtol=1e-2)


@pytest.mark.parametrize("kind", ENCODERS)
def test_floats_mean_what_integers_mean(kind):
    encoder, batch = make(kind), images()
    np.testing.assert_array_equal(encoder(batch), encoder(batch.astype("float32")))


@pytest.mark.parametrize(
    ("pixel", "position"), [((0, 0), 0), ((0, 15), 3), ((7, 0), 4), ((7, 15), 7)]
)
def test_a_corner_of_the_image_is_seen_by_its_corner_of_the_grid(pixel, position):
    encoder = make(ConvolutionalEncoder, num_residual_layers=0)
    batch = images(1)
    changed = batch.copy()
    changed[0, pixel[0], pixel[1]] ^= 128
    moved = np.abs(ops.convert_to_numpy(encoder(changed) - encoder(batch))[0]).max(-1) > 1e-6
    assert list(np.flatnonzero(moved)) == [position]


def test_transformer_encoder_is_a_stack_over_patches_with_positions():
    encoder = randomised(make(TransformerImageEncoder), (None, *SHAPE))
    batch = images()
    patches = ops.reshape(to_patches(batch / np.float32(127.5) - 1, 4), (2, 8, 48))
    hidden = encoder.stack(encoder.embed(patches) + sinusoids_2d(2, 4, 16))
    np.testing.assert_allclose(encoder(batch), encoder.norm(hidden), rtol=1e-4, atol=1e-5)


def test_transformer_decoder_is_a_stack_whose_positions_are_patches():
    decoder = randomised(make(TransformerImageDecoder), (None, 8, 16))
    x = normal(2, 8, 16)
    hidden = decoder.final(decoder.stack(decoder.enter(x) + sinusoids_2d(2, 4, 16)))
    expected = from_patches(ops.reshape(hidden, (2, 2, 4, 16 * 7)), 4)
    np.testing.assert_allclose(decoder(x), expected, rtol=1e-4, atol=1e-5)


def test_a_doubling_is_a_transposed_convolution_of_width_2():
    decoder = make(ConvolutionalDecoder, downsample_steps=1, num_residual_layers=0)
    randomised(decoder, (None, 32, 16))
    x = normal(2, 32, 16)
    kernel, bias = decoder.double[0].get_weights()
    transposed = keras.layers.Conv2DTranspose(8, 2, 2)
    transposed.build((None, 4, 8, 16))
    # Every pixel of the four has a bias of its own, which a transposed convolution has not.
    transposed.kernel.assign(kernel.reshape(16, 2, 2, 8).transpose(1, 2, 3, 0))
    grid = ops.reshape(decoder.enter(x), (2, 4, 8, 16))
    activations = activated(decoder.norm, grid)
    doubled = ops.relu(transposed(activations) + np.tile(bias.reshape(2, 2, 8), (4, 8, 1)))
    expected = decoder.final(doubled) + from_patches(decoder.shortcut(grid), 2)
    np.testing.assert_allclose(decoder(x), expected, rtol=1e-4, atol=1e-5)


def test_the_shortcut_reaches_the_pixels_of_its_position_alone():
    decoder = randomised(make(ConvolutionalDecoder), (None, 8, 16))
    for weights in decoder.final.weights:
        weights.assign(ops.zeros_like(weights))
    x = normal(1, 8, 16)
    changed = x + np.eye(8, dtype="float32")[:, 5:6]
    moved = np.any(np.asarray(decoder(x)) != np.asarray(decoder(changed)), axis=-1)[0]
    # Position 5 of a grid of 2 x 4 is its row 1, column 1.
    np.testing.assert_array_equal(moved, np.kron(np.eye(8)[5].reshape(2, 4), np.ones((4, 4))))


@pytest.mark.parametrize("kind", DECODERS)
def test_outputs_start_small_and_every_weight_learns(tf, kind):
    decoder = make(kind)
    x = normal(4, 8, 16)
    with tf.GradientTape() as tape:
        pixels = decoder(x)
        loss = ops.sum(pixels * normal(*pixels.shape))
    assert 0.01 < ops.std(pixels) < 0.3
    for gradient in tape.gradient(loss, decoder.trainable_weights):
        assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("kind", [*ENCODERS, *DECODERS])
def test_the_compute_type_is_the_policys_but_of_the_numbers_of_pixels(kind):
    inputs = images() if kind in ENCODERS else normal(2, 8, 16)
    layer = make(kind, dtype="mixed_bfloat16")
    output = layer(inputs)
    assert ("bfloat16" if kind in ENCODERS else "float32") in str(output.dtype)
    assert all(weight.dtype == "float32" for weight in layer.weights)
    reference = make(kind)
    reference.build(inputs.shape)
    reference.set_weights(layer.get_weights())
    np.testing.assert_allclose(ops.cast(output, "float32"), reference(inputs), atol=0.1)


@pytest.mark.parametrize("kind", DECODERS)
def test_the_numbers_of_pixels_are_not_rounded_to_half_precision(kind):
    numbers = ops.convert_to_numpy(make(kind, dtype="mixed_bfloat16")(normal(2, 8, 16)))
    rounded = ops.convert_to_numpy(ops.cast(ops.cast(numbers, "bfloat16"), "float32"))
    assert (numbers != rounded).mean() > 0.9


@pytest.mark.parametrize("kind", [*ENCODERS, *DECODERS])
def test_dropout_is_for_training_only(kind):
    inputs = images() if kind in ENCODERS else normal(2, 8, 16)
    layer = make(kind, dropout=0.5)
    np.testing.assert_array_equal(layer(inputs), layer(inputs))
    assert not np.allclose(layer(inputs, training=True), layer(inputs))


@pytest.mark.parametrize("kind", [*ENCODERS, *DECODERS])
def test_sides_that_cannot_be_halved_are_an_error(kind):
    with pytest.raises(ValueError, match="An image of 8 x 16 pixels cannot be halved 4 times"):
        make(kind, downsample_steps=4)(images())


@pytest.mark.parametrize("kind", [TransformerImageEncoder, TransformerImageDecoder])
@pytest.mark.parametrize(("width", "heads"), [(10, 2), (16, 3)])
def test_a_width_that_positions_or_heads_do_not_divide_is_an_error(kind, width, heads):
    with pytest.raises(ValueError, match=f"hidden_size={width} must be .* num_heads={heads}"):
        kind(hidden_size=width, num_heads=heads)


@pytest.mark.parametrize("kind", DECODERS)
def test_another_number_of_positions_is_an_error(kind):
    with pytest.raises(ValueError, match="There are 9 latent positions"):
        make(kind)(normal(2, 9, 16))


@pytest.mark.parametrize("kind", [*ENCODERS, *DECODERS])
def test_configurations_survive_serialisation(kind):
    layer = make(kind, downsample_steps=1, dropout=0.2)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is type(layer)
    assert copy.get_config() == layer.get_config()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_saved_model_gives_the_same(encoder, tmp_path):
    inputs = keras.Input(SHAPE, dtype="uint8")
    latents = make(encoder)(inputs)
    model = keras.Model(inputs, make(DECODERS[ENCODERS.index(encoder)])(latents))
    model.save(tmp_path / "model.keras")
    batch = images()
    copy = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(copy(batch), model(batch), rtol=1e-5, atol=1e-6)
