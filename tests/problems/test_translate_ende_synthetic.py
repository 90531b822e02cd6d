import pytest

from t2t_vq import registry
from t2t_vq.data.text_files import Report


@pytest.fixture
def problem():
    problem = registry.problem("translate_ende_synthetic")
    problem.num_train_pairs, problem.num_dev_pairs, problem.num_test_pairs = 300, 20, 10
    return problem


def test_it_needs_nothing(problem, tmp_path):
    problem.generate_data(tmp_path)
    assert [len(side) for side in problem.text(tmp_path, "test")] == [10, 10]


def test_another_size_needs_another_folder(problem, tmp_path):
    problem.generate_data(tmp_path)
    problem.num_train_pairs = 301
    with pytest.raises(ValueError, match="Choose another --data_dir"):
        problem.generate_data(tmp_path)


def test_a_source_folder_is_refused(problem, tmp_path):
    with pytest.raises(ValueError, match="reads no --source_dir"):
        problem.generate_data(tmp_path, source_dir=tmp_path)
    with pytest.raises(ValueError, match="reads no --source_dir"):
        next(problem.pairs("train", tmp_path, Report()))
