import numpy as np
import pytest
from keras import ops

from t2t_vq.decoding.greedy import greedy_search

END = 3


def scripted(rows):
    """A step function whose row `i` says `rows[i]`, one symbol after the other."""
    script = ops.convert_to_tensor(np.array(rows, "int32"))

    def step(symbols, index, state):
        return ops.one_hot(ops.take(script, index, axis=1), 4), state

    return step


def test_says_the_most_probable_symbols_and_fills_with_the_end():
    step = scripted([[0, 2, END, 1, 0], [1, END, 0, 0, 0]])
    sequences = greedy_search(step, (), 2, 5, END)
    np.testing.assert_array_equal(sequences, [[0, 2, 3, 3, 3], [1, 3, 3, 3, 3]])


def test_a_sequence_without_end_is_cut_at_the_length():
    sequences = greedy_search(scripted([[0, 1, 2, 0, 1]]), (), 1, 4, END)
    np.testing.assert_array_equal(sequences, [[0, 1, 2, 0]])


@pytest.mark.parametrize("jit", [False, True])
def test_each_symbol_is_fed_back_at_the_next_position(tf, jit):
    def counting(symbols, index, state):
        """The successor of the symbol before, from 0 on; the state sums what it has seen."""
        following = tf.where(index > 0, symbols + 1, 0)
        return tf.one_hot(following, 6), state + tf.where(index > 0, symbols, 0)

    search = tf.function(
        lambda: greedy_search(counting, tf.zeros(2, tf.int32), 2, 8, 5), jit_compile=jit
    )
    np.testing.assert_array_equal(search(), [[0, 1, 2, 3, 4, 5, 5, 5]] * 2)


def test_stops_when_every_row_has_ended():
    steps = []

    def step(symbols, index, state):
        steps.append(int(index))
        return scripted([[0, END, 0, 0], [END, 0, 0, 0]])(symbols, index, state)

    greedy_search(step, (), 2, 4, END)
    assert steps == [0, 1]
