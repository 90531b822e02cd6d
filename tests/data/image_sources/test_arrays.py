import numpy as np
import pytest

from t2t_vq.data import image_sources

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
LABELS = np.arange(8)


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "test"):
        np.savez(tmp_path / f"{split}.npz", images=IMAGES, labels=LABELS)
    return tmp_path


def test_arrays_are_read_as_they_are(read, folder):
    images, labels, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    assert labels.dtype == np.int32
    assert (report.total, report.counts) == (8, {})


def test_classes_are_ten_or_as_named(folder):
    assert image_sources.find(folder).classes() == tuple("0123456789")
    (folder / "classes.txt").write_text("a\nb\nc\n")
    assert image_sources.find(folder).classes() == ("a", "b", "c")


def test_labels_out_of_range_are_counted(read, folder):
    (folder / "classes.txt").write_text("a\nb\nc\nd\ne\nf\n")
    images, labels, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES[:6])
    np.testing.assert_array_equal(labels, LABELS[:6])
    assert report.counts == {"label out of range": 2}
    assert report.first["label out of range"] == "train.npz:6: '6 is not in 0 to 5'"


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": IMAGES / 255, "labels": LABELS},
        {"images": IMAGES[:, :31], "labels": LABELS},
        {"images": IMAGES, "labels": LABELS[:-1]},
        {"images": IMAGES, "labels": LABELS / 1},
        {"images": IMAGES, "labels": LABELS[:, None]},
        {"images": IMAGES, "labels": np.array(5)},
    ],
)
def test_arrays_of_another_type_or_shape_are_refused(read, folder, arrays):
    np.savez(folder / "train.npz", **arrays)
    with pytest.raises(ValueError, match=r"train\.npz holds images of .* and labels of"):
        read(folder)


def test_a_missing_array_is_named(read, folder):
    np.savez(folder / "train.npz", images=IMAGES)
    with pytest.raises(ValueError, match=r"train\.npz has no array labels"):
        read(folder)


@pytest.mark.parametrize("content", [b"", b"text", "cut", "flipped", "npy", "objects"])
def test_a_damaged_file_is_named(read, folder, content):
    path = folder / "train.npz"
    whole = path.read_bytes()
    if content == "npy":
        with open(path, "wb") as file:
            np.save(file, IMAGES)
    elif content == "objects":
        np.savez(path, images=IMAGES.astype(object), labels=LABELS)
    else:
        flipped = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
        path.write_bytes({"cut": whole[:-100], "flipped": flipped}.get(content, content))
    with pytest.raises(ValueError, match=r"train\.npz is damaged or not what its name says"):
        read(folder)


def test_no_damage_is_anything_but_a_sentence(read, folder):
    path = folder / "train.npz"
    content, draw = path.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        # Most of the file are pixels, and all else is at its start and its end.
        damaged[draw.integers(-500, 300)] = draw.integers(256)
        path.write_bytes(damaged)
        try:
            read(folder)
        except ValueError as error:
            assert str(path) in str(error)
