"""`t2t_vq.load`, of runs and of exports."""

import json
import random

import keras
import numpy as np
import pytest

import t2t_vq
from t2t_vq.decoding.options import Search
from t2t_vq.training.checkpoints import newest_in, step_of
from t2t_vq.translator import Translator

LINES = ["The dog sleeps.", "", "A cat sees the old house."]


@pytest.fixture(scope="module")
def model(finished):
    return t2t_vq.load(finished.output_dir)


def test_a_run_tells_what_it_is(model, finished):
    step = step_of(newest_in(finished.output_dir / "best"))
    assert (model.task, model.problem, model.step) == ("translation", "translate_tiny", step)
    assert model.hparams == finished.run.hparams and model.run.seed == 0
    assert model.best_score == pytest.approx(finished.best.value)
    assert repr(model) == (
        f"<TrainedTranslator {finished.output_dir}: softem_nat_test, on translate_tiny, "
        f"after {step} updates, best validation {finished.best.value:.2f}>"
    )
    assert f"path                   {finished.output_dir}" in model.summary().splitlines()


def test_what_is_told_of_a_run_holds_no_path(model, finished):
    assert model.about["checkpoint"] == f"best/ckpt-{model.step}"
    assert str(finished.output_dir) not in json.dumps(model.about)


def test_a_run_translates_and_scores(model):
    assert model.translate(LINES)[1] == "" and len(model.translate(LINES)) == 3
    scores = model.score("dev")
    assert scores["sentences"] > 3 and 0 <= scores["bleu"] <= 100
    own = model.score(sources=LINES, references=["x", "", "y"])
    assert own["sentences"] == 3
    with pytest.raises(ValueError, match="Give both, or neither"):
        model.score(sources=LINES)


def test_a_translation_goes_through_its_codes(model):
    codes = model.encode(LINES)
    assert codes[0].dtype == np.int32 and codes[0].shape[1] == 1 and len(codes[1]) == 0
    assert model.decode(codes, LINES) == model.translate(LINES)


def test_a_translation_that_was_refined_and_chosen_goes_through_its_codes(finished, monkeypatch):
    # Compiling takes most of a minute.
    monkeypatch.setattr(Translator, "program", lambda self, function, *lengths: function)
    search = Search(beam_size=4, refinements=1)
    model = t2t_vq.load(finished.output_dir, search=search, rescore_with="self")
    lines = [line for line in LINES if line]
    translator = model.translator
    translations = translator.texts(translator.translate_batch(translator.encode(lines)))
    assert model.decode(model.encode(lines), lines) == translations


def test_codes_of_given_translations_are_those_that_the_compressor_gives(model):
    (codes,) = model.codes.encode(["Der Hund schläft."])
    ids = model.translator.tokenizer.encode("Der Hund schläft.")
    target = np.zeros((1, 32), np.int32)
    target[0, : len(ids)] = ids
    symbols = np.asarray(model.model.symbols_of(target))[0]
    np.testing.assert_array_equal(codes, symbols[: len(codes)])
    assert len(codes) == -(-len(ids) >> model.model.compress_steps)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([[[0]], [[0]]], "codes for 2 lines, and 1 lines"),
        ([[0]], r"line 1 are int64 \[1\], and this model's are integers \[latents, 1\]"),
        ([[[0.5]]], "line 1 are float64"),
        ([[[10_000]]], "Codes are from 0 to "),
        ([[[0]] * 1_000], r"line 1 is longer than the \d+ latents that the model"),
    ],
)
def test_codes_that_do_not_fit_are_refused(model, codes, message):
    with pytest.raises(ValueError, match=message):
        model.decode(codes, LINES[:1])


def test_a_translation_that_is_too_long_is_told_how_long_one_may_be(model):
    most = model.model.target_length(model.translator.lengths[-1])
    long = "Der Hund schläft. " * most
    message = f"translation of line 2 is longer than the {most} tokens that the model takes"
    with pytest.raises(ValueError, match=message):
        model.codes.encode(["Der Hund schläft.", long])


def test_a_search_and_a_checkpoint_can_be_chosen(finished):
    model = t2t_vq.load(finished.output_dir, checkpoint="latest", search=Search(beam_size=2))
    assert model.search.beam_size == 2
    assert model.checkpoint == str(finished.output_dir / "latest" / "ckpt-8")
    assert len(model.n_best(LINES[:1], 2)[0]) == 2
    log_probs, num_tokens = model.log_probabilities(LINES[:1], ["Der Hund."])
    assert log_probs[0] < 0 < num_tokens[0]


def test_loading_changes_nothing_else_in_the_process(finished):
    random.seed(3)
    np.random.seed(3)
    states = random.getstate(), np.random.get_state()[1].tolist(), keras.config.dtype_policy()
    t2t_vq.load(finished.output_dir)
    after = random.getstate(), np.random.get_state()[1].tolist(), keras.config.dtype_policy()
    assert states == after


def test_an_export_does_what_its_run_does(model, tmp_path):
    pytest.importorskip("openvino")
    model.export(tmp_path / "fast", "openvino")
    exported = t2t_vq.load(tmp_path / "fast", data_dir=model.run.data_dir)
    assert (exported.problem, exported.step) == (model.problem, model.step)
    assert exported.translate(LINES) == model.translate(LINES)
    assert exported.score("dev")["bleu"] == pytest.approx(model.score("dev")["bleu"])
    for name in ("checkpoint", "rescore_checkpoint"):
        with pytest.raises(ValueError, match=f"^{name} is chosen when a model is exported"):
            t2t_vq.load(tmp_path / "fast", **{name: "latest"})


def test_a_saved_model_is_told_to_be_loaded_by_tensorflow(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ValueError, match=r"tf\.saved_model\.load"):
        t2t_vq.load(tmp_path)


def test_a_folder_of_neither_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a run nor an export"):
        t2t_vq.load(tmp_path)
