import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding.options import Search
from t2t_vq.layers.attention import padding_mask
from t2t_vq.layers.masked_latent_predictor import MaskedLatentPredictor

RNG = np.random.default_rng(0)
CODEBOOKS = pytest.mark.parametrize("num_codebooks", [1, 3])
TABLE = RNG.normal(size=(5, 8)).astype("float32")
MEMORY = RNG.normal(size=(2, 4, 8)).astype("float32")
MEMORY_MASK = padding_mask(np.array([[1, 1, 1, 1], [1, 1, 0, 0]], bool))
MASK = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]], bool)


def embed(codes):
    weights = 1.0 + ops.arange(codes.shape[-1], dtype="float32")
    return ops.sum(weights[:, None] * ops.take(TABLE, codes, axis=0), axis=-2)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(5)


def built(num_codebooks=1, latents_a_token=None, **kwargs):
    predictor = MaskedLatentPredictor(num_codebooks, 5, 2, 12, 2, **kwargs)
    predictor.build((None, None, 8))
    if latents_a_token:
        predictor.latents_taken.kernel.assign(np.zeros((8, 1)))
        predictor.latents_taken.bias.assign([np.log(np.expm1(latents_a_token))])
    return predictor


def draw_codes(num_codebooks=1):
    return RNG.integers(0, 5, (2, 6, num_codebooks)).astype("int32")


def scores(predictor, codes, hidden, mask=MASK):
    found = predictor(embed(codes), codes, hidden, mask, MEMORY, MEMORY_MASK)
    return [np.asarray(logits) for logits in found]


def predictions(predictor, codes, training=False, step=0):
    samples = codes[..., None]
    return predictor.predictions(embed, codes, samples, MASK, MEMORY, MEMORY_MASK, step, training)


def before_loops(last):
    """Returns the types of the operations that lead to `last`, not looking past loops."""
    seen, todo = set(), [last]
    while todo:
        op = todo.pop()
        if op not in seen and "While" not in op.type:
            todo.extend(tensor.op for tensor in op.inputs)
        seen.add(op)
    return {op.type for op in seen}


@CODEBOOKS
def test_a_hidden_position_is_scored_without_its_codes(num_codebooks):
    predictor, codes = built(num_codebooks), draw_codes(num_codebooks)
    hidden = np.zeros((2, 6), bool)
    hidden[:, 1] = True
    changed = codes.copy()
    changed[:, 1, 0] = (changed[:, 1, 0] + 1) % 5
    before, after = (scores(predictor, item, hidden) for item in (codes, changed))
    np.testing.assert_array_equal(before[0], after[0])
    for ours, theirs in zip(before[1:], after[1:], strict=True):
        # The position's other codes are predicted with its first code in sight.
        assert np.abs(ours - theirs)[:, 1].max() > 1e-3


def test_every_position_sees_the_known_ones_on_both_sides():
    predictor, codes = built(), draw_codes()
    changed = codes.copy()
    changed[:, 1] = (changed[:, 1] + 1) % 5
    hidden = np.ones((2, 6), bool)
    hidden[:, 1] = False
    (before,), (after,) = (scores(predictor, item, hidden) for item in (codes, changed))
    assert (np.abs(before - after).max(-1)[:, :3] > 1e-4).all()


def test_padding_is_not_seen():
    predictor, codes = built(), draw_codes()
    (whole,) = scores(predictor, codes, ~MASK)
    cut = predictor(
        embed(codes[1:, :3]),
        codes[1:, :3],
        ~MASK[1:, :3],
        MASK[1:, :3],
        MEMORY[1:, :2],
        MEMORY_MASK[1:, ..., :2],
    )
    np.testing.assert_allclose(whole[1:, :3], cut[0], atol=1e-5)


@CODEBOOKS
def test_evaluation_hides_all_codes_and_counts_each_once(num_codebooks):
    predictor, codes = built(num_codebooks), draw_codes(num_codebooks)
    *found, _ = predictions(predictor, codes)
    expected = scores(predictor, codes, MASK)
    assert len(found) == num_codebooks
    for i, (logits, labels, best, weights) in enumerate(found):
        np.testing.assert_array_equal(logits, expected[i])
        np.testing.assert_array_equal(labels[..., 0], codes[..., i])
        np.testing.assert_array_equal(best, codes[..., i])
        np.testing.assert_array_equal(weights, MASK)


def test_training_hides_from_one_to_all_codes_equally_often_and_counts_them_as_all():
    predictor = built()
    counts = []
    for step in range(300):
        hidden, weights = (np.asarray(item) for item in predictor._hide(MASK, step))
        assert not (hidden & ~MASK).any()
        np.testing.assert_allclose(weights.sum(1), MASK.sum(1), rtol=1e-5)
        np.testing.assert_array_equal(weights > 0, hidden)
        counts.append(hidden.sum(1))
    shares = [np.bincount(counts, minlength=7)[1:] / 300 for counts in np.transpose(counts)]
    np.testing.assert_allclose(shares[0], 1 / 6, atol=0.09)
    np.testing.assert_allclose(shares[1][:3], 1 / 3, atol=0.11)
    assert shares[1][3:].sum() == 0


def test_seeds_hide_other_codes():
    first, other = (np.asarray(built(seed=seed)._hide(MASK, 7)[0]) for seed in (0, 1))
    assert np.any(first != other)


