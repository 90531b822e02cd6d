import types

import pytest

from t2t_vq import registry
from t2t_vq.training.evaluator import make_evaluator
from t2t_vq.training.image_evaluator import ImageEvaluator
from t2t_vq.training.translation_evaluator import TranslationEvaluator


class Noting(TranslationEvaluator):
    def __init__(self, *arguments):
        self.arguments = arguments


@pytest.mark.parametrize(
    ("problem", "kind"),
    [("translate_tiny", TranslationEvaluator), ("image_tiny", ImageEvaluator)],
)
def test_a_problem_names_the_evaluator_of_its_task(monkeypatch, problem, kind):
    monkeypatch.setattr(kind, "__init__", lambda self, *arguments: None)
    assert type(make_evaluator(None, registry.problem(problem), None)) is kind


def test_a_problem_may_name_an_evaluator_of_its_own():
    problem = types.SimpleNamespace(evaluator=Noting)
    assert make_evaluator(1, problem, 2, 3).arguments == (1, problem, 2, 3)
