import errno
import os
import pathlib
import resource

import numpy as np
import pytest

from t2t_vq import atomic
from t2t_vq.data import image_records, manifests

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
LABELS = np.arange(6, dtype=np.int32)


@pytest.fixture
def data_dir(tmp_path):
    splits = {
        split: {"images": 6, "crc32": image_records.write(tmp_path, "x", split, IMAGES, LABELS)}
        for split in image_records.SPLITS
    }
    about = {"name": "x", "source": "y", "image_shape": [32, 32, 3], "classes": ["a"] * 6}
    atomic.write_json(manifests.path(tmp_path, "x"), {**about, "splits": splits})
    return tmp_path


def test_what_is_written_is_read(data_dir):
    images, labels = image_records.read(data_dir, "x", "dev")
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int32)


def test_the_order_of_axes_in_memory_does_not_matter(tmp_path):
    turned = np.asfortranarray(IMAGES)
    checksums = [
        image_records.write(tmp_path, "x", "dev", array, LABELS) for array in (IMAGES, turned)
    ]
    assert checksums[0] == checksums[1]
    assert np.load(image_records.path(tmp_path, "x", "dev", "images")).flags.c_contiguous


def test_data_is_whole_with_its_manifest_and_every_file(data_dir):
    assert image_records.is_whole(data_dir, "x")
    image_records.path(data_dir, "x", "test", "labels").unlink()
    assert not image_records.is_whole(data_dir, "x")
    assert not image_records.is_whole(data_dir, "y")


@pytest.mark.parametrize("part", ["images", "labels"])
@pytest.mark.parametrize("size", [0, 100, -1])
def test_data_with_a_file_that_was_cut_is_not_believed(data_dir, part, size):
    file = image_records.path(data_dir, "x", "test", part)
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ValueError, match=rf"x-test-{part}\.npy is not as it was written.* Delete"):
        image_records.is_whole(data_dir, "x")


def test_files_are_what_numpy_saves(data_dir, tmp_path):
    np.save(tmp_path / "saved.npy", IMAGES)
    found = image_records.path(data_dir, "x", "dev", "images").read_bytes()
    assert found == (tmp_path / "saved.npy").read_bytes()


@pytest.fixture
def small_files():
    """Lets no file grow beyond 4 KiB, as a disk that is full would not."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_stops_a_file_in_the_middle_is_named(tmp_path, small_files):
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        image_records.write(tmp_path, "x", "dev", IMAGES, LABELS)
    assert not list(tmp_path.iterdir())


def test_nothing_temporary_stays(data_dir):
    assert len(list(data_dir.iterdir())) == 7


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def empty(path):
    path.write_bytes(b"")


def other_kind(path):
    content = path.read_bytes()
    path.write_bytes(content.replace(b"|u1", b"|i1").replace(b"<i4", b"<f4"))


def other_shape(path):
    array = np.load(path)
    np.save(path, array.reshape(2, 3, *array.shape[1:]))


@pytest.mark.parametrize("part", ["images", "labels"])
@pytest.mark.parametrize("harm", [cut, flip, empty, pathlib.Path.unlink, other_kind, other_shape])
def test_a_damaged_or_missing_file_is_named(data_dir, part, harm):
    harm(image_records.path(data_dir, "x", "train", part))
    with pytest.raises(ValueError, match=rf"x-train-{part}\.npy is not as it was written"):
        image_records.read(data_dir, "x", "train")
    image_records.read(data_dir, "x", "test")


def test_an_unknown_split_is_named(data_dir):
    with pytest.raises(ValueError, match=r"no split 'valid'\. Choose one of train, dev, test"):
        image_records.read(data_dir, "x", "valid")


def test_no_damage_to_a_head_is_anything_but_a_sentence(data_dir):
    file = image_records.path(data_dir, "x", "train", "labels")
    content = file.read_bytes()
    draw = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[draw.integers(len(content) - LABELS.nbytes)] ^= 1 << draw.integers(8)
        file.write_bytes(damaged)
        try:
            _, labels = image_records.read(data_dir, "x", "train")
        except ValueError as error:
            assert str(file) in str(error)
        else:
            np.testing.assert_array_equal(labels, LABELS)
