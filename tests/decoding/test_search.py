import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.decoding.options import Search
from t2t_vq.decoding.search import search

END = 3
LOGITS = np.array([[1.0, 0.0, -1.0, 0.5], [0.0, 2.0, 0.0, 1.0]], "float32")


def repeating(rows):
    """A step that scores alike at every position, one of `LOGITS` for each of `rows` rows."""

    def step(symbols, index, state):
        return ops.repeat(LOGITS, rows // 2, axis=0), state

    return step


def test_without_options_it_is_greedy():
    found = search(repeating(2), (), 2, 5, END, Search())
    expected = greedy_search(repeating(2), (), 2, 5, END)
    np.testing.assert_array_equal(found, np.asarray(expected)[:, None])


def test_a_beam_gives_as_many_candidates_all_different():
    found = np.asarray(search(repeating(6), (), 2, 5, END, Search(beam_size=3)))
    assert found.shape == (2, 3, 5)
    assert [len(np.unique(row, axis=0)) for row in found] == [3, 3]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_draws_are_as_frequent_as_their_probability(temperature):
    options = Search(num_samples=4000, temperature=temperature)
    found = np.asarray(search(repeating(8000), (), 2, 1, END, options))[..., 0]
    weights = np.exp(LOGITS / temperature)
    expected = weights / weights.sum(-1, keepdims=True)
    for row in range(2):
        shares = np.bincount(found[row], minlength=4) / 4000
        error = np.sqrt(expected[row] * (1 - expected[row]) / 4000)
        assert (np.abs(shares - expected[row]) < 4 * error).all()


def test_symbols_that_follow_are_drawn_anew():
    found = np.asarray(search(repeating(40_000), (), 2, 2, END, Search(num_samples=20_000)))[0]
    going_on = found[found[:, 0] != END]
    # Given the first symbol, the second is as probable as ever.
    shares = [np.mean(going_on[going_on[:, 0] == first, 1] == 0) for first in (0, 1)]
    assert shares[0] == pytest.approx(shares[1], abs=0.05)
    assert 0.4 < shares[0] < 0.8


def test_what_is_drawn_does_not_depend_on_the_other_searches():
    options = Search(num_samples=5)
    alone = search(lambda *_: (ops.repeat(LOGITS[1:], 5, axis=0), ()), (), 1, 6, END, options)
    together = search(repeating(10), (), 2, 6, END, options)
    np.testing.assert_array_equal(alone[0], together[1])


@pytest.mark.parametrize("options", [Search(beam_size=3), Search(num_samples=3)])
def test_compiled_candidates_equal_the_eager_ones(tf, options):
    compiled = tf.function(
        lambda: search(repeating(6), (), 2, 4, END, options), jit_compile=True, autograph=False
    )
    np.testing.assert_array_equal(compiled(), search(repeating(6), (), 2, 4, END, options))


def test_beams_and_samples_together_are_an_error():
    with pytest.raises(ValueError, match=r"beam_size=2 .* num_samples=3 .* Choose one"):
        Search(beam_size=2, num_samples=3)
