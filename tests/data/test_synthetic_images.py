import numpy as np
import pytest

from t2t_vq.data import synthetic_images
from t2t_vq.data.synthetic_images import shapes, textures

MEANS = [[148.04, 167.3, 127.99], [87.12, 66.26, 81.25], [70.38, 85.06, 61.94]]


def read(split, count, seed=0):
    images, labels = zip(*synthetic_images.images(split, count, seed), strict=True)
    return np.concatenate(images), np.concatenate(labels)


@pytest.fixture(scope="module")
def drawn():
    return read("train", 600)


def test_images_and_labels_have_their_types(drawn):
    images, labels = drawn
    assert (images.dtype, images.shape) == (np.uint8, (600, 32, 32, 3))
    assert (labels.dtype, labels.shape) == (np.int32, (600,))
    np.testing.assert_array_equal(np.unique(labels), np.arange(10))


def test_an_image_depends_on_split_seed_and_number_only(drawn):
    for again, first in zip(read("train", 270), drawn, strict=True):
        np.testing.assert_array_equal(again, first[:270])
    assert not np.array_equal(read("test", 10)[0], drawn[0][:10])
    assert not np.array_equal(read("train", 10, seed=1)[0], drawn[0][:10])


def test_no_image_occurs_twice(drawn):
    images = np.concatenate([drawn[0], read("test", 100)[0]])
    assert len({image.tobytes() for image in images}) == 700


def test_images_use_the_whole_range_and_do_not_drown_in_it(drawn):
    images = drawn[0].astype(float)
    assert 90 < images.mean() < 150
    assert images.std(axis=(1, 2)).min() > 1
    assert np.mean((images == 0) | (images == 255)) < 0.05


def test_the_drawing_is_the_one_that_its_version_names(drawn):
    # Fails when images change: then raise VERSION and put the new sums here.
    means = drawn[0][:3].mean(axis=(1, 2))
    assert synthetic_images.VERSION == 1
    np.testing.assert_allclose(means, MEANS, atol=0.05)


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match="no split 'dev'"):
        next(synthetic_images.images("dev", 1))


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_shapes_are_filled_bounded_and_as_steep_as_a_distance(shape):
    place = np.linspace(-1.5, 1.5, 301)
    distance = shape(*np.meshgrid(place, place))
    inside = distance < 0
    assert 0.08 < inside.mean() < 0.35
    assert not np.any(inside[[0, -1]]) and not np.any(inside[:, [0, -1]])
    steepness = np.hypot(*np.gradient(distance, place, place))
    near = np.abs(distance) < 0.05
    assert np.median(steepness[near]) == pytest.approx(1, abs=0.15)


def test_the_area_of_the_square_is_that_of_a_square():
    place = np.linspace(-1.5, 1.5, 601)
    inside = shapes.square(*np.meshgrid(place, place)) < 0
    assert inside.mean() * 9 == pytest.approx(1.48**2, rel=0.02)


def test_shapes_differ(drawn):
    place = np.linspace(-1.2, 1.2, 61, dtype=np.float32)
    x, y = (np.repeat(part[None], 10, axis=0) for part in np.meshgrid(place, place))
    inside = shapes.distance(np.arange(10), x, y) < 0
    different = np.mean(inside[:, None] != inside[None], axis=(2, 3))
    assert different[~np.eye(10, dtype=bool)].min() > 0.04


@pytest.mark.parametrize("kind", range(len(textures.TEXTURES)))
def test_textures_lie_between_their_colours(kind):
    place = np.linspace(-1, 1, 32, dtype=np.float32)
    x, y = (np.repeat(part[None], 6, axis=0) for part in np.meshgrid(place, place))
    found = textures.pattern(np.full(6, kind), x, y, np.random.default_rng(0))
    assert found.shape == (6, 32, 32)
    assert found.min() >= 0 and found.max() <= 1
    assert textures.TEXTURES[kind] is textures.plain or found.std() > 0.1
