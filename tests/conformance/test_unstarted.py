"""A layer that has not started quantizes outside of training, and says once what that is worth."""

import warnings

import common
import keras
import numpy as np
import pytest
from kinds import COVERING, KINDS, every_kind_with_codes, over

from t2t_vq import bottlenecks
from t2t_vq.backend.values import known_value
from t2t_vq.bottlenecks import base

WAITING = {
    name: kind
    for name, kind in KINDS.items()
    if float(common.built(kind.make()).started_share()) < 1
}
READY = {name: kind for name, kind in KINDS.items() if name not in WAITING}
SAYS = "has not started from data"


@every_kind_with_codes
def test_an_unstarted_layer_shows_what_its_codes_embed_to(kind):
    layer, x = common.built(kind.make()), common.vectors(0)
    result = layer.forward_pass(x)
    dense = layer.embed(result.output.codes)
    np.testing.assert_allclose(result.output.dense, dense, rtol=1e-5, atol=1e-6)
    assert not np.allclose(result.output.dense, x, atol=1e-3)


def said(recorded):
    return [str(each.message) for each in recorded if SAYS in str(each.message)]


@over(WAITING, slow=WAITING.keys() - COVERING)
def test_an_unstarted_layer_says_so_once_however_it_is_called(kind, tf):
    x = common.vectors(0)
    for call in ("eager", "graph", "predict", "evaluate"):
        layer = kind.make()
        with warnings.catch_warnings(record=True) as recorded:
            warnings.simplefilter("always")
            model, _ = common.models_with(layer)
            model.compile(loss="mse")
            assert not said(recorded)
            for _ in range(2):
                if call == "eager":
                    layer(x)
                elif call == "graph":
                    tf.function(layer)(x)
                elif call == "predict":
                    model.predict(x, verbose=0)
                else:
                    model.evaluate(x, x, verbose=0)
        assert len(said(recorded)) == 1, call
        assert layer.name in said(recorded)[0]


@over(READY)
def test_nothing_is_said_of_a_kind_without_a_start(kind):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=f".*{SAYS}")
        kind.make()(common.vectors(0))


@pytest.mark.parametrize("start", [bottlenecks.Bottleneck.adapt, bottlenecks.SoftEM.adapt])
def test_whether_a_layer_has_started_is_asked_once(start, monkeypatch):
    layer, asked, x = bottlenecks.SoftEM(4), [], common.vectors(0)
    start(layer, x)

    def ask(function):
        asked.append(known_value(function))
        return asked[-1]

    monkeypatch.setattr(base, "known_value", ask)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            layer(x)
    assert asked == [float(layer.started_share())]


@over(READY)
def test_a_kind_without_a_start_asks_for_no_vectors(kind):
    def vectors():
        raise AssertionError("There is nothing to start.")
        yield

    layer = common.built(kind.make())
    layer.start_from(vectors())
    assert not layer.starts_from_data


def test_every_kind_that_waits_starts_from_data():
    assert all(kind.make().starts_from_data for kind in WAITING.values())


def test_a_kind_with_an_adapt_of_its_own_is_given_vectors():
    class Centred(bottlenecks.LookupFreeQuantizer):
        """Starts from the mean of vectors."""

        def adapt(self, x, mask=None):
            self.mean = keras.ops.mean(x, axis=(0, 1))

    layer = common.built(Centred(num_codes=4))
    layer.start_from(iter([keras.ops.ones((3, common.DIM))]))
    np.testing.assert_array_equal(layer.mean, np.ones(common.DIM))


@over(WAITING, slow=WAITING.keys() - COVERING)
def test_evaluation_before_training_does_not_look_perfect(kind):
    layer = kind.make()
    x = keras.Input((common.LENGTH, common.DIM))
    model = keras.Model(x, layer(x).dense)
    model.compile(loss="mse")
    with pytest.warns(UserWarning, match=SAYS):
        loss = model.evaluate(common.vectors(0), common.vectors(0), verbose=0, return_dict=True)
    assert loss["loss"] > 0.1
