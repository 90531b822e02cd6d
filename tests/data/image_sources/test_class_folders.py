import numpy as np
import pytest
from PIL import Image

from t2t_vq.data import image_sources

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "test"):
        for number, name in enumerate(("ant", "bee")):
            (tmp_path / split / name).mkdir(parents=True)
            save(tmp_path / split / name / "1.png", IMAGES[2 * number])
            save(tmp_path / split / name / "2.bmp", IMAGES[2 * number + 1])
    return tmp_path


def save(path, image):
    Image.fromarray(image).save(path)


def test_every_class_is_a_folder(read, folder):
    images, labels, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, [0, 0, 1, 1])
    assert (report.total, report.counts) == (4, {})
    assert image_sources.find(folder).classes() == ("ant", "bee")


def test_bad_files_are_counted_by_kind_and_the_first_is_named(read, folder):
    ants = folder / "train" / "ant"
    save(ants / "odd.png", IMAGES[0, :31, :31])
    save(ants / "grey.png", IMAGES[0, :, :, 0])
    (ants / "text.txt").write_text("no image")
    (ants / "cut.png").write_bytes((ants / "1.png").read_bytes()[:1500])
    save(folder / "train" / "loose.png", IMAGES[0])
    (ants / ".hidden").touch()
    images, _, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES)
    assert report.total == 9
    assert report.counts == {
        "not 32 x 32 pixels": 1,
        "not RGB": 1,
        "cannot be read": 2,
        "in no folder of a class": 1,
    }
    assert report.first["not 32 x 32 pixels"] == "train/ant/odd.png: '31 x 31'"
    assert report.first["cannot be read"].startswith("train/ant/cut.png: ")


def test_the_folders_of_train_say_which_classes_there_are(read, folder):
    (folder / "train" / "ant").rename(folder / "train" / "wasp")
    _, labels, report = read(folder, "test")
    np.testing.assert_array_equal(labels, [0, 0])
    assert report.counts == {"no such class in train": 2}


def test_files_without_folders_are_no_classes(folder):
    for name in ("ant", "bee"):
        (folder / "train" / name / "1.png").rename(folder / "train" / f"{name}.png")
        (folder / "train" / name / "2.bmp").unlink()
        (folder / "train" / name).rmdir()
    with pytest.raises(FileNotFoundError, match="train has no folders"):
        image_sources.find(folder).classes()


def test_what_is_no_file_is_counted_and_named(read, folder):
    ants = folder / "train" / "ant"
    (ants / "more").mkdir()
    save(ants / "more" / "1.png", IMAGES[0])
    (ants / "gone.png").symlink_to("nowhere")
    images, _, report = read(folder)
    np.testing.assert_array_equal(images, IMAGES)
    assert (report.total, report.counts) == (6, {"not a file": 2})
    assert report.first["not a file"] == "train/ant/gone.png: 'gone.png'"
    assert image_sources.fingerprint(image_sources.find(folder))["files"] == 8


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore:Image size")
@pytest.mark.parametrize("end", ["png", "jpg", "gif", "tiff", "webp", "bmp"])
def test_no_damage_to_a_picture_is_anything_but_a_count(read, folder, end):
    path = folder / "train" / "ant" / f"harmed.{end}"
    save(path, IMAGES[0])
    content, draw = path.read_bytes(), np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(content[: draw.integers(1, len(content) + 1)])
        for place in draw.integers(len(damaged), size=3):
            damaged[place] = draw.integers(256)
        path.write_bytes(damaged)
        assert read(folder)[2].total == 5
