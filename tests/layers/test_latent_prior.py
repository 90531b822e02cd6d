import itertools

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.layers.latent_prior import LatentPrior

RNG = np.random.default_rng(0)
CODEBOOKS = pytest.mark.parametrize("num_codebooks", [1, 3])
LABELS = np.array([2, 0], "int32")


def built(num_codebooks=1, grid=(2, 3), num_codes=5, **kwargs):
    keras.utils.set_random_seed(1)
    prior = LatentPrior(grid, num_codebooks, num_codes, 8, 2, 12, 2, **kwargs)
    prior.build()
    # Heads start so small that all codes are about as likely.
    prior.first_head.kernel.assign(3.0 * prior.first_head.kernel)
    return prior


def draw_codes(num_codebooks, rows=2, positions=6):
    return RNG.integers(0, 5, (rows, positions, num_codebooks)).astype("int32")


def scores(prior, codes, labels=None):
    """Logits of one code after the other, `[rows, positions * C, K]`."""
    together = np.stack([np.asarray(logits) for logits in prior(codes, labels)], axis=2)
    return together.reshape(len(codes), -1, prior.num_codes)


@CODEBOOKS
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_cached_steps_score_what_the_pass_over_all_positions_does(num_codebooks, precision):
    prior = built(num_codebooks, dropout=0.1, dtype=precision, num_classes=3)
    codes = draw_codes(num_codebooks)
    expected, symbols = scores(prior, codes, LABELS), codes.reshape(2, -1)
    state, start = prior.start_steps(2), prior.start(LABELS, 2)
    tolerance = 1e-5 if precision == "float32" else 0.1
    for index in range(symbols.shape[1]):
        before = symbols[:, index - 1] if index else np.full(2, 5, "int32")
        logits, state = prior.step(start, before, ops.convert_to_tensor(index, "int32"), state)
        np.testing.assert_allclose(logits, expected[:, index], rtol=1e-4, atol=tolerance)


@CODEBOOKS
def test_a_growing_past_scores_what_steps_do(num_codebooks):
    prior, codes = built(num_codebooks, num_classes=3), draw_codes(num_codebooks)
    symbols, state, start = codes.reshape(2, -1), prior.start_steps(2), prior.start(LABELS, 2)
    past = [(ops.zeros((2, 2, 0, 4)),) * 2] * 2
    for index in range(symbols.shape[1]):
        position, depth = divmod(index, num_codebooks)
        symbol = symbols[:, index - 1] if index else np.full(2, 5, "int32")
        expected, state = prior.step(start, symbol, ops.convert_to_tensor(index, "int32"), state)
        if depth == 0:
            before = codes[:, position - 1] if position else np.zeros_like(codes[:, 0])
            number = ops.convert_to_tensor(position, "int32")
            logits, hidden, past = prior.grow(start, before, number, past)
        else:
            logits, hidden = prior.later_heads[depth - 1](hidden, symbol)
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(hidden, state["hidden"], rtol=1e-4, atol=1e-5)
    assert past[0][0].shape[2] == prior.num_positions


@CODEBOOKS
def test_no_code_is_scored_by_itself_or_later_ones(num_codebooks):
    prior, codes = built(num_codebooks), draw_codes(num_codebooks)
    before = scores(prior, codes)
    for index in range(6 * num_codebooks - 1):
        changed = codes.reshape(2, -1).copy()
        changed[:, index] = (changed[:, index] + 1) % 5
        after = scores(prior, changed.reshape(codes.shape))
        np.testing.assert_allclose(before[:, : index + 1], after[:, : index + 1], atol=1e-5)
        assert np.abs(before - after)[:, index + 1].max() > 1e-4


def test_it_is_a_distribution_over_all_grids():
    prior = built(2, grid=(2, 1), num_codes=2, num_classes=3)
    codes = np.array(list(itertools.product(range(2), repeat=4)), "int32").reshape(-1, 2, 2)
    for label in range(3):
        log_probs = np.asarray(prior.log_prob(codes, np.full(16, label, "int32")))
        assert np.exp(log_probs).sum() == pytest.approx(1, rel=1e-5)
        assert np.ptp(log_probs) > 0.1


