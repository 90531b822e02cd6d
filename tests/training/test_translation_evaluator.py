import numpy as np
import pytest

from t2t_vq.metrics.bleu import bleu
from t2t_vq.training.evaluator import evaluator_of
from t2t_vq.translator import Translator


@pytest.fixture(scope="module")
def evaluator(make_run):
    run = make_run("softem_nat_test,mask_startup_steps=5")
    problem = run.make_problem()
    return evaluator_of(problem)(run.make_model(), problem, run)


@pytest.fixture(scope="module")
def before(evaluator):
    return [np.array(variable) for variable in evaluator.model.variables]


@pytest.fixture(scope="module")
def evaluation(evaluator, before):
    return evaluator.evaluate(3)


def test_it_moves_no_variable(evaluator, before, evaluation):
    for variable, old in zip(evaluator.model.variables, before, strict=True):
        np.testing.assert_array_equal(np.array(variable), old, err_msg=variable.path)


def test_losses_are_means_over_the_validation_batches(tf, evaluator, evaluation, make_run):
    run = make_run("softem_nat_test")
    dataset = run.make_problem().batches(
        run.data_dir, "dev", batch_tokens=512, max_length=16, num_buckets=1
    )
    (batch,) = dataset
    output = evaluator.model.training_output(batch, 3)
    for name, loss in output.losses.items():
        assert evaluation.scalars[f"loss/{name}"] == pytest.approx(float(loss), rel=1e-3, abs=1e-5)
    assert evaluation.scalars["loss"] == pytest.approx(
        sum(map(float, output.losses.values())), rel=1e-3
    )


def test_bleu_is_that_of_the_translations_of_the_sources(evaluator, evaluation, make_run):
    run = make_run("softem_nat_test")
    problem = run.make_problem()
    sources, references = problem.text(run.data_dir, "dev")
    tokenizer = problem.tokenizer(run.data_dir)
    translations = Translator(evaluator.model, tokenizer, 16).translate(sources)
    rows = evaluation.texts["translations"].split("\n")[2:]
    samples = list(zip(sources, references, translations, strict=True))[:5]
    assert rows == [" | ".join(sample) for sample in samples]
    assert evaluation.example == f"  {sources[0]}\n  {translations[0]}"
    assert evaluation.scalars["bleu"] == bleu(translations, references).score
