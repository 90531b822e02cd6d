import numpy as np
import pytest

from t2t_vq.data import image_datagen, image_records, manifests
from t2t_vq.data.image_sources.pixels import Report

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
# Each image is known by its label.
LABELS = np.arange(30, dtype=np.int32)


def read_images(split, report):
    """Two chunks for training, one for testing."""
    parts = [slice(0, 15), slice(15, 20)] if split == "train" else [slice(20, 30)]
    for part in parts:
        report.see(split, count=part.stop - part.start)
        yield IMAGES[part], LABELS[part]


CLASSES = [f"class {label}" for label in LABELS]


def generate(data_dir, read_images=read_images, source=("a", 1), classes=CLASSES):
    return image_datagen.generate(
        data_dir, "x", source=source, classes=classes, read_images=read_images
    )


def test_validation_is_held_out_of_training(tmp_path):
    generate(tmp_path)
    splits = {split: image_records.read(tmp_path, "x", split) for split in image_records.SPLITS}
    for images, labels in splits.values():
        np.testing.assert_array_equal(images, IMAGES[labels])
    labels = {split: set(labels) for split, (_, labels) in splits.items()}
    assert labels["test"] == set(range(20, 30))
    assert len(labels["dev"]) == 2
    assert labels["train"] == set(range(20)) - labels["dev"]


def test_the_manifest_tells_what_there_is(tmp_path):
    manifest = generate(tmp_path)
    found = manifests.read(manifests.path(tmp_path, "x"), manifests.IMAGES)
    assert found == {**manifest, "source": ["a", 1]}
    assert manifest["image_shape"] == [32, 32, 3]
    assert manifest["classes"] == CLASSES
    counts = {split: about["images"] for split, about in manifest["splits"].items()}
    assert counts == {"train": 18, "dev": 2, "test": 10}
    assert manifest["splits"]["train"]["report"]["total"] == 20


@pytest.mark.parametrize(("count", "held_out"), [(2, 1), (19, 1), (9_990, 999), (50_000, 1_000)])
def test_a_tenth_is_held_out_at_most_a_thousand(count, held_out):
    kept, dev = image_datagen.hold_out(count)
    assert len(dev) == held_out
    np.testing.assert_array_equal(np.sort(np.concatenate([kept, dev])), np.arange(count))
    np.testing.assert_array_equal(dev, image_datagen.hold_out(count)[1])


def test_one_image_is_too_few():
    with pytest.raises(ValueError, match="Give at least two"):
        image_datagen.hold_out(1)


def test_bad_images_are_counted_in_the_manifest(tmp_path):
    def some_bad(split, report):
        yield from read_images(split, report)
        report.see("odd.png")
        report.add("not RGB", "mode L")

    report = generate(tmp_path, some_bad)["splits"]["test"]["report"]
    assert (report["total"], report["counts"]) == (11, {"not RGB": 1})


def test_a_mostly_bad_split_is_refused_before_anything_is_written(tmp_path):
    def bad(split, report):
        yield from read_images(split, report)
        if split == "test":
            report.see("odd.png", count=11)
            report.add("not RGB", "mode L", count=11)

    with pytest.raises(ValueError, match="The test part is mostly bad: 11 of 21 images"):
        generate(tmp_path / "data", bad)
    assert not (tmp_path / "data").exists()


def test_an_empty_split_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"The train part is empty\. Give RGB images"):
        generate(tmp_path, lambda split, report: [])


def test_an_interrupted_run_leaves_no_manifest(tmp_path, monkeypatch):
    generate(tmp_path)

    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(image_records, "write", full)
    with pytest.raises(OSError, match="No space"):
        generate(tmp_path)
    assert not image_records.is_whole(tmp_path, "x")


