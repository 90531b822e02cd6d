import math
import shutil
import types

import pytest

from t2t_vq import run as runs
from t2t_vq.training.checkpoints import newest_in, save_weights
from t2t_vq.training.validations import Validations, best_score


@pytest.fixture
def validated(make_run, tmp_path):
    """A function from a sign and values, one an update, to the `Validations` that noted them."""
    run = make_run("transformer_test")
    model = run.make_model()
    run.save(tmp_path)

    def note(sign, *values):
        evaluator = types.SimpleNamespace(measure_name="points", sign=sign)
        validations = Validations(tmp_path, model, evaluator)
        kept = [validations.note(step, value) for step, value in enumerate(values, 1)]
        return kept, Validations(tmp_path, model, evaluator)

    return note


def test_the_best_is_kept_whatever_follows(validated, tmp_path):
    kept, again = validated(1, 3.0, 9.0, 9.0, 4.0)
    assert kept == [True, True, False, False]
    assert newest_in(tmp_path / "best").endswith("ckpt-2")
    assert again.best == ("points", 9.0)
    assert runs.best_of(tmp_path) == runs.BestSoFar("points", 9.0, updates=2, validated=4)
    assert again.is_missing(5) and not again.is_missing(4)


def test_a_best_whose_weights_are_gone_is_none(validated, tmp_path):
    validated(1, 3.0, 9.0)
    shutil.rmtree(tmp_path / "best")
    kept, again = validated(1, 1.0)
    assert kept == [True] and again.best.value == 1.0


def test_what_an_earlier_version_noted_is_noted_anew(make_run, tf, tmp_path):
    run = make_run("transformer_test")
    model = run.make_model()
    run.save(tmp_path)
    tf.train.Checkpoint(best_score=tf.Variable(-2.5)).write(str(tmp_path / "latest" / "ckpt-7"))
    save_weights(model, tmp_path / "best", 4)
    evaluator = types.SimpleNamespace(measure_name="points", sign=-1)
    assert Validations(tmp_path, model, evaluator).best.value == 2.5
    assert runs.best_of(tmp_path) == runs.BestSoFar("points", 2.5, 4, 7, lower_is_better=True)
    assert best_score(tmp_path) == 2.5


def test_what_an_earlier_version_noted_counts_only_with_its_weights(make_run, tf, tmp_path):
    run = make_run("transformer_test")
    run.save(tmp_path)
    tf.train.Checkpoint(best_score=tf.Variable(2.5)).write(str(tmp_path / "latest" / "ckpt-7"))
    evaluator = types.SimpleNamespace(measure_name="points", sign=1)
    assert math.isnan(Validations(tmp_path, run.make_model(), evaluator).best.value)
    assert runs.best_of(tmp_path) == runs.BestSoFar("points", validated=7)


def test_what_an_earlier_version_noted_and_is_damaged_is_none(make_run, tmp_path):
    make_run("transformer_test").save(tmp_path)
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "ckpt-7.index").write_bytes(b"x")
    assert best_score(tmp_path) is None


def test_where_lower_is_better_the_lowest_is_kept(validated):
    kept, again = validated(-1, 3.0, 9.0, 2.0)
    assert kept == [True, False, True] and again.best.value == 2.0


def test_what_is_not_finite_is_never_the_best(validated):
    kept, again = validated(1, math.nan, 5.0, math.nan, math.inf, -math.inf, 3.0)
    assert kept == [False, True, False, False, False, False] and again.best.value == 5.0


def test_without_a_finite_value_there_is_no_best(validated, tmp_path):
    kept, again = validated(-1, math.nan)
    assert kept == [False] and math.isnan(again.best.value)
    assert newest_in(tmp_path / "best") is None
