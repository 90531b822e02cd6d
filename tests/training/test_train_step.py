import keras
import numpy as np
import pytest

from t2t_vq.bottlenecks import (
    FiniteScalarQuantizer,
    ResidualVectorQuantizer,
    SimVQ,
    SoftEM,
    VectorQuantizer,
)
from t2t_vq.models.transformer_nat import TransformerNat
from t2t_vq.training.strategy import make_strategy, share
from t2t_vq.training.train_step import make_train_step
from t2t_vq.training.weight_ema import WeightEma

ROWS, LENGTH, VOCAB, STEPS = 6, 8, 30, 3
RATE = 0.1


def batch_of(seed):
    """Sentences of uneven length, so that the replicas' shares weigh differently."""
    rng = np.random.default_rng(seed)
    batch = {}
    for side in ("source", "target"):
        tokens = rng.integers(3, VOCAB, (ROWS, LENGTH))
        for row, length in enumerate(rng.integers(2, LENGTH + 1, ROWS)):
            tokens[row, length - 1] = 1
            tokens[row, length:] = 0
        batch[side] = tokens.astype(np.int32)
    batch["target"][0, :] = 0  # the first row is padding, as at an epoch's end
    return batch


BATCHES = [batch_of(seed) for seed in range(STEPS)]


class Trained:
    """A model after `STEPS` updates of plain gradient descent: its variables, what was reported."""

    def __init__(self, tf, strategy, bottleneck, dropout=0.0, clip_norm=0.0):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            self.model = TransformerNat(
                **{"vocab_size": VOCAB, "hidden_size": 8, "filter_size": 16, "num_heads": 2},
                **{"encoder_layers": 1, "decoder_layers": 1, "predictor_layers": 1},
                **{"compress_steps": 1, "dropout": dropout, "bottleneck": bottleneck()},
            )
            optimizer = keras.optimizers.SGD(RATE)
            optimizer.build(self.model.trainable_variables)
            self.ema = WeightEma(self.model, decay=0.5)
        batches = [{name: tf.constant(v) for name, v in b.items()} for b in BATCHES]
        self.model.adapt(batches)
        self.started = self.variables()
        step = make_train_step(self.model, optimizer, self.ema, strategy, clip_norm)
        shared = [share(strategy, batch) for batch in batches]
        self.reported = [
            {name: float(value) for name, value in step(batch).items()} for batch in shared
        ]

    def variables(self):
        return [np.array(variable) for variable in self.model.variables]

    def moved(self):
        """The distance that the trainable weights went."""
        trainable = {id(v) for v in self.model.trainable_variables}
        pairs = zip(self.model.variables, self.started, strict=True)
        return np.sqrt(
            sum(np.sum((np.array(v) - old) ** 2) for v, old in pairs if id(v) in trainable)
        )


def hard():
    return VectorQuantizer(num_codes=4, decay=0.9, restart_threshold=0.0)


def soft():
    return SoftEM(num_codes=4, decay=0.9, num_samples=5, temperature=4.0)


def by_gradient():
    return VectorQuantizer(num_codes=4, learning="gradient", restart_threshold=0.0)


OTHERS = {
    "gradient": by_gradient,
    "levels": lambda: ResidualVectorQuantizer(by_gradient()),
    "linear map": lambda: SimVQ(num_codes=4),
    "scalars": lambda: FiniteScalarQuantizer((3, 3), num_blocks=2),
}


@pytest.fixture(scope="module")
def one_device(tf):
    return Trained(tf, make_strategy("one_device"), hard)


@pytest.fixture(scope="module")
def mirrored(tf, two_replicas):
    return Trained(tf, two_replicas, hard)


def test_two_replicas_learn_what_one_device_does(one_device, mirrored):
    for one, two in zip(one_device.variables(), mirrored.variables(), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)
    assert mirrored.moved() > 0.01
    for one, two in zip(one_device.ema.variables, mirrored.ema.variables, strict=True):
        np.testing.assert_allclose(np.array(two), np.array(one), rtol=1e-4, atol=1e-5)


