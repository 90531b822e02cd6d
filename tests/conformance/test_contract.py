"""What the contract says of outputs, gradients, padding and evaluation."""

import common
import numpy as np
import pytest
from keras import ops
from kinds import every_kind, every_kind_with_codes

from t2t_vq.backend import random_numbers

BOTH = pytest.mark.parametrize("training", [True, False])


@every_kind
@BOTH
def test_outputs_have_the_shapes_types_and_ranges_of_the_contract(kind, training):
    layer, x = common.started(kind), common.vectors(0)
    output = layer.forward_pass(x, common.MASK, training).output
    codes, samples = map(ops.convert_to_numpy, (output.codes, output.samples))
    assert tuple(output.dense.shape) == x.shape
    assert codes.shape == (*x.shape[:2], layer.num_codebooks)
    assert samples.shape[:3] == codes.shape and samples.shape[3] >= 1
    assert codes.dtype == samples.dtype == "int32"
    for numbers in (codes, samples):
        assert ((numbers >= 0) & (numbers < max(layer.num_codes, 1))).all()
    if not training:
        np.testing.assert_array_equal(samples, codes[..., None])


@every_kind
@BOTH
def test_describes_each_of_its_metrics_by_a_finite_number(kind, training):
    layer = common.started(kind)
    statistics = layer.forward_pass(common.vectors(0), common.MASK, training).statistics
    summary = layer.describe(statistics)
    assert set(summary) == set(layer.metric_names)
    for value in summary.values():
        assert np.shape(value) == () and np.isfinite(value)


@every_kind_with_codes
def test_output_in_evaluation_is_what_the_codes_embed_to(kind):
    layer = common.started(kind)
    output = layer.forward_pass(common.vectors(0)).output
    np.testing.assert_allclose(output.dense, layer.embed(output.codes), rtol=1e-5, atol=1e-6)


def none_of(shape, *_):
    assert 0 in shape, f"Evaluation draws random numbers of shape {shape}."
    return ops.zeros(shape)


@every_kind
def test_evaluation_changes_no_variable_and_draws_nothing(kind, monkeypatch):
    layer, x = common.started(kind), common.vectors(0)
    before = common.state(layer)
    monkeypatch.setattr(random_numbers, "uniform", none_of)
    first, second = (layer(x, mask=common.MASK, training=False) for _ in range(2))
    common.assert_equal(second._asdict(), first._asdict())
    common.assert_equal(common.state(layer), before)


@every_kind
def test_a_call_in_training_is_a_forward_and_an_update(kind):
    layer, x = common.started(kind), common.vectors(0)
    twin = common.with_weights(layer, layer.get_weights())
    result = twin.forward_pass(x, common.MASK, training=True)
    twin.update(result.statistics)
    output = layer(x, mask=common.MASK, training=True)
    common.assert_equal(output._asdict(), result.output._asdict())
    assert float(sum(layer.losses)) == float(result.loss)
    common.assert_equal(common.state(layer), common.state(twin))


@every_kind
def test_gradients_reach_valid_vectors_and_all_weights_but_no_padding(kind, tf):
    layer, x = common.started(kind), tf.constant(common.padded(common.vectors(0)))
    _, of_input, of_variables = common.gradients(tf, layer, x, common.MASK)
    of_input = of_input.numpy()
    assert np.isfinite(of_input).all()
    np.testing.assert_array_equal(of_input.any(axis=-1), common.MASK)
    for gradient in of_variables:
        assert np.isfinite(gradient).all() and gradient.numpy().any()


@every_kind
def test_what_padding_holds_changes_nothing_in_training(kind, tf):
    layer, results = common.started(kind), []
    for value in (np.nan, 1e4):
        x = tf.constant(common.padded(common.vectors(0), value))
        result, of_input, _ = common.gradients(tf, layer, x, common.MASK)
        results.append({**common.arrays(result), "gradient": of_input})
    common.assert_equal(*results)


@every_kind
def test_padding_counts_no_more_than_if_it_were_cut_off(kind, tf):
    layer, x = common.started(kind), common.vectors(0, 2, common.LENGTH, common.DIM)
    mask = np.tile(np.arange(common.LENGTH) < 4, (2, 1))
    x[:, 4:] = np.nan
    check_cut(tf, layer, x, mask, training=False)
    # Cutting changes what is drawn for whom.
    if not kind.draws:
        check_cut(tf, layer, x, mask, training=True)


def check_cut(tf, layer, x, mask, training):
    masked, of_masked = outcome(tf, layer, x, mask, training)
    cut, of_cut = outcome(tf, layer, x[:, :4], mask[:, :4], training)
    common.assert_close(masked, cut)
    np.testing.assert_allclose(of_masked[:, :4], of_cut, rtol=1e-4, atol=1e-6)


def outcome(tf, layer, x, mask, training):
    result, of_input, _ = common.gradients(tf, layer, tf.constant(x), mask, training)
    return common.arrays(result, mask), of_input
