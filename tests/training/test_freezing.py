import keras
import numpy as np
import pytest

from t2t_vq.bottlenecks import SoftEM
from t2t_vq.models.vq_autoencoder import VqAutoencoder
from t2t_vq.training.strategy import make_strategy
from t2t_vq.training.train_step import make_train_step
from t2t_vq.training.weight_ema import WeightEma

BATCH = {
    "image": np.random.default_rng(0).integers(0, 256, (16, 4, 8, 3)).astype("uint8"),
    "label": np.zeros(16, "int32"),
}


def arrays(variables):
    return {variable.path: np.array(variable) for variable in variables}


def moved(before, after):
    return {path for path, value in before.items() if np.any(value != after[path])}


def tiny(bottleneck=None, **options):
    keras.utils.set_random_seed(0)
    return VqAutoencoder(
        bottleneck or SoftEM(num_codes=4, decay=0.5),
        image_shape=(4, 8, 3),
        **{"num_mixtures": 2, "hidden_size": 8, "num_layers": 1},
        **{"prior_size": 8, "prior_layers": 1, "prior_filter_size": 16, "prior_heads": 2},
        **options,
    )


def test_after_its_steps_nothing_of_the_autoencoder_moves_and_the_prior_goes_on(tf):
    model = tiny(startup_steps=1, autoencoder_steps=4, dropout=0.1)
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(model.trainable_variables)
    ema = WeightEma(model, decay=0.5)
    strategy = make_strategy("one_device")
    batch = {name: tf.constant(value) for name, value in BATCH.items()}
    history, changes = [], []
    for step in range(7):
        if step == model.startup_steps:
            model.adapt([batch])
        if model.freeze(step):
            changes.append(step)
        if step == 0 or changes[-1:] == [step]:
            train_step = make_train_step(model, optimizer, ema, strategy)
        train_step(batch)
        history.append((arrays(model.variables), arrays(optimizer.variables)))
    assert changes == [4]
    learning = moved(history[2][0], history[3][0])
    assert any("codebook" in path for path in learning)
    assert any("encoder" in path for path in learning)
    prior = {variable.path for variable in model.prior.variables}
    frozen = moved(history[3][0], history[6][0])
    trainable = {variable.path for variable in model.prior.trainable_variables}
    assert trainable <= frozen
    # Dropout of the prior draws from seeds that move too.
    assert frozen <= prior
    momenta = moved(history[3][1], history[6][1])
    assert not [path for path in momenta if "momentum" in path and "prior" not in path]
    assert [path for path in momenta if "momentum" in path and "prior" in path]


def test_a_resumed_run_is_frozen_before_its_first_update():
    model = tiny(autoencoder_steps=4)
    assert len(model.learned_variables) == len(model.trainable_variables)
    assert model.freeze(9) and not model.freeze(10)
    assert model.learned_variables == model.prior.trainable_variables


@pytest.mark.parametrize("num_samples", [1, 3])
def test_the_prior_of_a_frozen_autoencoder_learns_other_codes_in_every_update(num_samples):
    bottleneck = SoftEM(num_codes=4, num_samples=num_samples, temperature=100.0)
    model = tiny(bottleneck, autoencoder_steps=4, prior_dropout=0.0)
    model.adapt([BATCH])
    model.freeze(4)
    found = [model.training_output(BATCH, step, training=True) for step in (4, 5, 4)]
    losses = [{name: float(loss) for name, loss in each.losses.items()} for each in found]
    assert losses[0]["prior"] != losses[1]["prior"]
    assert losses[0]["reconstruction"] == losses[1]["reconstruction"]
    # What a resumed run draws hangs on its step alone.
    assert losses[0] == losses[2]
