"""What plain Keras reports of training and of evaluation is what the layer measured there."""

import common
import keras
import numpy as np
import pytest
from kinds import COVERING, KINDS, covering_kinds, over

MEASURED = over(
    {name: kind for name, kind in KINDS.items() if kind.make().metric_names},
    slow=KINDS.keys() - COVERING,
)


def compiled(kind):
    """A started layer alone in a model."""
    layer = common.started(kind)
    return common.model_of(layer), layer


def reported(logs, layer, prefix=""):
    names = [f"{layer.name}_{name}" for name in layer.metric_names]
    return {name: logs[f"{prefix}{name}"] for name in names}


@MEASURED
def test_evaluation_reports_what_it_measured_each_time_anew(kind):
    model, layer = compiled(kind)
    x = common.vectors(6, 8, common.LENGTH, common.DIM)
    expected = common.described(layer, [x[:4], x[4:]])
    model.predict(x[:4], verbose=0)
    for _ in range(2):
        logs = model.evaluate(x, x, batch_size=4, verbose=0, return_dict=True)
        assert reported(logs, layer) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@MEASURED
def test_training_and_validation_do_not_mix(kind):
    model, layer = compiled(kind)
    x, other = common.vectors(6), 3.0 * common.vectors(7)
    expected = common.described(layer, [x], training=True)
    logs = model.fit(x, x, shuffle=False, verbose=0, validation_data=(other, other)).history
    logs = {name: value for name, (value,) in logs.items()}
    assert reported(logs, layer) == pytest.approx(expected, rel=1e-4, abs=1e-5)
    expected = common.described(layer, [other])
    assert reported(logs, layer, "val_") == pytest.approx(expected, rel=1e-4, abs=1e-5)


@covering_kinds
def test_a_prediction_and_an_export_change_no_metric(kind, tf, tmp_path):
    model, layer = compiled(kind)
    x = common.vectors(6)
    layer(x, training=True)
    before = [float(metric.result()) for metric in layer.metrics]
    model.predict(x, verbose=0)
    tf.function(layer)(x)
    model.export(tmp_path, verbose=False)
    assert [float(metric.result()) for metric in layer.metrics] == before
    exported = tf.saved_model.load(tmp_path)
    np.testing.assert_allclose(exported.serve(x), layer(x).dense, rtol=1e-4, atol=1e-5)


def test_a_layer_that_is_called_twice_in_a_step_counts_both():
    layer = common.started(KINDS["vq"])
    x = keras.Input((common.LENGTH, common.DIM))
    model = keras.Model(x, layer(-layer(x).dense).dense)
    model.compile(loss="mse")
    first = common.vectors(6)
    expected = common.described(layer, [first, -layer(first).dense])
    logs = model.evaluate(first, first, verbose=0, return_dict=True)
    assert reported(logs, layer) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("kind", ["vq", "dvq", "residual-vq", "em"])
def test_a_posterior_is_reported_where_there_is_one(kind):
    assert ("posterior_entropy" in KINDS[kind].make().metric_names) == (kind == "em")


def test_the_commitment_loss_is_what_the_layer_adds_to_the_loss():
    model, layer = compiled(KINDS["vq"])
    x = common.vectors(6)
    logs = model.evaluate(x, x, verbose=0, return_dict=True)
    distance = float(np.mean((layer(x).dense - x) ** 2))
    assert logs["loss"] == pytest.approx(distance + logs[f"{layer.name}_commitment_loss"], rel=1e-5)


def test_early_stopping_goes_on_while_a_metric_of_the_layer_gets_better():
    layer = KINDS["vq"].make()
    model, _ = common.models_with(layer)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    x = common.vectors(6, 16, common.LENGTH, common.DIM)
    stop = keras.callbacks.EarlyStopping(f"val_{layer.name}_mean_distance", patience=3, mode="min")
    history = model.fit(x, x, epochs=8, verbose=0, validation_data=(x, x), callbacks=[stop]).history
    distances = history[f"val_{layer.name}_mean_distance"]
    assert np.isfinite(distances).all() and len(distances) > 4


def test_a_loop_that_feeds_all_metrics_targets_changes_none_of_the_layer():
    layer = common.started(KINDS["vq"])
    layer(common.vectors(6), training=True)
    for metric in layer.metrics:
        before = float(metric.result())
        metric.update_state(common.vectors(1), common.vectors(2))
        assert float(metric.result()) == before
