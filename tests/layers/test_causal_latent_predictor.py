import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding.options import Search
from t2t_vq.layers.attention import padding_mask
from t2t_vq.layers.causal_latent_predictor import CausalLatentPredictor

RNG = np.random.default_rng(0)
CODEBOOKS = pytest.mark.parametrize("num_codebooks", [1, 3])
TABLE = RNG.normal(size=(5, 8)).astype("float32")
MEMORY = RNG.normal(size=(2, 4, 8)).astype("float32")
MEMORY_MASK = padding_mask(np.array([[1, 1, 1, 1], [1, 1, 0, 0]], bool))


def embed(codes):
    weights = 1.0 + ops.arange(codes.shape[-1], dtype="float32")
    return ops.sum(weights[:, None] * ops.take(TABLE, codes, axis=0), axis=-2)


def built(num_codebooks, **kwargs):
    predictor = CausalLatentPredictor(num_codebooks, 5, 2, 12, 2, **kwargs)
    predictor.build((None, None, 8))
    return predictor


def draw_codes(num_codebooks):
    return RNG.integers(0, 5, (2, 6, num_codebooks)).astype("int32")


def scores(predictor, codes):
    """Logits of every symbol that a search could choose, one position after the other."""
    first, later = predictor(embed(codes), codes, MEMORY, MEMORY_MASK)
    later = [np.pad(logits, [(0, 0), (0, 0), (0, 1)], constant_values=-1e9) for logits in later]
    together = np.stack([np.asarray(first)[:, :-1], *later], axis=2)
    return together.reshape(2, -1, 6)


@CODEBOOKS
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_steps_score_what_the_pass_over_all_positions_does(num_codebooks, precision):
    predictor = built(num_codebooks, dropout=0.1, dtype=precision)
    codes = draw_codes(num_codebooks)
    expected = scores(predictor, codes)
    expected[:, 0, 5] = -1e9
    symbols = codes.reshape(2, -1)
    state, memory = predictor.start(2, 6), predictor.stack.project_memory(MEMORY)
    tolerance = 1e-5 if precision == "float32" else 0.06
    for index in range(symbols.shape[1]):
        before = symbols[:, index - 1] if index else np.full(2, 5, "int32")
        index_tensor = ops.convert_to_tensor(index, "int32")
        logits, state = predictor.step(embed, memory, MEMORY_MASK, before, index_tensor, state)
        np.testing.assert_allclose(logits, expected[:, index], rtol=1e-4, atol=tolerance)


@CODEBOOKS
def test_a_growing_past_scores_what_steps_do(num_codebooks):
    predictor, codes = built(num_codebooks), draw_codes(num_codebooks)
    memory, state = predictor.stack.project_memory(MEMORY), predictor.start(2, 6)
    symbols = codes.reshape(2, -1)
    past = [(ops.zeros((2, 2, 0, 4)),) * 2] * 2
    for index in range(symbols.shape[1]):
        position, depth = divmod(index, num_codebooks)
        symbol = symbols[:, index - 1] if index else np.full(2, 5, "int32")
        number = ops.convert_to_tensor(index, "int32")
        expected, state = predictor.step(embed, memory, MEMORY_MASK, symbol, number, state)
        if depth == 0:
            before = codes[:, position - 1] if position else np.zeros((2, num_codebooks), "int32")
            number = ops.convert_to_tensor(position, "int32")
            logits, hidden, past = predictor.grow(embed, memory, MEMORY_MASK, before, number, past)
        else:
            logits, hidden = predictor.later_heads[depth - 1](hidden, symbol)
            expected = expected[:, :5]
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(hidden, state["hidden"], rtol=1e-4, atol=1e-5)
    assert past[0][0].shape[2] == 6


@CODEBOOKS
def test_no_symbol_is_scored_by_itself_or_later_ones(num_codebooks):
    predictor, codes = built(num_codebooks), draw_codes(num_codebooks)
    before = scores(predictor, codes)
    for index in range(6 * num_codebooks - 1):
        changed = codes.reshape(2, -1).copy()
        changed[:, index] = (changed[:, index] + 1) % 5
        after = scores(predictor, changed.reshape(codes.shape))
        np.testing.assert_allclose(before[:, : index + 1], after[:, : index + 1], atol=1e-5)
        assert np.abs(before - after)[:, index + 1].max() > 1e-4


def test_the_end_is_scored_after_every_position_and_only_there():
    first, later = built(3)(embed(draw_codes(3)), draw_codes(3), MEMORY, MEMORY_MASK)
    assert tuple(first.shape) == (2, 7, 6)
    assert [tuple(logits.shape) for logits in later] == [(2, 6, 5)] * 2


def test_one_codebook_needs_no_further_heads():
    assert built(1).later_heads == []
    assert not any("code_head" in weight.path for weight in built(1).weights)


def test_its_configuration_survives_serialisation():
    predictor = CausalLatentPredictor(3, 5, 2, 12, 2, dropout=0.2)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(predictor))
    assert copy.get_config() == predictor.get_config()


def test_candidates_of_a_search_begin_with_the_greedy_one_when_its_beam_is_sure():
    predictor = built(2)
    bias = np.array([9.0, 0, 0, 0, 0, -9.0], "float32")
    predictor.first_head.bias.assign(bias)
    found = predictor.search(embed, MEMORY, MEMORY_MASK, 3, Search(beam_size=4))
    greedy = predictor.search(embed, MEMORY, MEMORY_MASK, 3, Search())
    assert (tuple(found.shape), tuple(greedy.shape)) == ((2, 4, 3, 2), (2, 1, 3, 2))
    assert (np.asarray(greedy)[..., 0] == 0).all()
    rows = [{tuple(candidate.ravel()) for candidate in row} for row in np.asarray(found)]
    assert [len(row) for row in rows] == [4, 4]