def test_what_training_hides_is_scored_without_being_seen():
    predictor, codes = built(), draw_codes()
    hidden, weights = predictor._hide(MASK, 7)
    logits, _, _, found = predictions(predictor, codes, training=True, step=7)[0]
    np.testing.assert_array_equal(found, weights)
    np.testing.assert_array_equal(logits, scores(predictor, codes, hidden)[0])


def test_the_number_of_latents_is_normal_around_the_sum_over_the_source():
    predictor = built(latents_a_token=0.75)
    predictor.log_deviation.assign(np.log(2.0))
    logits, labels, best, weights = predictions(predictor, draw_codes())[-1]
    # Four tokens give 3 latents, two give 1.5.
    expected = [[-((n - mean) ** 2) / 8 for n in range(1, 7)] for mean in (3.0, 1.5)]
    np.testing.assert_allclose(logits[:, 0], expected, rtol=1e-5)
    # The masks hold 6 and 3 latents, numbers 5 and 2 from one on.
    np.testing.assert_array_equal(best, [[5], [2]])
    np.testing.assert_array_equal(labels[..., 0], best)
    assert np.asarray(weights).all()


def test_rows_that_share_a_source_share_its_number_of_latents():
    predictor = built(latents_a_token=0.75)
    codes, mask = np.repeat(draw_codes(), 3, axis=0), np.repeat(MASK, 3, axis=0)
    found = predictor.predictions(
        embed, codes, codes[..., None], mask, MEMORY, MEMORY_MASK, 0, False
    )[-1]
    expected = predictions(predictor, codes[::3])[-1].logits
    np.testing.assert_allclose(found.logits, np.repeat(expected, 3, axis=0), rtol=1e-6)


@CODEBOOKS
def test_one_pass_takes_the_best_of_codes_that_are_all_hidden(num_codebooks):
    predictor = built(num_codebooks, latents_a_token=1.25)
    found = np.asarray(predictor.search(embed, MEMORY, MEMORY_MASK, 6, Search()))
    assert found.shape == (2, 1, 6, num_codebooks)
    mask = np.arange(6) < np.array([[5], [2]])
    codes = np.where(mask[..., None], found[:, 0], 0)
    for i, logits in enumerate(scores(predictor, codes, mask, mask)):
        np.testing.assert_array_equal(np.argmax(logits, -1)[mask], codes[..., i][mask])
    assert (found[:, 0][~mask] == 5).all()


def test_later_passes_hide_the_least_certain_codes_again():
    predictor = built(latents_a_token=1.25)
    mask = np.arange(6) < np.array([[5], [2]])
    codes, hidden = np.zeros((2, 6, 1), "int32"), mask.copy()
    certainty = np.zeros((2, 6))
    for left in (np.array([5 * 2 // 3, 2 * 2 // 3]), np.array([5 // 3, 2 // 3]), np.array([0, 0])):
        logits = scores(predictor, codes, hidden, mask)[0].astype("float64")
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        codes = np.where(hidden[..., None], logits.argmax(-1)[..., None], codes).astype("int32")
        certainty = np.where(hidden, log_probs.max(-1), certainty)
        rank = np.where(mask, certainty, np.inf).argsort(-1).argsort(-1)
        hidden = mask & (rank < left[:, None])
    found = predictor.search(embed, MEMORY, MEMORY_MASK, 6, Search(passes=3))
    np.testing.assert_array_equal(np.asarray(found)[:, 0][mask], codes[mask])


def test_a_beam_holds_the_likeliest_numbers_of_latents():
    predictor = built(latents_a_token=0.85)
    found = np.asarray(predictor.search(embed, MEMORY, MEMORY_MASK, 6, Search(beam_size=3)))
    # Means of 3.4 and 1.7.
    np.testing.assert_array_equal((found[..., 0] < 5).sum(-1), [[3, 4, 2], [2, 1, 3]])


def test_a_beam_wider_than_there_are_lengths_repeats_the_best():
    predictor = built(latents_a_token=0.5)
    found = np.asarray(predictor.search(embed, MEMORY, MEMORY_MASK, 2, Search(beam_size=3)))
    np.testing.assert_array_equal(found[:, 2], found[:, 0])


def test_samples_differ_and_do_not_depend_on_the_other_rows():
    predictor, options = built(latents_a_token=1.25), Search(num_samples=8, temperature=1.0)
    found = np.asarray(predictor.search(embed, MEMORY, MEMORY_MASK, 6, options))
    assert len(np.unique(found[0], axis=0)) > 4
    alone = predictor.search(embed, MEMORY[1:], MEMORY_MASK[1:], 6, options)
    np.testing.assert_array_equal(np.asarray(alone)[0], found[1])


def test_all_codes_come_out_of_a_loop_which_xla_does_not_interpret(tf):
    predictor = built()

    @tf.function(input_signature=[tf.TensorSpec((2, 4, 8))])
    def search(memory):
        return predictor.search(embed, memory, MEMORY_MASK, 6, Search())

    (found,) = search.get_concrete_function().outputs
    assert "MatMul" not in before_loops(found.op)


def test_its_configuration_survives_serialisation():
    predictor = MaskedLatentPredictor(3, 5, 2, 12, 2, dropout=0.2)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(predictor))
    assert copy.get_config() == predictor.get_config()
