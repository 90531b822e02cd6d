import keras
import numpy as np
import pytest

from t2t_vq.training.strategy import make_strategy
from t2t_vq.training.weight_ema import WeightEma

# After the second update the warm-up, 2/11, 3/12, 4/13, has reached it.
DECAY = 0.25


class Trained:
    """One weight `[2]` before and after three updates by SGD, and its average."""

    def __init__(self, tf, strategy, jit_compile=False, decay=DECAY):
        with strategy.scope():
            self.model = keras.Sequential(
                [keras.Input((1,)), keras.layers.Dense(2, use_bias=False)]
            )
            optimizer = keras.optimizers.SGD(0.5)
            optimizer.build(self.model.trainable_variables)
            self.ema = WeightEma(self.model, decay)

        def apply(grad):
            # A tensor of each replica's own, as a gradient is.
            optimizer.apply([tf.identity(grad)], self.model.trainable_variables)
            self.ema.update(optimizer.iterations)

        if strategy.num_replicas_in_sync == 1:
            apply = tf.function(apply, jit_compile=jit_compile, autograph=False)
        step = tf.function(lambda grad: strategy.run(apply, (grad,)), autograph=False)
        self.history = [self.weight()]
        for grad in ([[1.0, -2.0]], [[3.0, 0.5]], [[-7.0, 4.0]]):
            step(tf.constant(grad))
            self.history.append(self.weight())

    def weight(self):
        return np.array(self.model.weights[0])

    def oracle(self):
        average, *later = self.history
        for decay, weight in zip((2 / 11, 0.25, 0.25), later, strict=True):
            average = decay * average + (1 - decay) * weight
        return average


@pytest.mark.parametrize("kind", ["graph", "XLA", "two replicas"])
def test_the_average_is_the_recurrence_on_every_device(tf, two_replicas, kind):
    strategy = two_replicas if kind == "two replicas" else make_strategy("one_device")
    trained = Trained(tf, strategy, jit_compile=kind == "XLA")
    variable = trained.model.weights[0].value
    with trained.ema.in_place():
        inside = [np.array(v) for v in strategy.experimental_local_results(variable)]
    after = [np.array(v) for v in strategy.experimental_local_results(variable)]
    assert len(inside) == strategy.num_replicas_in_sync
    for value in inside:
        np.testing.assert_allclose(value, trained.oracle(), rtol=1e-6)
    for value in after:
        np.testing.assert_array_equal(value, trained.history[-1])


def test_training_goes_on_from_the_plain_weights_after_an_error(tf):
    trained = Trained(tf, make_strategy("one_device"))
    with pytest.raises(KeyboardInterrupt), trained.ema.in_place():
        raise KeyboardInterrupt
    np.testing.assert_array_equal(trained.weight(), trained.history[-1])


def test_without_an_average_the_weights_stay_and_nothing_is_kept(tf):
    trained = Trained(tf, make_strategy("one_device"), decay=0.0)
    assert trained.ema.variables == []
    with trained.ema.in_place():
        np.testing.assert_array_equal(trained.weight(), trained.history[-1])
