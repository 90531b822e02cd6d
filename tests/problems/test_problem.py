import pytest

from t2t_vq import atomic
from t2t_vq.data import manifests
from t2t_vq.problems.problem import Problem


class Written(Problem):
    """One file, in which is what the source says."""

    registered_name = "written"

    def source(self, source_dir):
        return str(source_dir)

    def prepare(self, data_dir, source_dir):
        values = {"source": self.source(source_dir)}
        atomic.write_json(manifests.path(data_dir, self.corpus_name), values)

    def is_generated(self, data_dir):
        return manifests.path(data_dir, self.corpus_name).exists()

    # No test trains on it.
    model_arguments = train_batches = batches = None


@pytest.fixture
def problem(tmp_path):
    problem = Written()
    problem.generate_data(tmp_path, "a")
    return problem


def test_prepared_data_is_left_alone(problem, tmp_path, monkeypatch):
    monkeypatch.setattr(problem, "prepare", None)
    problem.generate_data(tmp_path, "a")
    assert problem.manifest(tmp_path) == {"source": "a"}


def test_prepared_data_of_another_source_is_refused(problem, tmp_path):
    with pytest.raises(ValueError, match=r"written\.json was prepared from another source"):
        problem.generate_data(tmp_path, "b")


def test_only_external_data_needs_no_source_any_more(problem, tmp_path):
    with pytest.raises(ValueError, match="Choose another --data_dir"):
        problem.generate_data(tmp_path)
    problem.external = True
    problem.generate_data(tmp_path)


def test_a_task_of_ones_own_without_an_evaluator_is_told_what_to_set(problem):
    problem.task = "ranking"
    with pytest.raises(ValueError, match=r"written is of the task 'ranking'.* Set its attribute"):
        _ = problem.evaluator


def test_files_of_another_name_are_other_data(problem, tmp_path):
    problem.files_name = "others"
    assert not problem.is_generated(tmp_path)
    with pytest.raises(FileNotFoundError, match=f"holds no data of written.*{tmp_path}"):
        problem.manifest(tmp_path)
