"""An export to ONNX translates the very lines of the Keras translator that it was made from."""

import pytest

from t2t_vq import runtime
from t2t_vq.bottlenecks import ResidualVectorQuantizer, VectorQuantizer
from t2t_vq.data import synthetic_ende
from t2t_vq.decoding.options import Search
from t2t_vq.export.networks import export_networks

# Of 13 to 39 tokens, some of them cut at 32; and what is odd.
LINES = [*(english for english, _ in synthetic_ende.pairs("test", 0, 24)), "", "x\x00y", " dog "]
# Predictor, levels of residual codes, search, and whether a transformer rescores.
CASES = {
    "transformer": (None, 1, Search(), False),
    "causal": ("causal", 1, Search(), False),
    "causal, rescored beam, refined": ("causal", 1, Search(beam_size=3, refinements=1), True),
    "causal, residual": ("causal", 3, Search(num_samples=1), False),
    "masked, residual, passes": ("masked", 2, Search(passes=2), False),
}
DEPTH = {"decoder_layers": 1, "predictor_layers": 1}


@pytest.mark.parametrize("name", CASES)
def test_its_lines_are_the_same(random_model, tokenizer, eager, check_variety, tmp_path, name):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")

    predictor, levels, search, is_rescored = CASES[name]
    teacher = random_model(tokenizer.vocab_size, decoder_layers=1)
    bottleneck = ResidualVectorQuantizer(VectorQuantizer(num_codes=16), num_quantizers=levels)
    model = predictor and random_model(tokenizer.vocab_size, predictor, bottleneck, **DEPTH)
    translator = eager(
        model or teacher, tokenizer, 32, search, rescorer=teacher if is_rescored else None
    )
    expected = translator.translate(LINES)
    check_variety(expected)
    export_networks(translator, tmp_path / "export", "onnx")
    assert runtime.load(tmp_path / "export").translate(LINES) == expected
