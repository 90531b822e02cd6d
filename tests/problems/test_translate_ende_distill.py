import pytest

from t2t_vq import registry

NAMES = [
    f"translate_ende{kind}{direction}"
    for kind in ("", "_local", "_synthetic")
    for direction in ("", "_rev")
]


@pytest.mark.parametrize("name", NAMES)
def test_each_problem_has_a_counterpart_of_its_direction_with_its_own_files(name):
    problem, distilled = registry.problem(name), registry.problem(f"{name}_distill")
    assert isinstance(distilled, type(problem))
    assert distilled.reversed == problem.reversed
    assert distilled.corpus_name == f"{name}_distill"


@pytest.mark.parametrize("use", ["generate_data", "tokenizer"])
def test_missing_data_names_the_command_that_makes_it(tmp_path, use):
    problem = registry.problem("translate_ende_local_rev_distill")
    with pytest.raises(FileNotFoundError) as error:
        getattr(problem, use)(tmp_path)
    message = str(error.value)
    assert f"t2t-vq-distill --teacher_dir=RUN --data_dir={tmp_path}" in message
    assert message.endswith("a trained run of translate_ende_local_rev.")


def test_source_text_belongs_to_the_other_command(tmp_path):
    problem = registry.problem("translate_ende_local_distill")
    with pytest.raises(ValueError, match="reads no --source_dir; give that to t2t-vq-distill"):
        problem.generate_data(tmp_path, tmp_path)
