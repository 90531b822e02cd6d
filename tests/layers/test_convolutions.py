"""ResidualConvolution, Compressor and Decompressor: shapes, padding, and an oracle."""

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.compressor import Compressor, compressed_mask
from t2t_vq.layers.decompressor import Decompressor
from t2t_vq.layers.residual_convolution import ResidualConvolution

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def randomised(layer, dim):
    layer.build((None, None, dim))
    for weight in layer.weights:
        weight.assign(weight + 0.1 * normal(*weight.shape))
    return layer


def lengths(*values, of):
    return np.arange(of) < np.array(values)[:, None]


def test_residual_convolution_equals_a_convolution_of_width_three():
    layer = randomised(ResidualConvolution(), 4)
    x, mask = normal(2, 6, 4), lengths(6, 3, of=6)
    gamma, beta = layer.norm.get_weights()
    kernel, bias = layer.convolution.get_weights()
    normed = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    hidden = np.maximum(normed * gamma + beta, 0) * mask[..., None]
    expected = x + bias
    for i in range(6):
        for offset in (-1, 0, 1):
            if 0 <= i + offset < 6:
                tap = kernel.reshape(3, 4, 4)[offset + 1]
                expected[:, i] += hidden[:, i + offset] @ tap
    np.testing.assert_allclose(layer(x, mask), expected, rtol=1e-4, atol=1e-5)


def test_compressed_mask_by_hand():
    mask = compressed_mask(lengths(0, 1, 4, 5, of=8), 2)
    np.testing.assert_array_equal(mask, [[0, 0], [1, 0], [1, 0], [1, 1]])


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_compressor_halves_and_decompressor_doubles(steps):
    compressor, decompressor = Compressor(steps), Decompressor(steps)
    x, mask = normal(2, 16, 4), np.ones((2, 16), bool)
    latents = compressor(x, mask)
    assert tuple(latents.shape) == (2, 16 >> steps, 4)
    restored = decompressor(latents, compressed_mask(mask, steps))
    assert tuple(restored.shape) == (2, 16, 4)


def test_latents_have_unit_variance():
    latents = ops.convert_to_numpy(randomised(Compressor(2), 8)(normal(2, 8, 8), np.ones((2, 8))))
    np.testing.assert_allclose(latents.mean(-1), 0, atol=1e-5)
    np.testing.assert_allclose(latents.var(-1), 1, rtol=1e-2)


@pytest.mark.parametrize("length", [1, 6, 7])
def test_a_length_that_cannot_be_halved_is_an_error(length):
    with pytest.raises(ValueError, match=f"of {length} cannot be halved 2 times. Pad it to a mul"):
        Compressor(2)(normal(1, length, 4), np.ones((1, length), bool))


@pytest.mark.parametrize("content", [0.0, 1e3, np.nan])
def test_what_padding_holds_changes_no_valid_latent(content):
    compressor = randomised(Compressor(2), 4)
    x, mask = normal(3, 8, 4), lengths(8, 5, 1, of=8)
    other = np.where(mask[..., None], x, np.float32(content))
    valid = ops.convert_to_numpy(compressed_mask(mask, 2))
    before, after = (ops.convert_to_numpy(compressor(item, mask))[valid] for item in (x, other))
    assert np.isfinite(before).all()
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_more_padding_changes_no_valid_latent():
    compressor = randomised(Compressor(2), 4)
    x = normal(2, 8, 4)
    longer = np.concatenate([x, normal(2, 4, 4)], axis=1)
    short = compressor(x, lengths(8, 5, of=8))
    long = compressor(longer, lengths(8, 5, of=12))
    np.testing.assert_allclose(long[:, :2], short, atol=1e-5)


@pytest.mark.parametrize("content", [0.0, 1e3, np.nan])
def test_what_padding_holds_changes_nothing_decompressed(content):
    decompressor = randomised(Decompressor(2), 4)
    x, mask = normal(2, 3, 4), lengths(3, 1, of=3)
    other = np.where(mask[..., None], x, np.float32(content))
    valid = np.repeat(mask, 4, axis=1)
    before, after = (ops.convert_to_numpy(decompressor(item, mask))[valid] for item in (x, other))
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_every_token_of_a_block_gets_a_vector_of_its_own():
    restored = ops.convert_to_numpy(
        randomised(Decompressor(2), 4)(normal(1, 1, 4), np.ones((1, 1)))
    )
    assert len({tuple(row) for row in restored[0].round(4)}) == 4


@pytest.mark.parametrize("layer", [ResidualConvolution(0.2), Compressor(2, 0.2), Decompressor(2)])
def test_configurations_survive_serialisation(layer):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is type(layer)
    assert copy.get_config() == layer.get_config()
