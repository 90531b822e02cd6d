import dataclasses
import pathlib
import shutil

import pytest

from t2t_vq import registry
from t2t_vq import run as runs
from t2t_vq.decoding.options import Search
from t2t_vq.loading.from_run import load_translator
from t2t_vq.run import Run
from t2t_vq.training.checkpoints import load_weights
from t2t_vq.training.trainer import train
from t2t_vq.translator import Translator

BEAM = Search(beam_size=3)
LINES = ["The dog sleeps.", "A cat sees the old house."]


@pytest.fixture(scope="module")
def teacher(make_run, tmp_path_factory):
    """Folder of a teacher, trained for two updates."""
    output_dir = tmp_path_factory.mktemp("teacher")
    run = make_run("transformer_test,train_steps=2,eval_frequency=1")
    train(run, output_dir, strategy="one_device")
    return output_dir


def test_a_run_translates_as_its_best_weights_do(finished):
    trained = load_translator(finished.output_dir)
    model = finished.run.make_model()
    assert trained.checkpoint == load_weights(model, finished.output_dir)
    expected = Translator(model, trained.translator.tokenizer, 16).translate(LINES)
    assert trained.translate(LINES) == expected


@pytest.mark.parametrize("checkpoint", ["best", "latest", "latest/ckpt-1"])
def test_another_run_rescores(finished, teacher, make_run, checkpoint):
    if "/" in checkpoint:
        checkpoint = str(teacher / checkpoint)
    translator = load_translator(
        finished.output_dir, search=BEAM, rescore_with=teacher, rescore_checkpoint=checkpoint
    ).translator
    expected = make_run("transformer_test").make_model()
    load_weights(expected, teacher, checkpoint)
    assert translator.rescorer.count_params() == expected.count_params()
    for ours, theirs in zip(translator.rescorer.variables, expected.variables, strict=True):
        assert (ours.numpy() == theirs.numpy()).all()


def test_a_translator_that_another_run_rescores_translates_every_line(finished, teacher):
    model = load_translator(finished.output_dir, search=BEAM, rescore_with=teacher)
    assert len(model.translate(LINES)) == 2


def test_a_run_that_was_copied_without_its_data_rescores(finished, teacher, tmp_path):
    shutil.copytree(teacher, tmp_path / "deep" / "er" / "teacher")
    copy = tmp_path / "deep" / "er" / "teacher"
    assert not pathlib.Path(runs.load(copy).data_dir).exists()
    first, second = (
        load_translator(finished.output_dir, search=BEAM, rescore_with=folder).translator.rescorer
        for folder in (teacher, copy)
    )
    for ours, theirs in zip(first.variables, second.variables, strict=True):
        assert (ours.numpy() == theirs.numpy()).all()


def test_a_run_rescores_itself(finished):
    model = load_translator(finished.output_dir, search=BEAM, rescore_with="self")
    assert model.translator.rescorer is model.model


@pytest.mark.parametrize("rescore_with", [None, "self"])
def test_a_checkpoint_of_no_other_run_is_refused(finished, rescore_with):
    search = BEAM if rescore_with else Search()
    with pytest.raises(ValueError, match=r"rescore_checkpoint=latest is for another run that"):
        load_translator(finished.output_dir, "best", search, rescore_with, "latest")


def test_another_direction_cannot_rescore(finished, data_dir, tmp_path):
    Run.create("translate_tiny_rev", "transformer_test", data_dir=data_dir).save(tmp_path)
    with pytest.raises(ValueError, match="translates from de to en, and this one from en to de"):
        load_translator(finished.output_dir, search=BEAM, rescore_with=tmp_path)


@pytest.fixture
def other_data(tmp_path):
    """The same text prepared with another vocabulary."""
    problem = registry.problem("translate_tiny")
    problem.vocab_size = lambda pairs: 800
    problem.generate_data(tmp_path / "data")
    return str(tmp_path / "data")


def test_another_vocabulary_cannot_rescore(finished, other_data, tmp_path):
    Run.create("translate_tiny", "transformer_test", data_dir=other_data).save(tmp_path / "run")
    with pytest.raises(ValueError, match="has another vocabulary"):
        load_translator(finished.output_dir, search=BEAM, rescore_with=tmp_path / "run")


def test_a_run_does_not_go_on_with_another_vocabulary(finished, other_data):
    run = dataclasses.replace(finished.run, data_dir=other_data)
    with pytest.raises(ValueError, match=r"vocabulary was .* and is now"):
        train(run, finished.output_dir, strategy="one_device")


def test_weights_are_not_read_with_another_vocabulary(finished, other_data):
    run = dataclasses.replace(runs.load(finished.output_dir), data_dir=other_data)
    with pytest.raises(ValueError, match="another vocabulary than the run was trained with"):
        run.make_model()
