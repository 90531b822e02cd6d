"""Within the call of a subclassed model a layer starts as it does on its own."""

import common
import keras
import numpy as np
from kinds import covering_kinds, every_kind


class Subclassed(keras.Model):
    """Calls a bottleneck between two linear maps, and lets Keras build it."""

    def __init__(self, bottleneck):
        super().__init__()
        self.enter, self.leave = (keras.layers.Dense(common.DIM) for _ in range(2))
        self.bottleneck = bottleneck

    def call(self, x, training=False):
        return self.leave(self.bottleneck(self.enter(x), training=training).dense)


def around(bottleneck):
    """A subclassed model that Keras has yet to build, but for its linear maps."""
    keras.utils.set_random_seed(0)
    model = Subclassed(bottleneck)
    for linear in (model.enter, model.leave):
        linear.build((None, None, common.DIM))
    return model


@every_kind
def test_a_layer_that_a_model_builds_has_the_weights_of_one_built_alone(kind):
    model = around(kind.make())
    keras.utils.set_random_seed(1)
    alone = common.built(kind.make())
    keras.utils.set_random_seed(1)
    model(common.vectors(0))
    common.assert_equal(common.state(model.bottleneck), common.state(alone))
    np.testing.assert_array_equal(model.bottleneck.started_share(), alone.started_share())


@covering_kinds
def test_a_layer_that_fit_builds_trains_as_one_built_before(kind):
    x, states = common.vectors(0, 12, common.LENGTH, common.DIM), []
    for first in (lambda layer: layer, common.built):
        model = around(kind.make())
        keras.utils.set_random_seed(1)
        first(model.bottleneck)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.fit(x, x, batch_size=4, shuffle=False, verbose=0)
        states.append(common.state(model.bottleneck))
        assert float(model.bottleneck.started_share()) == 1
    common.assert_close(*states)
