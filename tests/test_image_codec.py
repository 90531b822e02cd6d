import keras
import numpy as np
import pytest

from t2t_vq.bottlenecks import DecomposedVectorQuantizer, DenseBottleneck, SoftEM
from t2t_vq.image_codec import ImageCodec
from t2t_vq.models.vq_autoencoder import VqAutoencoder

SIZE = {
    **{"image_shape": (8, 8, 3), "hidden_size": 8, "num_layers": 1, "num_mixtures": 2},
    **{"prior_size": 8, "prior_layers": 1, "prior_filter_size": 16, "prior_heads": 2},
}
IMAGES = np.random.default_rng(0).integers(256, size=(5, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(5, dtype=np.int32)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    bottleneck = DecomposedVectorQuantizer(SoftEM(num_codes=4, num_samples=3), num_blocks=2)
    model = VqAutoencoder(bottleneck, num_classes=5, **SIZE)
    model.adapt([{"image": IMAGES}])
    return model


@pytest.fixture(scope="module")
def codec(model):
    return ImageCodec(model, batch_size=2)


def test_codes_of_batches_are_those_of_all_at_once(codec, model):
    codes = codec.encode(IMAGES)
    assert codes.shape == (5, 4, 2) and codes.dtype == np.int32
    np.testing.assert_array_equal(codes, model.to_codes(IMAGES))


def test_decoding_codes_is_reconstructing(codec):
    rebuilt = codec.reconstruct(IMAGES)
    assert rebuilt.shape == IMAGES.shape and rebuilt.dtype == np.uint8
    np.testing.assert_array_equal(codec.decode(codec.encode(IMAGES)), rebuilt)


def test_bits_of_batches_are_those_of_all_at_once(codec, model):
    for found, expected in zip(codec.bits(IMAGES, LABELS), model.bits(IMAGES, LABELS), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_bits_of_drawn_codes_depend_on_the_seed_alone(codec):
    first, again, other = (codec.bits(IMAGES, LABELS, 3, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_samples_depend_on_the_seed_alone_and_differ(codec):
    first, again, other = (codec.sample(5, seed=seed) for seed in (1, 1, 2))
    assert first.shape == (5, 8, 8, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[:2] != first[2:4]).any()


def test_samples_of_a_class_are_drawn_given_its_label(codec, model):
    label = np.full(2, 3, np.int32)
    seed = np.random.default_rng(7).integers(1 << 31)
    expected = model.sample(2, label, seed)
    np.testing.assert_array_equal(codec.sample(2, label, seed=7), expected)


def test_all_temperatures_draw_with_one_program(model):
    codec = ImageCodec(model, batch_size=2)
    found = {
        temperature: codec.sample(2, seed=7, temperature=temperature) for temperature in (1, 5)
    }
    (program,) = codec._compiled.values()
    assert program.experimental_get_tracing_count() == 1
    seed = np.random.default_rng(7).integers(1 << 31)
    for temperature, images in found.items():
        np.testing.assert_array_equal(images, model.sample(2, None, seed, temperature))
    assert (found[1] != found[5]).any()
    for temperature in (1e-7, 1e7):
        with pytest.raises(ValueError, match="The temperature of a search is a number from"):
            codec.sample(2, temperature=temperature)


def test_what_it_has_no_meaning_for_is_told(codec, model):
    with pytest.raises(ValueError, match="Codes are from 0 to"):
        codec.decode(codec.encode(IMAGES[:1]) + model.bottleneck.num_codes)
    with pytest.raises(ValueError, match="one class for each of 2 images"):
        codec.sample(2, [1])
    with pytest.raises(ValueError, match="Give 1 or more"):
        ImageCodec(model, batch_size=0)
    for method in (codec.encode, codec.reconstruct, lambda images: codec.bits(images, LABELS)):
        with pytest.raises(
            ValueError, match=r"images as uint8 \[n, 8, 8, 3\], and these are float"
        ):
            method(IMAGES / 255)
        with pytest.raises(ValueError, match=r"images as uint8 .* and these are uint8 \[8, 8, 3\]"):
            method(IMAGES[0])
    with pytest.raises(ValueError, match=r"codes as int32 \[n, 4, 2\], and these are float64"):
        codec.decode(np.zeros((1, 4, 2)))
    with pytest.raises(ValueError, match="one class for each of 5 images, from 0 to 4"):
        codec.bits(IMAGES, LABELS[:4])
    with pytest.raises(ValueError, match="seed=None cannot be drawn with"):
        codec.sample(2, seed=None)
    with pytest.raises(ValueError, match=r"num_samples=0\.5 cannot be drawn with"):
        codec.bits(IMAGES, LABELS, num_samples=0.5)


def test_lists_are_taken_for_arrays(codec):
    np.testing.assert_array_equal(codec.encode(list(IMAGES)), codec.encode(IMAGES))
    codes = codec.encode(IMAGES)
    np.testing.assert_array_equal(codec.decode(codes.tolist()), codec.decode(codes))


def test_no_images_give_none(codec):
    assert codec.reconstruct(IMAGES[:0]).shape == (0, 8, 8, 3)


def test_a_kind_without_codes_reconstructs_and_draws_nothing():
    codec = ImageCodec(VqAutoencoder(DenseBottleneck(4), **SIZE), batch_size=2)
    assert codec.reconstruct(IMAGES).shape == IMAGES.shape
    with pytest.raises(ValueError, match="no prior to draw images from"):
        codec.sample(2)
    with pytest.raises(ValueError, match="This model has no codes"):
        codec.encode(IMAGES)
