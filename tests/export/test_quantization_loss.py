"""What int8 loses, of translations that are given."""

import types

import pytest

from t2t_vq.export import quantization_loss
from t2t_vq.metrics.bleu import bleu


def test_languages_without_blanks_are_scored_by_characters(monkeypatch):
    references = ["猫は古い家で寝ています", "犬は新しい庭で遊んでいます"]
    translations = {"float32": references, "int8": [line[:-1] + "た" for line in references]}
    monkeypatch.setattr(
        quantization_loss.runtime,
        "load",
        lambda folder: types.SimpleNamespace(translate=lambda _: translations[folder]),
    )
    text = (["a", "b"], references)
    found = quantization_loss.measured_loss("float32", "int8", text, 100, "ja")
    assert found["bleu_float32"] == pytest.approx(100)
    assert found["bleu_int8"] == bleu(translations["int8"], references, "ja").score > 80
