"""A batch without rows has outputs without rows, and counts for nothing."""

import common
import numpy as np
import pytest
from kinds import COVERING, KINDS, every_kind

EMPTY = np.zeros((0, 12, common.DIM), "float32")
COMPILED = {
    "eager": lambda tf, step: step,
    "graph": lambda tf, step: tf.function(step, autograph=False),
    "graph of any size": lambda tf, step: tf.function(
        step, autograph=False, input_signature=[tf.TensorSpec([None, 12, common.DIM])]
    ),
    "XLA of any size": lambda tf, step: tf.function(
        step,
        jit_compile=True,
        autograph=False,
        input_signature=[tf.TensorSpec([None, 12, common.DIM])],
    ),
}


# XLA refuses what graphs refuse, and more.
CASES = [
    pytest.param(
        *(kind, compiled),
        id=f"{name}-{how}",
        marks=[pytest.mark.slow] if "graph" in how and name not in COVERING else [],
    )
    for name, kind in KINDS.items()
    for how, compiled in COMPILED.items()
]


@pytest.mark.parametrize(("kind", "compiled"), CASES)
def test_an_empty_batch_trains_nothing(kind, compiled, tf):
    layer = common.started(kind)

    def step(x):
        result, of_input, of_variables = common.gradients(
            tf, layer, x, tf.ones(tf.shape(x)[:2], "bool")
        )
        return result, of_input, of_variables

    result, of_input, of_variables = compiled(tf, step)(tf.constant(EMPTY))
    assert of_input.shape == result.output.dense.shape == EMPTY.shape
    assert result.output.codes.shape == (0, 12, layer.num_codebooks)
    assert result.output.samples.shape[:3] == (0, 12, layer.num_codebooks)
    for name, total in result.statistics.items():
        np.testing.assert_array_equal(total, 0 * total, err_msg=name)
    before = {weight.path: weight.numpy() for weight in layer.weights}
    layer.update(result.statistics)
    for weight in layer.weights:
        if weight.path.rpartition("/")[2] != "step":
            np.testing.assert_array_equal(weight, before[weight.path], err_msg=weight.path)
    for gradient in of_variables:
        assert np.isfinite(gradient).all()


@every_kind
def test_an_empty_batch_changes_no_metric(kind):
    layer = common.started(kind)
    twin = common.with_weights(kind.make(), layer.get_weights())
    for each, batches in ((layer, [common.vectors(0), EMPTY]), (twin, [common.vectors(0)])):
        for x in batches:
            each(x, training=True)
            each(x, training=False)
    actual, expected = (
        [float(metric.result()) for metric in each.metrics] for each in (layer, twin)
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-6)
