"""Exports in int8: how near they come to float32, and what is refused."""

import pytest

from t2t_vq import runtime
from t2t_vq.data import synthetic_ende
from t2t_vq.export.networks import export_networks
from t2t_vq.formats import exported
from t2t_vq.metrics.bleu import bleu

SOURCES = [english for english, _ in synthetic_ende.pairs("test", 0, 60)]
MODELS = pytest.mark.parametrize(
    "model", [pytest.param(None, marks=pytest.mark.slow), "causal", "masked"]
)


@pytest.fixture(params=["openvino", "onnx"])
def engine(request):
    pytest.importorskip({"openvino": "nncf", "onnx": "onnxruntime"}[request.param])
    return request.param


@pytest.fixture
def translate_as_float32(models, tokenizer, eager):
    """A function from the name of a model to its translator, and what that makes of `SOURCES`."""

    def translate_as_float32(name):
        translator = eager(models[name], tokenizer, 16)
        return translator, translator.translate(SOURCES)

    return translate_as_float32


@MODELS
def test_translations_stay_near_those_of_float32(translate_as_float32, engine, model, tmp_path):
    """References are what float32 makes, so its score is 100."""
    translator, expected = translate_as_float32(model)
    text = (SOURCES, expected)
    export_networks(translator, tmp_path, engine, "int8", text=text, max_bleu_loss=100)
    found = runtime.load(tmp_path).translate(SOURCES)
    # A model that has learned nothing is never sure, so that little moves its choices; but they are
    # nearer to these than those of other lines.
    others = bleu(expected[1:] + expected[:1], expected).score
    assert 2 * others < bleu(found, expected).score < 100
    loss = exported.load(tmp_path).provenance["quantization"]
    assert loss["sentences"] == 54
    assert loss["bleu_float32"] == pytest.approx(100)
    assert 2 * others < loss["bleu_int8"] < 100


@pytest.mark.parametrize("most", [0.0, pytest.param(float("nan"), marks=pytest.mark.slow)])
def test_more_loss_than_is_allowed_is_refused(translate_as_float32, engine, most, tmp_path):
    translator, expected = translate_as_float32(None)
    text = (SOURCES, expected)
    with pytest.raises(ValueError, match=rf"more than {most}\. Export in another precision, or"):
        export_networks(translator, tmp_path / "new", engine, "int8", text=text, max_bleu_loss=most)
    assert not (tmp_path / "new").exists()


def test_too_little_text_is_refused(translate_as_float32, engine, tmp_path):
    translator, _ = translate_as_float32(None)
    with pytest.raises(ValueError, match="int8 is calibrated and scored on text"):
        export_networks(translator, tmp_path / "new", engine, "int8", text=(["a"], ["b"]))
    assert not (tmp_path / "new").exists()
