"""Whatever the bottleneck, an export translates the lines of its translator."""

import pytest

from t2t_vq import config, registry, runtime
from t2t_vq.bottlenecks import make_bottleneck
from t2t_vq.config import BottleneckConfig
from t2t_vq.data import synthetic_ende
from t2t_vq.decoding.options import Search

LINES = [*(english for english, _ in synthetic_ende.pairs("test", 0, 40)), "", "漢字"]
DEPTH = {"decoder_layers": 1, "predictor_layers": 1}
COMPOSITIONS = {
    "cosine and projected": {"kind": "vq", "similarity": "cosine", "projection_dim": 6},
    "random blocks of levels": {"kind": "dvq", "projection": "random", "num_quantizers": 2},
}


def bottleneck(options):
    return make_bottleneck(config.to_dict(BottleneckConfig(num_codes=16, **options)))


def with_codes():
    """Names and options of every kind with codes, and of compositions."""
    kinds = {kind: {"kind": kind} for kind in registry.bottlenecks} | COMPOSITIONS
    return {name: options for name, options in kinds.items() if bottleneck(options).has_codes}


KINDS = with_codes()
# One of each way from codes to vectors; the others are left to `scripts/test --all`.
COVERING = {"em", "residual-vq", "simvq", "semhash", "fsq", "bsq", *COMPOSITIONS}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in COVERING else [pytest.mark.slow]) for name in KINDS],
)
def test_every_kind_with_codes_gives_the_same_lines(
    random_model, tokenizer, eager, export, check_variety, name
):
    """Its codes too are compared, as those of translations are decoded again."""
    model = random_model(tokenizer.vocab_size, "causal", bottleneck(KINDS[name]), **DEPTH)
    translator = eager(model, tokenizer, 16, Search(refinements=1))
    expected = translator.translate(LINES)
    check_variety(expected)
    assert runtime.load(export(translator)).translate(LINES) == expected


def test_several_codebooks_are_predicted_at_once_too(
    models, random_model, tokenizer, eager, export, check_variety
):
    levels = bottleneck({"kind": "residual-vq", "num_quantizers": 3})
    model = random_model(tokenizer.vocab_size, "masked", levels, **DEPTH)
    search = Search(num_samples=3, temperature=1.0, passes=2)
    translator = eager(model, tokenizer, 16, search, rescorer=models[None])
    expected = translator.translate(LINES)
    check_variety(expected)
    assert runtime.load(export(translator)).translate(LINES) == expected
