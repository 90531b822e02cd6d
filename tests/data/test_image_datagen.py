import numpy as np
import pytest

from t2t_vq.data import image_datagen, image_records, records

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
# Each image is known by its label.
LABELS = np.arange(30, dtype=np.int32)


def read_images(split, report):
    """Two chunks for training, one for testing."""
    parts = [slice(0, 15), slice(15, 20)] if split == "train" else [slice(20, 30)]
    for part in parts:
        report.see(split, count=part.stop - part.start)
        yield IMAGES[part], LABELS[part]


def generate(data_dir, read_images=read_images):
    return image_datagen.generate(
        data_dir, "x", source={"a": 1}, classes=("b", "c"), read_images=read_images
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
    assert manifest == records.read_json(records.manifest_path(tmp_path, "x"))
    assert manifest["source"] == {"a": 1}
    assert manifest["image_shape"] == [32, 32, 3]
    assert manifest["classes"] == ["b", "c"]
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
