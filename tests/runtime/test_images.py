"""Codecs of exported networks give what those of the models give."""

import keras
import numpy as np
import pytest

from t2t_vq import runtime
from t2t_vq.bottlenecks import (
    DecomposedVectorQuantizer,
    DenseBottleneck,
    FiniteScalarQuantizer,
    Projected,
    ResidualVectorQuantizer,
    SoftEM,
    VariationalBottleneck,
    VectorQuantizer,
)
from t2t_vq.export.networks import export_networks
from t2t_vq.image_codec import ImageCodec
from t2t_vq.models.vq_autoencoder import VqAutoencoder

SIZE = {
    **{"image_shape": (8, 8, 3), "hidden_size": 8, "num_layers": 1, "num_mixtures": 2},
    **{"prior_size": 8, "prior_layers": 1, "prior_filter_size": 16, "prior_heads": 2},
}
TRANSFORMER = {"encoder": "transformer", "filter_size": 16, "num_heads": 2}
IMAGES = np.random.default_rng(0).integers(256, size=(5, 8, 8, 3), dtype=np.uint8)
ENGINES = ("openvino", "onnx")
WITH_CODES = {
    "grey": (lambda: VectorQuantizer(num_codes=8), {"image_shape": (4, 8, 1)}),
    "transformer": (lambda: VectorQuantizer(num_codes=8), TRANSFORMER),
    "residual": (lambda: ResidualVectorQuantizer(VectorQuantizer(num_codes=4)), {}),
    "fsq": (lambda: FiniteScalarQuantizer((3, 4), num_blocks=2), {"likelihood": "categorical"}),
}


def made(bottleneck, **options):
    """A model none of whose weights is as it starts, so that its images are not all grey."""
    keras.utils.set_random_seed(1)
    model = VqAutoencoder(bottleneck, **{**SIZE, **options})
    rng = np.random.default_rng(2)
    for variable in model.trainable_variables:
        variable.assign_add(0.3 * rng.normal(size=variable.shape))
    model.adapt([{"image": IMAGES[:, : model.image_shape[0], :, : model.image_shape[2]]}])
    return model


def loaded(model, folder, engine="openvino", batch_size=None):
    export_networks(model, folder, engine)
    return runtime.load(folder, batch_size)


def assert_same_images(found, expected):
    """Asserts that images are the same, but for a grey level in one of 200 values.

    Libraries add up in other orders, and what lies between two grey levels may go to either.
    """
    assert found.dtype == expected.dtype == np.uint8 and found.shape == expected.shape
    apart = np.abs(found.astype(int) - expected)
    assert apart.max() <= 1 and apart.mean() < 0.005
    assert expected.std() > 3


@pytest.fixture(scope="module")
def model(tf):
    bottleneck = DecomposedVectorQuantizer(SoftEM(num_codes=4, num_samples=3), num_blocks=2)
    return made(bottleneck, num_classes=3)


@pytest.fixture(scope="module")
def codec(model):
    return ImageCodec(model, batch_size=2)


@pytest.fixture(scope="module", params=ENGINES)
def exported(request, model, tmp_path_factory):
    return loaded(model, tmp_path_factory.mktemp(request.param), request.param, batch_size=2)


def test_it_encodes_decodes_and_reconstructs_as_the_model_does(codec, exported):
    codes = codec.encode(IMAGES)
    found = exported.encode(IMAGES)
    np.testing.assert_array_equal(found, codes)
    assert found.dtype == np.int32
    assert_same_images(exported.decode(codes), codec.decode(codes))
    assert_same_images(exported.reconstruct(IMAGES), codec.reconstruct(IMAGES))


def test_it_draws_what_the_model_draws_by_the_same_seed(codec, exported):
    found = exported.sample(5, seed=7, temperature=0.8)
    assert_same_images(found, codec.sample(5, seed=7, temperature=0.8))
    assert (found != exported.sample(5, seed=8, temperature=0.8)).any()


def test_it_draws_the_classes_that_it_is_told(codec, exported):
    labels = np.array([2, 0, 1], np.int32)
    found = exported.sample(3, labels, seed=7)
    assert_same_images(found, codec.sample(3, labels, seed=7))
    assert (found != exported.sample(3, labels[::-1], seed=7)).any()


def test_images_that_cannot_be_written_to_are_encoded_too(exported):
    images = IMAGES.copy()
    images.flags.writeable = False
    np.testing.assert_array_equal(exported.encode(images), exported.encode(IMAGES))


def test_no_images_give_none(exported):
    assert exported.encode(IMAGES[:0]).shape == (0, 4, 2)
    assert exported.reconstruct(IMAGES[:0]).shape == (0, 8, 8, 3)
    assert exported.sample(0).shape == (0, 8, 8, 3)


def test_what_does_not_fit_is_told_in_a_sentence(exported):
    with pytest.raises(ValueError, match=r"images as uint8 \[n, 8, 8, 3\], and these are float64"):
        exported.encode(IMAGES / 255)
    with pytest.raises(ValueError, match=r"and these are uint8 \[5, 4, 8, 3\]"):
        exported.reconstruct(IMAGES[:, :4])
    with pytest.raises(ValueError, match=r"codes as int32 \[n, 4, 2\]"):
        exported.decode(np.zeros((1, 4, 1), np.int32))
    with pytest.raises(ValueError, match="Codes are from 0 to"):
        exported.decode(np.full((1, 4, 2), 99, np.int32))
    with pytest.raises(ValueError, match="temperature=0 cannot be drawn with"):
        exported.sample(1, temperature=0)


@pytest.mark.parametrize(("bottleneck", "options"), WITH_CODES.values(), ids=WITH_CODES)
def test_every_part_of_a_model_is_exported(tf, bottleneck, options, tmp_path):
    model = made(bottleneck(), **options)
    codec, (height, width, channels) = loaded(model, tmp_path), model.image_shape
    images = IMAGES[:, :height, :width, :channels]
    codes = codec.encode(images)
    np.testing.assert_array_equal(codes, model.to_codes(images))
    assert_same_images(codec.decode(codes), np.asarray(model.from_codes(codes)))
    seed = np.random.default_rng(3).integers(1 << 31)
    assert_same_images(codec.sample(4, seed=3), np.asarray(model.sample(4, seed=seed)))


@pytest.mark.parametrize("dim", [None, 4], ids=["as it is", "projected"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_kind_with_a_prior_of_its_own_has_no_codes_and_draws(tf, engine, dim, tmp_path):
    bottleneck = VariationalBottleneck(latent_dim=2, seed=3)
    model = made(Projected(bottleneck, dim=dim) if dim else bottleneck)
    codec = loaded(model, tmp_path, engine)
    assert_same_images(codec.reconstruct(IMAGES), np.asarray(model.reconstruct(IMAGES)))
    seed = np.random.default_rng(5).integers(1 << 31)
    expected = np.asarray(model.sample(3, seed=seed, temperature=0.5))
    assert_same_images(codec.sample(3, seed=5, temperature=0.5), expected)
    with pytest.raises(ValueError, match="This model has no codes"):
        codec.encode(IMAGES)
    with pytest.raises(ValueError, match="This model has no codes"):
        codec.decode(np.zeros((1, 4, 1), np.int32))


def test_a_kind_without_a_prior_draws_nothing(tf, tmp_path):
    model = made(DenseBottleneck(4))
    codec = loaded(model, tmp_path)
    assert_same_images(codec.reconstruct(IMAGES), np.asarray(model.reconstruct(IMAGES)))
    with pytest.raises(ValueError, match="no prior to draw images from"):
        codec.sample(2)
