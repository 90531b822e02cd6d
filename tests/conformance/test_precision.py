"""Half precision in, half precision out, and float32 within."""

import common
import keras
import numpy as np
import pytest
from keras import ops
from kinds import covering_kinds, every_kind

POLICIES = {"mixed_bfloat16": "bfloat16", "float16": "float16"}


def dtypes(tensors):
    return {keras.backend.standardize_dtype(tensor.dtype) for tensor in tensors}


@every_kind
@pytest.mark.parametrize("policy", POLICIES)
def test_half_precision_outputs_come_from_float32_statistics_and_state(kind, policy):
    half = POLICIES[policy]
    layer = common.started(kind)
    twin = common.with_weights(layer, layer.get_weights(), dtype=policy)
    x = ops.cast(common.vectors(0), half)
    for training in (True, False):
        exact, result = (each.forward_pass(x, common.MASK, training) for each in (layer, twin))
        assert dtypes([result.output.dense]) == {half}
        assert dtypes([result.loss, *result.statistics.values()]) == {"float32"}
        expected, actual = common.arrays(exact), common.arrays(result)
        tolerance = 0.02 if half == "bfloat16" else 0.002
        dense = actual.pop("dense").astype("float32")
        np.testing.assert_allclose(dense, expected.pop("dense"), tolerance, tolerance)
        common.assert_close(actual, expected)
    # Only in a call does Keras cast variables to half precision, unless told not to.
    common.assert_equal(twin(x, mask=common.MASK)._asdict(), result.output._asdict())
    assert float(sum(twin.losses)) == float(result.loss)
    twin(x, mask=common.MASK, training=True)
    assert dtypes(twin.variables) <= {"float32", "int64"}
    if layer.has_codes:
        assert dtypes([twin.embed(result.output.codes)]) == {half}


@pytest.fixture
def float64():
    """Keras with double precision wherever nothing else is said."""
    for set_default in (keras.config.set_floatx, keras.config.set_dtype_policy):
        set_default("float64")
    yield
    for set_default in (keras.config.set_floatx, keras.config.set_dtype_policy):
        set_default("float32")


@covering_kinds
def test_training_goes_on_in_double_precision(kind, float64):
    layer = kind.make()
    model, _ = common.models_with(layer)
    model.compile("sgd", "mse")
    x = common.vectors(0)
    history = model.fit(x, x, batch_size=3, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert dtypes([model(x)]) == {"float64"}
    assert dtypes(layer.weights) <= {"float32", "float64", "int64"}