def test_data_with_a_missing_file_is_not_written_over_from_another_source(tmp_path):
    generate(tmp_path)
    image_records.path(tmp_path, "x", "test", "labels").unlink()
    with pytest.raises(ValueError, match=r"x\.json was prepared from another source"):
        generate(tmp_path, source=("a", 2))
    generate(tmp_path)
    assert image_records.is_whole(tmp_path, "x")


def test_a_reader_that_notes_nothing_is_counted(tmp_path):
    splits = generate(tmp_path, lambda split, report: read_images(split, Report()))["splits"]
    assert [splits[split]["report"]["total"] for split in ("train", "test")] == [20, 10]


def test_labels_of_any_whole_numbers_are_kept_as_int32(tmp_path):
    def wide(split, report):
        for images, labels in read_images(split, report):
            yield images, labels.astype(np.int64)

    generate(tmp_path, wide)
    assert image_records.read(tmp_path, "x", "test")[1].dtype == np.int32


@pytest.mark.parametrize(
    ("chunk", "wrong"),
    [
        (None, "is not a pair of arrays"),
        ((IMAGES,), "is not a pair of arrays"),
        ((IMAGES.astype(np.float32), LABELS), r"has images of float32 \[30, 32, 32, 3\]"),
        ((IMAGES[0], LABELS[:1]), r"has images of uint8 \[32, 32, 3\]"),
        ((IMAGES[:, :16], LABELS), r"has images of uint8 \[30, 16, 32, 3\]"),
        ((IMAGES, LABELS[:-1]), r"labels of int32 \[29\]"),
        ((IMAGES, LABELS / 1.0), r"labels of float64 \[30\]"),
        ((IMAGES, LABELS + 1), "has the label 30, which is not in 0 to 29"),
        ((IMAGES, LABELS - 1), "has the label -1, which is not in 0 to 29"),
    ],
)
def test_what_are_no_images_is_refused_with_problem_split_and_number(tmp_path, chunk, wrong):
    def reader(split, report):
        yield IMAGES, LABELS
        yield chunk

    with pytest.raises(ValueError, match=f"^x train, chunk 2 .*{wrong}"):
        generate(tmp_path, reader)


def test_a_reader_that_gives_nothing_to_read_is_refused(tmp_path):
    with pytest.raises(ValueError, match="x train: the problem's `images` gives None and no seq"):
        generate(tmp_path, lambda split, report: None)


def test_images_without_pixels_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"x train, chunk 1 has images of uint8 \[30, 0, 32, 3\]"):
        generate(tmp_path, lambda split, report: [(IMAGES[:, :0], LABELS)])


def test_images_of_two_shapes_are_refused(tmp_path):
    def reader(split, report):
        yield (IMAGES if split == "train" else IMAGES[:, :16]), LABELS

    with pytest.raises(ValueError, match=r"different shapes, \[32, 32, 3\] and \[16, 32, 3\]"):
        generate(tmp_path, reader)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_read(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file/x cannot be written to"):
        generate(tmp_path / "file" / "x", read_images=None)


def test_a_reader_that_sees_images_and_gives_none_is_refused(tmp_path):
    def seeing(split, report):
        report.see(split, count=3)
        return []

    with pytest.raises(ValueError, match="The train part is empty"):
        generate(tmp_path, seeing)


@pytest.mark.parametrize("classes", [range(30), "cats", [], None, ["cat", None]])
def test_classes_without_names_are_told_before_anything_is_read(tmp_path, classes):
    with pytest.raises(ValueError, match=r"classes of x are not a list of names .*`classes` must"):
        generate(tmp_path, read_images=None, classes=classes)


def test_classes_may_be_any_series_of_names(tmp_path):
    classes = np.array(CLASSES)
    assert generate(tmp_path, classes=classes)["classes"] == CLASSES
    assert image_records.is_whole(tmp_path, "x")


def test_a_source_that_cannot_be_noted_is_told_before_anything_is_read(tmp_path):
    with pytest.raises(ValueError, match="`source` gives what no manifest can note"):
        generate(tmp_path, read_images=None, source=tmp_path)
