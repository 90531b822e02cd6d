import numpy as np
from keras import ops
from scipy import stats

from t2t_vq.backend.random_numbers import uniform


def draw(shape=(1000,), seed=0, step=0, stream=0):
    return ops.convert_to_numpy(uniform(shape, seed, ops.cast(step, "int32"), stream))


def test_uniform_numbers_are_uniform_and_below_one():
    numbers = draw((50_000,))
    assert numbers.dtype == "float32" and numbers.min() >= 0 and numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3


def test_every_argument_changes_the_numbers_and_none_gives_the_same():
    numbers = draw()
    np.testing.assert_array_equal(numbers, draw())
    for other in (draw(seed=1), draw(step=1), draw(stream=1)):
        assert abs(np.corrcoef(numbers, other)[0, 1]) < 0.1


def test_numbers_agree_eagerly_in_a_graph_and_under_xla(tf):
    def numbers(step):
        return uniform((7, 9), 3, step, 1)

    step = tf.constant(5)
    np.testing.assert_array_equal(numbers(step), tf.function(numbers)(step))
    np.testing.assert_array_equal(numbers(step), tf.function(numbers, jit_compile=True)(step))
