import numpy as np
import pytest

from t2t_vq import registry
from t2t_vq.data import synthetic_images


@pytest.fixture
def problem():
    problem = registry.problem("image_synthetic")
    problem.num_train_images, problem.num_test_images = 40, 10
    return problem


def test_it_needs_nothing(problem, tmp_path):
    problem.generate_data(tmp_path)
    (batch,) = problem.batches(tmp_path, "test", batch_size=16)
    np.testing.assert_array_equal(batch["image"], next(synthetic_images.images("test", 10))[0])


def test_another_size_or_drawing_needs_another_folder(problem, tmp_path, monkeypatch):
    problem.generate_data(tmp_path)
    problem.num_test_images = 11
    with pytest.raises(ValueError, match="Choose another --data_dir"):
        problem.generate_data(tmp_path)
    problem.num_test_images = 10
    monkeypatch.setattr(synthetic_images, "VERSION", 0)
    with pytest.raises(ValueError, match="Choose another --data_dir"):
        problem.generate_data(tmp_path)


def test_a_source_folder_is_refused(problem, tmp_path):
    with pytest.raises(ValueError, match=r"reads no --source_dir.*image_cifar10_local"):
        problem.generate_data(tmp_path / "data", source_dir=tmp_path)
    assert not (tmp_path / "data").exists()
