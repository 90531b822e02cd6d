"""Plain Keras training on two replicas is that on one device."""

import common
import keras
import numpy as np
import pytest
from kinds import COVERING, KINDS, covering_kinds, over


def model_around(layers):
    """A model through bottlenecks one after the other, and through another layer with a loss."""
    x = keras.Input((common.LENGTH, common.DIM))
    hidden = keras.layers.Dense(common.DIM)(x)
    hidden = keras.layers.ActivityRegularization(l2=0.01)(hidden)
    for layer in layers:
        hidden = layer(hidden).dense
    return keras.Model(x, keras.layers.Dense(common.DIM)(hidden))


def trained(model, number, **options):
    """The weights of a model after training on a number of examples, in batches of four."""
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = common.vectors(0, number, common.LENGTH, common.DIM)
    history = model.fit(x, x, batch_size=4, shuffle=False, verbose=0, **options).history
    return common.state(model), history


ALIKE = {name: kind for name, kind in KINDS.items() if not (kind.draws or kind.batch_loss)}


@over(ALIKE)
def test_a_step_of_fit_is_that_of_one_device(kind, two_replicas):
    check_step(kind, 1, two_replicas)


@over(ALIKE, slow=ALIKE.keys() - COVERING)
def test_so_it_is_with_two_bottlenecks(kind, two_replicas):
    check_step(kind, 2, two_replicas)


def check_step(kind, number, two_replicas):
    layers = [common.started(kind) for _ in range(number)]
    model = model_around(layers)
    before = model.get_weights()
    expected, history = trained(model, 4)
    with two_replicas.scope():
        model = model_around([kind.make() for _ in layers])
        model.set_weights(before)
        actual, replicated = trained(model, 4)
    common.assert_close(actual, expected)
    assert replicated["loss"] == pytest.approx(history["loss"], rel=1e-4)


@covering_kinds
def test_replicas_stay_alike_though_one_of_them_runs_out_of_rows(kind, two_replicas):
    x = common.vectors(7, 9, common.LENGTH, common.DIM)
    with two_replicas.scope():
        layer = kind.make()
        model = model_around([layer])
        # The third batch has one example, and so nothing for the second replica.
        _, history = trained(model, 9, epochs=2, validation_data=(x, x), validation_batch_size=4)
    assert float(layer.started_share()) == 1
    for values in history.values():
        assert np.isfinite(values).all()
    for weight in model.weights:
        first, second = two_replicas.experimental_local_results(weight.value)
        np.testing.assert_array_equal(first, second, err_msg=weight.path)
        assert np.isfinite(first).all()