def test_log_probabilities_are_those_of_the_logits():
    prior, codes = built(3), draw_codes(3)
    logits = np.asarray(scores(prior, codes), "float64")
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(log_probs, codes.reshape(2, -1, 1), axis=-1)[..., 0]
    np.testing.assert_allclose(prior.log_prob(codes), chosen.sum(-1), rtol=1e-5)


def test_the_class_moves_every_score():
    prior, codes = built(2, num_classes=3), draw_codes(2)
    one, other = scores(prior, codes, LABELS), scores(prior, codes, LABELS[::-1].copy())
    assert (np.abs(one - other).max(-1) > 1e-4).all()


def test_rows_and_columns_are_told_apart():
    prior = built(1, grid=(4, 4))
    positions = np.asarray(prior._positions("float32"))
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    assert (distances + np.eye(16) > 0.5).all()
    # A neighbour below is as near as one beside.
    np.testing.assert_allclose(distances[5, 9], distances[5, 6], rtol=1e-5)


def sample_without_cache(prior, num, seed, temperature):
    """Draws with the same noise, by a whole pass for each code."""
    from t2t_vq.backend import random_numbers
    from t2t_vq.bottlenecks import noise

    codes = np.zeros((num, prior.num_positions * prior.num_codebooks), "int32")
    for index in range(codes.shape[1]):
        grids = codes.reshape(num, prior.num_positions, prior.num_codebooks)
        logits = scores(prior, grids)[:, index] / temperature
        key = seed * codes.shape[1] + index
        gumbel = noise.gumbel(random_numbers.uniform(logits.shape, 0, key, 14))
        codes[:, index] = np.argmax(logits + np.asarray(gumbel), axis=-1)
    return codes.reshape(num, prior.num_positions, prior.num_codebooks)


@CODEBOOKS
def test_cached_samples_are_those_of_the_uncached_computation(num_codebooks):
    prior = built(num_codebooks)
    expected = sample_without_cache(prior, 4, seed=7, temperature=0.8)
    np.testing.assert_array_equal(prior.sample(4, seed=7, temperature=0.8), expected)


def test_a_seed_gives_the_same_grids_eagerly_and_compiled_and_another_gives_others(tf):
    prior = built(2)
    compiled = tf.function(lambda seed: prior.sample(6, seed=seed), jit_compile=True)
    first, again, other = (np.asarray(compiled(tf.constant(seed))) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, prior.sample(6, seed=3))
    assert (first != other).mean() > 0.3
    assert len({row.tobytes() for row in first}) == 6


def test_samples_are_as_frequent_as_they_are_probable():
    prior = built(1, grid=(2, 1), num_codes=3)
    grids = np.array(list(itertools.product(range(3), repeat=2)), "int32")[..., None]
    expected = np.exp(np.asarray(prior.log_prob(grids)))
    codes = np.asarray(prior.sample(4000, seed=1))
    numbers = np.bincount(codes[:, 0, 0] * 3 + codes[:, 1, 0], minlength=9)
    np.testing.assert_allclose(numbers / 4000, expected, atol=0.03)


def test_low_temperatures_take_the_most_probable_codes():
    prior = built(2)
    codes = np.asarray(prior.sample(3, temperature=1e-4))
    best = scores(prior, codes).argmax(-1).reshape(codes.shape)
    np.testing.assert_array_equal(codes, best)


def test_labels_are_for_a_prior_with_classes_and_only_for_it():
    with pytest.raises(ValueError, match="num_classes=0, and labels were given"):
        built(1)(draw_codes(1), LABELS)
    with pytest.raises(ValueError, match="num_classes=3, and none were given"):
        built(1, num_classes=3).sample(2)


def test_codes_of_another_grid_are_an_error():
    with pytest.raises(ValueError, match=r"a 2 x 3 grid takes codes \[batch, 6, 2\]"):
        built(2)(draw_codes(1))


def test_its_configuration_survives_serialisation():
    prior = built(3, dropout=0.2, num_classes=4)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert {**copy.get_config()} == {**prior.get_config()}
