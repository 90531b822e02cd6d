"""The searches on arrays against those of `t2t_vq.decoding`, on logits of every kind."""

import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding import beam, greedy, rescoring
from t2t_vq.decoding.options import Search
from t2t_vq.runtime import search

END = 2
BATCH, LENGTH = 5, 7
VOCABULARIES = pytest.mark.parametrize("vocab", [3, 4, 11])
SEEDS = pytest.mark.parametrize("seed", range(2))


def random_tables(vocab, seed):
    """Logits of each search at each position, after each symbol."""
    tables = np.random.default_rng(seed).normal(size=(BATCH, LENGTH, vocab, vocab))
    return (2 * tables).astype("float32")


def tied_tables(vocab, seed):
    """Logits of two values, so that most symbols tie."""
    shape = (BATCH, LENGTH, vocab, vocab)
    return np.random.default_rng(seed).integers(0, 2, shape).astype("float32")


TABLES = pytest.mark.parametrize("tables", [random_tables, tied_tables])


def on_arrays(tables, candidates):
    """Returns a step on arrays, and its state, one row for each candidate."""

    def step(symbols, index, state):
        rows = np.arange(len(symbols))
        return state["tables"][rows, index, symbols if index else 0], state

    return step, {"tables": tables.repeat(candidates, axis=0)}


def on_tensors(tables, candidates):
    """Returns the same for `t2t_vq.decoding`."""
    vocab = tables.shape[-1]

    def step(symbols, index, state):
        flat = ops.reshape(state["tables"], (-1, vocab))
        rows = ops.arange(ops.shape(symbols)[0])
        before = ops.where(index > 0, symbols, 0)
        return ops.take(flat, (rows * LENGTH + index) * vocab + before, axis=0), state

    return step, {"tables": ops.convert_to_tensor(tables.repeat(candidates, axis=0))}


def both(function, other, tables, candidates, *arguments):
    """What a search on arrays gives, and what it should."""
    return (
        function(*on_arrays(tables, candidates), *arguments),
        other(*on_tensors(tables, candidates), *arguments),
    )


@TABLES
@VOCABULARIES
@SEEDS
def test_greedy_search_finds_the_same(tables, vocab, seed):
    found, expected = both(
        search.greedy_search, greedy.greedy_search, tables(vocab, seed), 1, BATCH, LENGTH, END
    )
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)


@TABLES
@VOCABULARIES
@SEEDS
@pytest.mark.parametrize(("beam_size", "alpha"), [(2, 0.6), (3, 0.0), (5, 0.6)])
def test_beam_search_finds_the_same(tables, vocab, seed, beam_size, alpha, monkeypatch):
    """Beams wider than the vocabulary too, and ties."""
    # Sums of equal logarithms tie in both then, or in neither.
    monkeypatch.setattr(search, "log_softmax", lambda logits: np.array(ops.log_softmax(logits)))
    (sequences, scores), (expected, expected_scores) = both(
        search.beam_search,
        beam.beam_search,
        tables(vocab, seed),
        beam_size,
        BATCH,
        beam_size,
        LENGTH,
        END,
        alpha,
    )
    assert (sequences.dtype, scores.dtype) == (np.int32, np.float32)
    np.testing.assert_array_equal(sequences, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5)


@VOCABULARIES
@pytest.mark.parametrize(
    "options",
    [
        Search(),
        Search(beam_size=3, alpha=1.0),
        Search(num_samples=4),
        Search(num_samples=1, temperature=2.0),
    ],
)
def test_a_search_with_options_finds_the_same(tf, vocab, options):
    from t2t_vq.decoding.search import search as expected_search

    found, expected = both(
        search.search,
        expected_search,
        random_tables(vocab, 7),
        options.num_candidates,
        BATCH,
        LENGTH,
        END,
        options,
    )
    assert found.shape == (BATCH, options.num_candidates, LENGTH)
    np.testing.assert_array_equal(found, expected)


def test_greedy_search_by_hand():
    """The second row ends first, and stays so whatever it would say next."""
    script = np.array([[0, 1, 0, END, 1], [1, END, 0, 0, 1]])

    def step(symbols, index, state):
        return np.eye(3, dtype="float32")[script[:, index]], state

    found = search.greedy_search(step, {}, 2, 5, END)
    np.testing.assert_array_equal(found, [[0, 1, 0, 2, 2], [1, 2, 2, 2, 2]])


def test_a_beam_by_hand():
    """Two symbols and the end; the likeliest first symbol leads to no likely sequence."""
    first = np.log([0.6, 0.39, 0.01])
    after = np.log([[0.34, 0.33, 0.33], [0.01, 0.01, 0.98], [0.0001, 0.0001, 0.9998]])

    def step(symbols, index, state):
        logits = np.tile(first, (2, 1)) if index == 0 else after[symbols]
        return logits.astype("float32"), state

    sequences, scores = search.beam_search(step, {}, 1, 2, 2, END, 0.0)
    np.testing.assert_array_equal(sequences, [[[1, 2], [0, 0]]])
    np.testing.assert_allclose(np.exp(scores), [[0.39 * 0.98, 0.6 * 0.34]], rtol=1e-5)


