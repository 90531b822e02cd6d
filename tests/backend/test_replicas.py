import keras
import numpy as np
from keras import ops

from t2t_vq.backend import replicas
from t2t_vq.backend.random_numbers import uniform


def test_sums_and_numbers_know_the_replica(two_replicas, tf):
    def one():
        replica = tf.cast(replicas.replica_id(), tf.float32)
        summed = replicas.sum_over_replicas({"one": tf.ones(2), "replica": replica})
        return summed, uniform((5,), 0, tf.constant(0), stream=0)

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
