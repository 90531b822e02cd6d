import pathlib

import numpy as np
import pytest

from t2t_vq import registry

SHEETS = pathlib.Path(__file__).parents[3] / "shared" / "data" / "cifar10"


@pytest.fixture
def problem():
    return registry.problem("image_cifar10_local")


@pytest.fixture
def source_dir(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        images = rng.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
        np.savez(folder / f"{split}.npz", images=images, labels=np.arange(20) % 10)
    return folder


def test_own_images_are_prepared(problem, source_dir, tmp_path):
    problem.generate_data(tmp_path, source_dir)
    (batch,) = problem.batches(tmp_path, "test", batch_size=32)
    with np.load(source_dir / "test.npz") as arrays:
        np.testing.assert_array_equal(batch["image"], arrays["images"])
        np.testing.assert_array_equal(batch["label"], arrays["labels"])


def test_changed_images_are_refused(problem, source_dir, tmp_path):
    problem.generate_data(tmp_path, source_dir)
    (source_dir / "classes.txt").write_text("\n".join("abcdefghij"))
    with pytest.raises(ValueError, match="Choose another --data_dir"):
        problem.generate_data(tmp_path, source_dir)


def test_a_missing_source_folder_is_explained(problem, tmp_path):
    with pytest.raises(ValueError, match="needs your own images: --source_dir, a folder with"):
        problem.generate_data(tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(
    not SHEETS.is_dir(), reason="The sheets of CIFAR-10 are not beside the project."
)
def test_the_sheets_of_cifar10_are_found_whole(problem):
    assert problem.classes(SHEETS)[0] == "airplane"
    assert problem.source(SHEETS)["files"] == 63
