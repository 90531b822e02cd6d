"""A parallel decoder whose codes are predicted in parallel too."""

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import config, registry
from t2t_vq.bottlenecks import DecomposedVectorQuantizer, SoftEM
from t2t_vq.decoding.options import Search
from t2t_vq.layers.masked_latent_predictor import MaskedLatentPredictor
from t2t_vq.models.transformer_nat import TransformerNat

PASSES = pytest.mark.parametrize("passes", [1, 2])


def tiny(**kwargs):
    return TransformerNat(
        12,
        DecomposedVectorQuantizer(SoftEM(num_codes=8, decay=0.9, temperature=0.5), num_blocks=2),
        hidden_size=32,
        filter_size=64,
        num_heads=2,
        encoder_layers=1,
        decoder_layers=1,
        predictor_layers=2,
        compress_steps=1,
        dropout=0.0,
        **{"predictor": "masked", **kwargs},
    )


@pytest.fixture(scope="module")
def batch(copy_batch):
    return copy_batch(24, 8)


@pytest.fixture(scope="module")
def started(batch):
    keras.utils.set_random_seed(3)
    model = tiny()
    model.adapt([batch])
    return model


@pytest.fixture(scope="module")
def trained(fit, batch):
    keras.utils.set_random_seed(4)
    model = tiny()
    fit(model, batch, 500, start_step=30)
    return model


@PASSES
def test_learns_to_copy(trained, batch, cut, passes):
    found = cut(trained.translate(batch["source"], Search(passes=passes)))
    right = [ours == theirs for ours, theirs in zip(found, cut(batch["target"]), strict=True)]
    assert np.mean(right) > 0.7


@PASSES
def test_more_padding_of_the_source_changes_no_translation(trained, copy_batch, passes):
    source = copy_batch(16, 8, seed=9)["source"]
    padded = np.pad(source, [(0, 0), (0, 2)])
    found = [trained.translate(item, Search(passes=passes)) for item in (padded, source)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("search", [Search(passes=2), Search(beam_size=3), Search(num_samples=1)])
def test_compiled_translation_equals_the_eager_one(tf, trained, batch, search):
    compiled = tf.function(
        lambda source: trained.translate(source, search),
        input_signature=[tf.TensorSpec([None, 8], tf.int32)],
        jit_compile=True,
    )
    expected = trained.translate(batch["source"], search)
    np.testing.assert_array_equal(compiled(batch["source"]), expected)


def test_gradients_reach_every_variable_of_the_predictor(tf, started, batch):
    with tf.GradientTape() as tape:
        loss = started.training_output(batch, 0, training=True).losses["latents"]
    variables = started.predictor.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        # A softmax does not see what all its logits share.
        if not variable.path.endswith("key/bias"):
            assert float(ops.max(ops.abs(gradient))) > 1e-9, variable.path


def test_halves_of_a_batch_with_shared_totals_add_up(started, batch):
    halves = [
        {name: part[rows] for name, part in batch.items()} for rows in (slice(7), slice(7, 24))
    ]
    totals = [started.loss_totals(half) for half in halves]
    shared = {name: totals[0][name] + totals[1][name] for name in totals[0]}
    whole = started.training_output(batch, 0)
    parts = [started.training_output(half, 0, shared) for half in halves]
    for kind in ("losses", "metrics"):
        for name, value in getattr(whole, kind).items():
            found = sum(float(getattr(part, kind)[name]) for part in parts)
            assert found == pytest.approx(float(value), rel=1e-4)


def test_training_draws_other_hidden_codes_at_each_step(started, batch):
    losses = [
        float(started.training_output(batch, step, training=True).losses["latents"])
        for step in (0, 1, 0)
    ]
    assert losses[0] == pytest.approx(losses[2], rel=1e-6)
    assert losses[0] != pytest.approx(losses[1], rel=1e-4)


def test_is_made_from_its_hyper_parameters():
    hparams = config.override(registry.hparams("softem_nat_tiny"), "predictor=masked")
    model = registry.models["transformer_nat"].from_hparams(hparams, vocab_size=9)
    assert isinstance(model.predictor, MaskedLatentPredictor)


def test_another_predictor_is_an_error():
    with pytest.raises(ValueError, match="Choose one of causal, masked"):
        tiny(predictor="mask")


def test_codes_one_after_the_other_take_no_passes(batch):
    with pytest.raises(ValueError, match="passes=2 is for a predictor of hidden codes"):
        tiny(predictor="causal").translate(batch["source"], Search(passes=2))
