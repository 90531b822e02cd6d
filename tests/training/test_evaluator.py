import types

import pytest

from t2t_vq import registry
from t2t_vq.training.evaluator import evaluator_of
from t2t_vq.training.image_evaluator import ImageEvaluator
from t2t_vq.training.translation_evaluator import TranslationEvaluator


class Own(TranslationEvaluator):
    """An evaluator of a user's."""


@pytest.mark.parametrize(
    ("problem", "kind"),
    [("translate_tiny", TranslationEvaluator), ("image_tiny", ImageEvaluator)],
)
def test_a_problem_names_the_evaluator_of_its_task(problem, kind):
    assert evaluator_of(registry.problem(problem)) is kind


def test_a_problem_may_name_an_evaluator_of_its_own():
    assert evaluator_of(types.SimpleNamespace(evaluator=Own)) is Own
