import shutil

import numpy as np
import pytest
from PIL import Image

from t2t_vq.data import image_sources

IMAGES = np.random.default_rng(0).integers(0, 256, (1000, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Two training sheets and one for testing; the second sheet is the first from the rear."""
    folder = tmp_path_factory.mktemp("good")
    save(folder / "train_00.png", IMAGES)
    save(folder / "train_01.webp", IMAGES[::-1])
    save(folder / "test_00.png", IMAGES)
    (folder / "train_labels.txt").write_text("0\n1\n" * 1000)
    (folder / "test_labels.txt").write_text("1\n" * 1000)
    (folder / "classes.txt").write_text("cat\nsea gull\n")
    return folder


@pytest.fixture
def folder(good, tmp_path):
    """A copy of the good folder, to do harm to."""
    return shutil.copytree(good, tmp_path / "sheets")


def save(path, images):
    rows = [np.concatenate(list(row), axis=1) for row in images.reshape(25, 40, 32, 32, 3)]
    Image.fromarray(np.concatenate(rows)).save(path, lossless=True, method=0, compress_level=1)


def test_sheets_are_read_in_order_row_by_row(read, folder):
    images, labels, report = read(folder)
    np.testing.assert_array_equal(images, np.concatenate([IMAGES, IMAGES[::-1]]))
    np.testing.assert_array_equal(labels, [0, 1] * 1000)
    assert (report.total, report.counts) == (2000, {})
    assert image_sources.find(folder).classes() == ("cat", "sea gull")


def test_a_cut_sheet_is_named_and_leaves_the_labels_of_the_others_in_place(read, folder):
    whole = (folder / "train_00.png").read_bytes()
    (folder / "train_00.png").write_bytes(whole[: len(whole) // 2])
    (folder / "train_labels.txt").write_text("0\n" * 1000 + "1\n" * 1000)
    images, labels, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES[::-1])
    np.testing.assert_array_equal(labels, [1] * 1000)
    assert (report.total, report.counts) == (2000, {"cannot be read": 1000})
    assert report.first["cannot be read"].startswith("train_00.png: ")
    report.check("The train part")


def test_a_missing_sheet_is_noticed_by_its_labels(read, folder):
    (folder / "train_00.png").unlink()
    images, _, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES[::-1])
    assert report.counts == {"sheet is missing": 1000}
    assert report.first["sheet is missing"].startswith("train_00: ")


def test_no_sheet_is_missing_beyond_the_labels(read, folder):
    (folder / "train_01.webp").rename(folder / "train_20240101.webp")
    (folder / "train_labels.txt").write_text("0\n" * 1000)
    images, _, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES)
    assert (report.total, report.counts) == (2000, {"no label": 1000})


@pytest.mark.parametrize(
    ("change", "kind", "found"),
    [
        (lambda sheet: sheet.resize((640, 400)), "not 1280 x 800 pixels", "640 x 400"),
        (lambda sheet: sheet.convert("L"), "not RGB", "Pillow's mode L"),
    ],
)
def test_sheets_of_the_wrong_size_or_type_are_counted(read, folder, change, kind, found):
    with Image.open(folder / "train_00.png") as sheet:
        changed = change(sheet)
    changed.save(folder / "train_00.png")
    report = read(folder)[-1]
    assert report.counts == {kind: 1000}
    assert found in report.first[kind]


def test_bad_labels_are_counted_with_the_line_of_the_first(read, folder):
    labels = ["0"] * 1998
    labels[4], labels[7], labels[1500] = "2", "-1", "cat"
    (folder / "train_labels.txt").write_text("\n".join(labels))
    images, kept, report = read(folder)
    assert report.counts == {
        "label out of range": 2,
        "label is not a whole number": 1,
        "no label": 2,
    }
    assert report.first["label out of range"] == "train_labels.txt:5: '2 is not in 0 to 1'"
    assert report.first["label is not a whole number"] == "train_labels.txt:1501: 'cat'"
    assert report.first["no label"].startswith("train_labels.txt:1999: ")
    assert len(images) == len(kept) == 1995
    np.testing.assert_array_equal(images[4], IMAGES[5])


@pytest.mark.parametrize("name", ["train_labels.txt", "classes.txt"])
def test_missing_notes_are_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name} is missing\. Put there sheets"):
        image_sources.fingerprint(image_sources.find(folder))


def test_the_same_number_twice_is_refused(folder):
    (folder / "train_0.png").touch()
    with pytest.raises(ValueError, match=r"a sheet twice: train_0\.png, train_00\.png"):
        image_sources.find(folder)


def test_a_class_twice_is_refused(folder):
    (folder / "classes.txt").write_text("cat\ncat\n")
    with pytest.raises(ValueError, match="one class name a line, each once"):
        image_sources.find(folder).classes()


def test_a_folder_is_no_sheet(read, folder):
    (folder / "train_02.png").mkdir()
    assert read(folder)[2].total == 2000


def test_a_byte_order_mark_is_no_part_of_a_label(read, folder):
    path = folder / "train_labels.txt"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert read(folder)[2].counts == {}
