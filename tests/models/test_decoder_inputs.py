"""What the parallel decoder sees in place of latents while it trains: true tokens, predictions."""

import keras
import numpy as np
import pytest

from t2t_vq.bottlenecks import DecomposedVectorQuantizer, SoftEM, VectorQuantizer
from t2t_vq.layers.mask_schedule import latent_share
from t2t_vq.models.transformer_nat import TransformerNat

BOTTLENECKS = {
    "vq": lambda: VectorQuantizer(num_codes=8),
    "blocks": lambda: DecomposedVectorQuantizer(SoftEM(num_codes=8, num_samples=3)),
}


def tiny(kind="vq", **kwargs):
    return TransformerNat(
        12,
        BOTTLENECKS[kind](),
        hidden_size=32,
        filter_size=64,
        num_heads=2,
        encoder_layers=1,
        decoder_layers=1,
        predictor_layers=1,
        compress_steps=1,
        dropout=0.0,
        **kwargs,
    )


def started(batch, kind="vq", **kwargs):
    keras.utils.set_random_seed(3)
    model = tiny(kind, **kwargs)
    model.adapt([batch])
    return model


def values(results):
    return {name: float(value) for name, value in results.items()}


@pytest.fixture(scope="module")
def batch(copy_batch):
    return copy_batch(24, 8)


@pytest.fixture
def mixing(batch, monkeypatch):
    """Returns the share of positions of the decoder's input that are gold at a step."""
    model = started(batch, mask_startup_steps=50_000)

    def gold_share(step):
        seen = []
        monkeypatch.setattr(model, "add_positions", lambda x: seen.append(x) or x)
        memory, memory_mask = model.encode(batch["source"])
        gold = np.full((24, 80, 32), 7.0, "float32")
        dense, mask = np.zeros((24, 40, 32), "float32"), np.ones((24, 40), bool)
        model.reconstruct(dense, mask, memory, memory_mask, gold, step)
        is_gold = np.asarray(seen[-1]) == 7.0
        assert (is_gold.all(-1) == is_gold.any(-1)).all()
        return is_gold.all(-1).mean()

    return gold_share


@pytest.mark.parametrize("step", [0, 10_000, 25_000, 50_000, 60_000])
def test_gold_embeddings_give_way_to_latents_on_schedule(mixing, step):
    expected = 1 - float(latent_share(step, 50_000))
    assert mixing(step) == pytest.approx(
        expected, abs=1e-3 if step in (0, 50_000, 60_000) else 0.05
    )


def test_translating_never_mixes_in_gold(batch):
    pure, mixing = started(batch), tiny(mask_startup_steps=1_000_000)
    mixing.set_weights(pure.get_weights())
    source = batch["source"]
    np.testing.assert_array_equal(mixing.translate(source), pure.translate(source))


@pytest.mark.parametrize("jit", [pytest.param(False, marks=pytest.mark.slow), True])
def test_compiled_mixing_of_batches_of_any_size_equals_the_eager_one(tf, batch, jit):
    model = started(batch, mask_startup_steps=100)
    signature = {name: tf.TensorSpec([None, 8], tf.int32) for name in ("source", "target")}

    @tf.function(input_signature=[signature], jit_compile=jit)
    def losses(batch):
        return model.training_output(batch, 80, training=True).losses

    eager = model.training_output(batch, 80, training=True).losses
    assert values(losses(batch)) == pytest.approx(values(eager), rel=1e-4)
    pure = tiny()
    pure.set_weights(model.get_weights())
    assert values(pure.training_output(batch, 80, training=True).losses) != pytest.approx(
        values(eager), rel=1e-3
    )


def test_evaluation_never_shows_gold(batch):
    pure, mixing = started(batch), tiny(mask_startup_steps=1_000_000)
    mixing.set_weights(pure.get_weights())
    expected = values(pure.training_output(batch, 0).losses)
    assert values(mixing.training_output(batch, 0).losses) == pytest.approx(expected, rel=1e-6)


def spy_on_the_decoder(model, monkeypatch):
    """Returns a list that the vectors in place of latents are added to."""
    seen, original = [], model.reconstruct
    monkeypatch.setattr(
        model, "reconstruct", lambda dense, *rest: seen.append(dense) or original(dense, *rest)
    )
    return seen


@pytest.mark.parametrize("kind", list(BOTTLENECKS))
def test_the_decoder_sees_what_the_predictor_takes_latents_for(batch, kind, monkeypatch):
    model = started(batch, kind, predicted_latents=1.0)
    certain = np.full((model.bottleneck.num_codes + 1,), -1e4, "float32")
    certain[3] = 1e4
    model.predictor.first_head.bias.assign(certain)
    for head in model.predictor.later_heads:
        head.scores.bias.assign(certain[:-1])
    seen = spy_on_the_decoder(model, monkeypatch)
    model.training_output(batch, 0, training=True)
    codes = np.full((24, 4, model.bottleneck.num_codebooks), 3, "int32")
    np.testing.assert_allclose(seen[-1], model.bottleneck.embed(codes), rtol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_share_of_latents_is_shown_as_predicted(batch, monkeypatch, share):
    model = started(batch, predicted_latents=share)
    many = {name: np.tile(part, (20, 1)) for name, part in batch.items()}
    seen = spy_on_the_decoder(model, monkeypatch)
    monkeypatch.setattr(model, "_embed", lambda codes: np.full((480, 4, 32), 7.0, "float32"))
    model.training_output(many, 0, training=True)
    predicted = np.asarray(seen[-1]) == 7.0
    assert (predicted.all(-1) == predicted.any(-1)).all()
    assert predicted.mean() == pytest.approx(share, abs=0.05)


def test_predictions_are_shown_to_nobody_before_the_codebook_starts_or_in_evaluation(batch):
    pure, showing = tiny(), tiny(predicted_latents=1.0)
    showing.set_weights(pure.get_weights())
    for training in (False, True):
        expected = values(pure.training_output(batch, 0, training=training).losses)
        losses = values(showing.training_output(batch, 0, training=training).losses)
        assert losses == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_that_is_none_is_refused_in_a_sentence(share):
    with pytest.raises(ValueError, match=f"predicted_latents={share} is a share of the latents"):
        tiny(predicted_latents=share)