def test_the_state_of_a_beam_follows_its_history():
    histories = []

    def step(symbols, index, state):
        said = [*state["said"].T, symbols] if index else []
        state = {"said": np.array(said).T.reshape(len(symbols), index)}
        histories.append(state["said"])
        logits = np.random.default_rng(index).normal(size=(len(symbols), 5)).astype("float32")
        logits[:, END] = -20.0
        return logits, state

    state = {"said": np.zeros((6, 0), np.int32)}
    sequences, _ = search.beam_search(step, state, 2, 3, 4, END, 0.6)
    known = {tuple(row) for row in histories[-1].tolist()}
    assert all(tuple(row[:3]) in known for row in sequences.reshape(-1, 4).tolist())


def test_searches_stop_with_the_last_sequence():
    steps = []

    def step(symbols, index, state):
        steps.append(index)
        return np.tile(np.array([-9, -9, 5], "float32"), (len(symbols), 1)), state

    search.greedy_search(step, {}, 2, 50, END)
    assert steps == [0]
    search.beam_search(step, {}, 2, 2, 50, END, 0.6)
    assert len(steps) < 12


@pytest.mark.parametrize("shape", [(6, 5), (6, 4, 5)])
def test_draws_are_those_of_the_decoding_room(tf, shape):
    from t2t_vq.decoding.search import perturb

    logits = np.random.default_rng(0).normal(size=shape).astype("float32")
    options = Search(num_samples=3, temperature=0.7)
    found = search.perturb(logits, options, 9)
    np.testing.assert_allclose(found, perturb(logits, options, 9), rtol=1e-4, atol=1e-5)


def test_draws_for_fewer_positions_are_the_first_of_all(tf):
    logits = np.random.default_rng(0).normal(size=(6, 8, 5)).astype("float32")
    options = Search(num_samples=3)
    found = search.perturb(logits[:, :3], options, 4, positions=8)
    np.testing.assert_array_equal(found, search.perturb(logits, options, 4)[:, :3])


@SEEDS
def test_the_best_candidate_is_the_same(seed):
    rng = np.random.default_rng(seed)
    candidates = rng.integers(1, 5, (20, 4, 6)).astype("int32")
    candidates[::3, 0] = 1
    candidates[0] = 1
    # Of few values, so that there are ties.
    likelihoods = -rng.integers(1, 4, (20, 4)).astype("float32")
    for alpha in (0.0, 0.6):
        found = search.best_candidate(candidates, likelihoods, 1, alpha)
        expected = rescoring.best_candidate(candidates, likelihoods, 1, alpha)
        np.testing.assert_array_equal(found, expected)


def test_the_likeliest_for_its_length_is_chosen_and_none_without_symbols():
    candidates = np.array([[[5, 1, 1], [6, 7, 1], [1, 8, 9]]], "int32")
    likelihoods = np.array([[-2.0, -2.1, -0.1]], "float32")
    # Penalties of lengths 2 and 3 with alpha 1: 7/6 and 8/6.
    best = [search.best_candidate(candidates, likelihoods, 1, alpha) for alpha in (0.0, 1.0)]
    np.testing.assert_array_equal(best, candidates[:, :2].transpose(1, 0, 2))
    assert search.best_candidate(candidates[:, 2:], likelihoods[:, 2:], 1, 0.6).tolist() == [
        [1, 8, 9]
    ]


def test_symbols_before_the_first_end_are_counted():
    sequences = np.array([[[5, 1, 7, 1], [1, 1, 6, 2], [4, 5, 6, 7]]])
    np.testing.assert_array_equal(search.lengths_before(sequences, 1), [[1, 0, 4]])


@SEEDS
@pytest.mark.parametrize("k", [1, 4, 30])
def test_the_largest_are_those_of_a_stable_sort(seed, k):
    rng = np.random.default_rng(seed)
    tied = rng.integers(0, 4, (6, 30)).astype("float32")
    tied[0, :20] = -np.inf
    for values in (rng.normal(size=(6, 30)).astype("float32"), tied):
        largest, indices = search.top_k(values, k)
        expected = np.argsort(-values, axis=-1, kind="stable")[:, :k]
        np.testing.assert_array_equal(indices, expected)
        np.testing.assert_array_equal(largest, np.take_along_axis(values, expected, axis=-1))


def test_the_largest_are_those_of_the_decoding_room():
    values = np.random.default_rng(0).integers(0, 3, (6, 40)).astype("float32")
    for found, expected in zip(search.top_k(values, 7), ops.top_k(values, 7), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_logarithms_of_a_softmax_are_finite_for_any_logits():
    logits = np.array([[1e9, 0.0, -1e9], [-1e9, -1e9, -1e9]], "float32")
    found = search.log_softmax(logits)
    np.testing.assert_array_equal(found, ops.log_softmax(logits))
    assert np.isfinite(found).all()
