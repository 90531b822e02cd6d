import keras
import numpy as np
from keras import ops
from scipy import stats

from t2t_vq.bottlenecks import replicas


def draw(shape=(1000,), seed=0, step=0, stream=0):
    return ops.convert_to_numpy(replicas.uniform(shape, seed, ops.cast(step, "int32"), stream))


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
        return replicas.uniform((7, 9), 3, step, 1)

    step = tf.constant(5)
    np.testing.assert_array_equal(numbers(step), tf.function(numbers)(step))
    np.testing.assert_array_equal(numbers(step), tf.function(numbers, jit_compile=True)(step))


def test_a_fused_function_is_one_program_of_xla_that_takes_variables(tf):
    def function(x):
        return ops.sin(x), ops.cos(x)

    fused = replicas.fused(function)
    for result, expected in zip(fused(keras.Variable([0.5])), function([0.5]), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-5)
    operations = tf.function(fused).get_concrete_function(tf.ones(1)).graph.get_operations()
    assert sum("_XlaMustCompile" in operation.node_def.attr for operation in operations) == 1
    assert not any(operation.type == "Sin" for operation in operations)


def test_an_accelerator_fuses_nothing_of_its_own(monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])

    def function(x):
        return x

    assert replicas.fused(function) is function


def test_sums_and_numbers_know_the_replica(two_replicas, tf):
    def one():
        replica = tf.cast(replicas.replica_id(), tf.float32)
        summed = replicas.sum_over_replicas({"one": tf.ones(2), "replica": replica})
        return summed, replicas.uniform((5,), 0, tf.constant(0))

    summed, numbers = two_replicas.run(tf.function(one))
    for result in two_replicas.experimental_local_results(summed["one"]):
        np.testing.assert_array_equal(result, [2.0, 2.0])
    for result in two_replicas.experimental_local_results(summed["replica"]):
        assert float(result) == 1.0
    first, second = two_replicas.experimental_local_results(numbers)
    assert (first.numpy() != second.numpy()).any()


def test_alone_there_is_nothing_to_sum():
    assert replicas.num_replicas() == 1 and replicas.replica_id() == 0
    tree = {"x": ops.ones(2)}
    assert replicas.sum_over_replicas(tree) is tree


def test_outside_of_a_replica_sums_are_left_alone(two_replicas):
    with two_replicas.scope():
        assert replicas.num_replicas() == 2 and replicas.replica_id() == 0
        tree = {"x": keras.ops.ones(2)}
        assert replicas.sum_over_replicas(tree) is tree
