"""Beam search against the enumeration of all sequences of a random Markov model."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding.beam import beam_search, length_penalty
from t2t_vq.decoding.greedy import greedy_search

END = 2
JIT = pytest.mark.parametrize("jit", [False, True])


def repeat_rows(state, times):
    return keras.tree.map_structure(lambda part: np.repeat(part, times, axis=0), state)


def random_model(rows, vocab, seed):
    """Log-probabilities: `[rows, vocab]` of first symbols, `[rows, vocab, vocab]` of next ones."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(rows, vocab + 1, vocab))
    log_probs = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype("float32")
    return log_probs[:, 0], log_probs[:, 1:]


def markov_step(symbols, index, state):
    """Steps a Markov model that is itself the state, one copy a row."""
    first, following = state["first"], state["following"]
    row = ops.arange(ops.shape(symbols)[0])
    flat = ops.reshape(following, (-1, following.shape[-1]))
    after = ops.take(flat, row * following.shape[1] + symbols, axis=0)
    return ops.where(index > 0, after, first), state


def search(model, beam_size, length, alpha):
    first, following = model
    state = repeat_rows({"first": first, "following": following}, beam_size)
    return keras.tree.map_structure(
        ops.convert_to_numpy,
        beam_search(markov_step, state, len(first), beam_size, length, END, alpha),
    )


def every_sequence(first, following, length, alpha):
    """The penalised log-probabilities of all sequences."""
    vocab, found = len(first), {}
    for symbols in itertools.product(range(vocab), repeat=length):
        size = symbols.index(END) + 1 if END in symbols else length
        score = first[symbols[0]]
        score += sum(following[symbols[i - 1], symbols[i]] for i in range(1, size))
        found[symbols[:size] + (END,) * (length - size)] = score / ((5 + size) / 6) ** alpha
    return found


def test_length_penalty_by_hand():
    assert float(length_penalty(1, 0.6)) == 1.0
    assert float(length_penalty(7, 1.0)) == 2.0
    assert float(length_penalty(7, 0.0)) == 1.0


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_best_sequences_of_all(alpha, seed):
    length, beam_size = 4, 81
    model = random_model(2, 3, seed)
    sequences, scores = search(model, beam_size, length, alpha)
    for row in range(2):
        expected = every_sequence(model[0][row], model[1][row], length, alpha)
        best = sorted(expected.values(), reverse=True)
        np.testing.assert_allclose(scores[row, : len(best)], best, rtol=1e-4, atol=1e-5)
        # Not the order itself: sequences of the same transitions tie.
        found = [expected[tuple(symbols)] for symbols in sequences[row, : len(best)].tolist()]
        np.testing.assert_allclose(found, best, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("beam_size", [1, 2, 3])
@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_scores_of_a_narrow_beam_are_those_of_its_sequences(beam_size, alpha):
    model = random_model(5, 4, 7)
    sequences, scores = search(model, beam_size, 5, alpha)
    for row in range(5):
        expected = every_sequence(model[0][row], model[1][row], 5, alpha)
        found = [expected[tuple(symbols)] for symbols in sequences[row].tolist()]
        np.testing.assert_allclose(scores[row], found, rtol=1e-4, atol=1e-5)
        assert (np.diff(scores[row]) <= 0).all()


def test_what_follows_the_end_is_the_end():
    sequences, _ = search(random_model(6, 4, 3), 3, 6, 0.6)
    ended = np.cumsum(sequences == END, axis=-1) > 0
    assert (sequences[ended] == END).all() and ended.any()


def test_a_beam_of_one_without_penalty_is_greedy():
    model = random_model(8, 4, 5)
    sequences, _ = search(model, 1, 6, 0.0)
    state = {"first": ops.array(model[0]), "following": ops.array(model[1])}
    np.testing.assert_array_equal(sequences[:, 0], greedy_search(markov_step, state, 8, 6, END))


def test_searches_of_a_batch_do_not_touch_each_other():
    model = random_model(4, 4, 11)
    together = search(model, 3, 5, 0.6)
    for row in range(4):
        alone = search([part[row : row + 1] for part in model], 3, 5, 0.6)
        np.testing.assert_array_equal(alone[0][0], together[0][row])
        np.testing.assert_allclose(alone[1][0], together[1][row], rtol=1e-5)


@JIT
def test_the_state_of_a_beam_is_that_of_its_own_history(tf, jit):
    rows, length, beam_size, vocab = 8, 6, 3, 4
    first, following = random_model(rows, vocab, 13)

    def step(symbols, index, state):
        """Scores by everything said before, which only the state remembers."""
        position = tf.range(length) == index - 1
        history = tf.where(position, symbols[:, None], state["history"])
        said = tf.reduce_sum(tf.one_hot(history, vocab, axis=-1), axis=1)
        logits, _ = markov_step(symbols, index, state["model"])
        return logits - 2.0 * said, {"history": history, "model": state["model"]}

    def run():
        model = repeat_rows({"first": first, "following": following}, beam_size)
        state = {"history": tf.fill((rows * beam_size, length), -1), "model": model}
        return beam_search(step, state, rows, beam_size, length, END, 0.6)

    sequences, scores = (item.numpy() for item in tf.function(run, jit_compile=jit)())
    for row, beam in itertools.product(range(rows), range(beam_size)):
        symbols, score, said = sequences[row, beam].tolist(), 0.0, np.zeros(vocab)
        size = symbols.index(END) + 1 if END in symbols else length
        for i in range(size):
            logits = (following[row, symbols[i - 1]] if i else first[row]) - 2.0 * said
            score += logits[symbols[i]] - np.log(np.exp(logits).sum())
            said[symbols[i]] += 1
        assert scores[row, beam] == pytest.approx(score / ((5 + size) / 6) ** 0.6, rel=1e-4)


def test_compiled_search_equals_the_eager_one(tf):
    first, following = random_model(3, 4, 17)

    @tf.function(jit_compile=True)
    def compiled():
        state = repeat_rows({"first": first, "following": following}, 3)
        return beam_search(markov_step, state, 3, 3, 6, END, 0.6)

    eager = search((first, following), 3, 6, 0.6)
    np.testing.assert_array_equal(compiled()[0], eager[0])
    np.testing.assert_allclose(compiled()[1], eager[1], rtol=1e-5)


def test_stops_when_nothing_in_the_beam_can_win():
    steps = []

    def step(symbols, index, state):
        steps.append(int(index))
        return ops.tile(ops.array([[-9.0, -9.0, 5.0]]), (2, 1)), state

    beam_search(step, (), 2, 1, 50, END, 0.6)
    assert len(steps) < 10
