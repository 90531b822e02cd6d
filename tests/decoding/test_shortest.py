import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from t2t_vq.decoding.shortest import at_shortest


def length_used(length, needed):
    return int(at_shortest(lambda n: ops.convert_to_tensor(n), length, ops.array(needed)))


@pytest.mark.parametrize(("needed", "used"), [(0, 4), (4, 4), (5, 6), (6, 6), (7, 8), (8, 8)])
def test_takes_the_shortest_length_that_is_long_enough(needed, used):
    assert length_used(8, needed) == used


def test_lengths_are_rounded_up():
    assert [length_used(7, needed) for needed in (1, 4, 5, 7)] == [4, 4, 6, 7]


def test_a_single_position_is_enough_for_itself():
    assert length_used(1, 1) == 1


def test_one_compiled_program_serves_all_lengths():
    numbers = ops.arange(8, dtype="int32")

    @tf.function(jit_compile=True)
    def total(needed):
        return at_shortest(lambda n: ops.sum(numbers[:n]), 8, needed)

    found = [int(total(tf.constant(needed))) for needed in (1, 5, 7)]
    np.testing.assert_array_equal(found, [6, 15, 28])
    assert total.experimental_get_tracing_count() == 1