def test_two_replicas_move_the_codebook_as_one_device_does(one_device, mirrored):
    one, two = (np.array(t.model.bottleneck.codebook) for t in (one_device, mirrored))
    np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)
    start = [v.path for v in mirrored.model.variables].index(
        mirrored.model.bottleneck.codebook.path
    )
    assert np.abs(two - mirrored.started[start]).max() > 1e-3


def test_two_replicas_report_what_one_device_does(one_device, mirrored):
    for one, two in zip(one_device.reported, mirrored.reported, strict=True):
        assert one.keys() == two.keys()
        for name in one:
            np.testing.assert_allclose(two[name], one[name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    "kind", ["gradient", *(pytest.param(kind, marks=pytest.mark.slow) for kind in [*OTHERS][1:])]
)
def test_other_kinds_learn_on_two_replicas_what_they_do_on_one_device(tf, two_replicas, kind):
    one = Trained(tf, make_strategy("one_device"), OTHERS[kind])
    two = Trained(tf, two_replicas, OTHERS[kind])
    for old, new in zip(one.variables(), two.variables(), strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-3, atol=1e-4)
    paths = [variable.path for variable in one.model.variables]
    for variable in one.model.bottleneck.trainable_variables:
        start = one.started[paths.index(variable.path)]
        assert np.abs(np.array(variable) - start).max() > 1e-6, variable.path


def test_every_loss_and_metric_is_reported(one_device):
    assert set(one_device.reported[0]) == {
        *("loss", "loss/reconstruction", "loss/latents", "loss/bottleneck"),
        *("token_accuracy", "latent_accuracy", "gradient_norm", "tokens"),
        *("codebook_perplexity", "codes_in_use", "mean_distance", "commitment_loss"),
    }


def test_losses_are_those_of_the_model(tf, one_device):
    model, after = one_device.model, one_device.variables()
    for variable, start in zip(model.variables, one_device.started, strict=True):
        variable.assign(start)
    output = model.training_output(
        {name: tf.constant(v) for name, v in BATCHES[0].items()}, 0, training=True
    )
    for variable, value in zip(model.variables, after, strict=True):
        variable.assign(value)
    reported = one_device.reported[0]
    for name, loss in output.losses.items():
        np.testing.assert_allclose(reported[f"loss/{name}"], float(loss), rtol=1e-4)
    np.testing.assert_allclose(reported["loss"], sum(map(float, output.losses.values())), rtol=1e-4)
    assert reported["tokens"] == np.sum(BATCHES[0]["target"] > 0)


def test_clipping_bounds_the_gradient_that_the_replicas_sum(tf, two_replicas, mirrored):
    limit = 0.01
    assert all(result["gradient_norm"] > limit for result in mirrored.reported)
    clipped = Trained(tf, two_replicas, hard, clip_norm=limit)
    first = clipped.reported[0]["gradient_norm"]
    np.testing.assert_allclose(first, mirrored.reported[0]["gradient_norm"], rtol=1e-5)
    # All gradients point nearly the same way, so the steps' lengths add up to just about this.
    assert 0.5 * RATE * STEPS * limit < clipped.moved() <= RATE * STEPS * limit * 1.001


def test_soft_em_draws_other_codes_on_each_replica_and_keeps_one_codebook(tf, two_replicas):
    trained = Trained(tf, two_replicas, soft, dropout=0.1)
    bottleneck = trained.model.bottleneck
    for variable in (bottleneck.codebook, bottleneck.counts, bottleneck.sums):
        first, second = two_replicas.experimental_local_results(variable.value)
        np.testing.assert_array_equal(np.array(first), np.array(second))
    x = tf.random.stateless_normal((2, 16, 8), [0, 0])
    drawn = two_replicas.run(lambda: bottleneck.forward_pass(x, training=True).output.samples)
    first, second = two_replicas.experimental_local_results(drawn)
    assert np.any(np.array(first) != np.array(second))
