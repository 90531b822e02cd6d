"""Several latents a step of the causal predictor."""

import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding.options import Search
from t2t_vq.layers.attention import padding_bias
from t2t_vq.layers.causal_latent_predictor import CausalLatentPredictor

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(5, 8)).astype("float32")
MEMORY = RNG.normal(size=(2, 4, 8)).astype("float32")
MEMORY_BIAS = padding_bias(np.array([[1, 1, 1, 1], [1, 1, 0, 0]], bool))


def embed(codes):
    weights = 1.0 + ops.arange(codes.shape[-1], dtype="float32")
    return ops.sum(weights[:, None] * ops.take(TABLE, codes, axis=0), axis=-2)


def built(num_codebooks):
    predictor = CausalLatentPredictor(num_codebooks, 5, 2, 12, 2, latents_per_step=2)
    predictor.build((None, None, 8))
    return predictor


@pytest.mark.parametrize("length", [5, 6])
@pytest.mark.parametrize("num_codebooks", [1, 2])
def test_steps_score_what_the_pass_over_all_positions_does(num_codebooks, length):
    predictor = built(num_codebooks)
    codes = RNG.integers(0, 5, (2, length, num_codebooks)).astype("int32")
    first, later = predictor(embed(codes), codes, MEMORY, MEMORY_BIAS)
    slots = [np.asarray(logits) for logits in [first, *later]]
    slots = [np.pad(s, [(0, 0), (0, 0), (0, 6 - s.shape[-1])], constant_values=-1e9) for s in slots]
    expected = np.stack(slots, axis=2).reshape(2, -1, 6)
    expected[:, 0, 5] = -1e9
    symbols = codes.reshape(2, -1)
    state, memory = predictor.start(2, length), predictor.stack.project_memory(MEMORY)
    for index in range(symbols.shape[1]):
        before = symbols[:, index - 1] if index else np.full(2, 5, "int32")
        number = ops.convert_to_tensor(index, "int32")
        logits, state = predictor.step(embed, memory, MEMORY_BIAS, before, number, state)
        np.testing.assert_allclose(logits, expected[:, index], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("num_codebooks", [1, 2])
def test_every_latent_and_one_end_a_row_count(num_codebooks):
    predictor = built(num_codebooks)
    codes = RNG.integers(0, 5, (2, 5, num_codebooks)).astype("int32")
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
    found = predictor.predictions(
        embed, codes, codes[..., None], mask, MEMORY, MEMORY_BIAS, 0, False
    )
    total = sum(np.sum(np.asarray(p.weights, "float32")) for p in found)
    assert total == 8 * num_codebooks + 2
    first = np.stack([np.asarray(p.best) for p in found[::num_codebooks]], axis=2).reshape(2, -1)
    assert first[0, :4].tolist() == [*codes[0, :3, 0], 5]
    assert first[1, :6].tolist() == [*codes[1, :, 0], 5]


def test_a_search_gives_as_many_latents_as_asked_for():
    found = built(1).search(embed, MEMORY, MEMORY_BIAS, 5, Search())
    assert tuple(found.shape) == (2, 1, 5, 1)
