"""The script behind the figures of decoding's speed: what it times."""

import numpy as np
import pytest

from t2t_vq.data.tokenizer import EOS_ID
from t2t_vq.decoding.options import GREEDY

NARROW = "hidden_size=16,filter_size=16,num_heads=2"


@pytest.fixture(scope="module")
def script(load_script):
    return load_script("benchmark_translation")


@pytest.mark.parametrize(
    "hparams", ["transformer_tiny", "softem_nat_tiny", "softem_nat_tiny,predictor=masked"]
)
def test_every_translation_has_as_many_tokens_as_its_source(script, hparams):
    model = script.make_model(f"{hparams},{NARROW}", vocab_size=500)
    model.target_length = lambda source_length: source_length
    source = script.random_source(2, 8, 500)
    if "nat" in hparams:
        latents = model.search_latents(*model.encode(source), 2, GREEDY)
        assert (np.asarray(latents) < model.bottleneck.num_codes).all()
    else:
        assert (np.asarray(model.translate(source, GREEDY)) != EOS_ID).all()
    assert model.translate(source, GREEDY).shape == (2, 8)


@pytest.mark.parametrize("length", [20, 0, -8])
def test_a_length_that_latents_do_not_fill_is_refused_in_a_sentence(script, length):
    student = script.make_model(f"softem_nat_tiny,compress_steps=3,{NARROW}", vocab_size=500)
    with pytest.raises(SystemExit, match="Give it multiples of 8"):
        script.check_lengths([16, length], student)
