"""Two replicas of a mirrored strategy do what one device does on the global batch."""

import types

import common
import numpy as np
import pytest
from kinds import KINDS, every_kind, over

from t2t_vq.bottlenecks import BottleneckOutput, Quantized


@pytest.fixture(scope="module")
def outcome(two_replicas, tf):
    """A function from a kind to one training step on two replicas, made once for each kind."""
    known = {}

    def remembered(kind):
        if kind not in known:
            known[kind] = replicated_step(tf, two_replicas, kind)
        return known[kind]

    return remembered


def replicated_step(tf, strategy, kind):
    """Trains for one step.

    Returns:
        The weights `before`, and for each replica those `after`, the `results` and the `gradients`.
    """
    before = common.started(kind).get_weights()
    with strategy.scope():
        layer = common.with_weights(kind.make(), before)

    def replica_step(x, mask):
        result, _, of_variables = common.gradients(tf, layer, x, mask)
        context = tf.distribute.get_replica_context()
        mean = context.all_reduce("MEAN", of_variables) if of_variables else []
        common.apply(layer, mean, result.statistics)
        return result, of_variables

    def split(array):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(np.split(array, 2)[context.replica_id_in_sync_group])
        )

    def of_replica(i, tree):
        local = strategy.experimental_local_results
        return tf.nest.map_structure(lambda value: local(value)[i].numpy(), tree)

    parts = split(common.padded(common.vectors(0))), split(common.MASK)
    step = tf.function(lambda *parts: strategy.run(replica_step, parts), autograph=False)
    outcome = step(*parts)
    results, gradients = zip(*(of_replica(i, outcome) for i in range(2)), strict=True)
    weights = {j: weight.value for j, weight in enumerate(layer.weights)}
    after = [of_replica(i, weights) for i in range(2)]
    return types.SimpleNamespace(before=before, after=after, results=results, gradients=gradients)


def mean(gradients):
    return [sum(each) / len(each) for each in zip(*gradients, strict=True)]


def joined(results):
    """What one device would compute, if all were sums and means over vectors."""
    output = BottleneckOutput(*map(np.concatenate, zip(*(r.output for r in results), strict=True)))
    names = results[0].statistics
    statistics = {name: sum(result.statistics[name] for result in results) for name in names}
    return Quantized(output, sum(result.loss for result in results) / len(results), statistics)


@every_kind
def test_replicas_stay_identical(kind, outcome):
    common.assert_equal(*outcome(kind).after)


@every_kind
def test_replicas_update_from_the_sum_of_their_statistics(kind, outcome):
    seen = outcome(kind)
    alone = common.with_weights(kind.make(), seen.before)
    common.apply(alone, mean(seen.gradients), joined(seen.results).statistics)
    common.assert_close(seen.after[0], common.state(alone))


@over({name: kind for name, kind in KINDS.items() if not kind.draws})
def test_replicas_do_what_one_device_does_on_the_global_batch(kind, outcome, tf):
    seen = outcome(kind)
    alone = common.with_weights(kind.make(), seen.before)
    x = tf.constant(common.padded(common.vectors(0)))
    result, _, of_variables = common.gradients(tf, alone, x, common.MASK)
    actual, expected = common.arrays(joined(seen.results)), common.arrays(result)
    if kind.batch_loss:
        assert abs(actual.pop("loss") - expected.pop("loss")) > 1e-5
        common.assert_close(actual, expected)
    else:
        common.assert_close(actual, expected)
        common.apply(alone, of_variables, result.statistics)
        common.assert_close(seen.after[0], common.state(alone))
