import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import config, registry
from t2t_vq.bottlenecks import Bottleneck, SoftEM, VectorQuantizer
from t2t_vq.layers.mask_schedule import latent_share
from t2t_vq.models.transformer_nat import TransformerNat

VOCAB = 12
BOTTLENECKS = {
    "vq": lambda: VectorQuantizer(num_codes=8, decay=0.9),
    "em": lambda: SoftEM(num_codes=8, decay=0.9, num_samples=3, temperature=2.0),
    "gradient": lambda: VectorQuantizer(num_codes=8, learning="gradient"),
}
KINDS = pytest.mark.parametrize("kind", list(BOTTLENECKS))
BEAMS = pytest.mark.parametrize("beam_size", [1, 2])


def tiny(kind="em", bottleneck=None, **kwargs):
    options = {
        "hidden_size": 32,
        "filter_size": 64,
        "num_heads": 2,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "predictor_layers": 2,
        "compress_steps": 1,
        "dropout": 0.0,
    }
    return TransformerNat(VOCAB, bottleneck or BOTTLENECKS[kind](), **{**options, **kwargs})


def started(batch, kind="em", **kwargs):
    keras.utils.set_random_seed(3)
    model = tiny(kind, **kwargs)
    model.adapt([batch])
    return model


def log_softmax(logits):
    logits = np.asarray(logits, "float64")
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def values(results):
    return {name: float(value) for name, value in results.items()}


@pytest.fixture(scope="module")
def batch(copy_batch):
    return copy_batch(24, 8)


@pytest.fixture(scope="module")
def untrained(batch):
    return started(batch)


@pytest.fixture(scope="module")
def trained(fit, batch):
    keras.utils.set_random_seed(4)
    model = tiny(bottleneck=SoftEM(num_codes=32, decay=0.9, temperature=2.0))
    fit(model, batch, 300, start_step=30)
    return model


def test_refuses_a_bottleneck_without_codes():
    with pytest.raises(ValueError, match="The bottleneck Bottleneck has no codes"):
        tiny(bottleneck=Bottleneck())


@KINDS
@pytest.mark.parametrize("training", [False, True])
def test_losses_and_metrics_are_finite(batch, kind, training):
    output = started(batch, kind).training_output(batch, 0, training=training)
    assert set(output.losses) == {"reconstruction", "latents", "commitment"}
    assert set(output.metrics) == {"token_accuracy", "latent_accuracy"}
    assert all(value > 0 for value in values(output.losses).values())
    assert np.isfinite([*values(output.losses).values(), *values(output.metrics).values()]).all()


@KINDS
def test_until_the_codebook_starts_the_decoder_sees_vectors_and_nobody_learns_codes(batch, kind):
    model = tiny(kind)
    losses = values(model.training_output(batch, 0, training=True).losses)
    assert losses["latents"] == losses["commitment"] == 0
    memory, bias = model.encode(batch["source"])
    latents = model.compress(batch["target"])
    expected = model.reconstruct(latents.vectors, latents.mask, memory, bias)
    np.testing.assert_array_equal(model(batch), expected)


@KINDS
def test_adapting_starts_the_codebook_from_valid_latents(batch, kind):
    model = tiny(kind)
    model.adapt(iter([batch, batch]))
    assert float(model.bottleneck.started_share()) == 1
    latents = model.compress(batch["target"])
    valid = np.asarray(latents.vectors)[np.asarray(latents.mask)]
    codebook = np.asarray(model.bottleneck.codebook)
    within = ((valid[:, None] - codebook) ** 2).sum(-1).min(1).mean()
    assert within < 0.7 * ((valid - valid.mean(0)) ** 2).sum(-1).mean()
    # Once started, the decoder sees codes.
    memory, bias = model.encode(batch["source"])
    codes = model.bottleneck.forward(latents.vectors, latents.mask).output.codes
    expected = model.reconstruct(model.bottleneck.embed(codes), latents.mask, memory, bias)
    np.testing.assert_allclose(model(batch), expected, atol=1e-5)


def test_adapting_takes_no_more_batches_than_it_needs(batch):
    model = tiny(bottleneck=VectorQuantizer(num_codes=2))

    def batches():
        yield batch
        raise AssertionError("A batch of more than 16 latents is enough for 2 codes.")

    model.adapt(batches())
    assert float(model.bottleneck.started_share()) == 1


def test_the_latent_loss_is_that_of_codes_followed_by_one_end(untrained, batch):
    output = untrained.training_output(batch, 0)
    latents = untrained.compress(batch["target"])
    codes = untrained.bottleneck.forward(latents.vectors, latents.mask).output.codes
    logits = untrained.predict_latents(codes, *untrained.encode(batch["source"]))
    log_probs, losses = log_softmax(logits), []
    for row in range(24):
        tokens = int((batch["target"][row] != 0).sum())
        count = -(-tokens // 2)
        labels = [*np.asarray(codes)[row, :count, 0], 8]
        losses += [-log_probs[row, i, label] for i, label in enumerate(labels)]
    assert tuple(logits.shape) == (24, 5, 9)
    assert float(output.losses["latents"]) == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_latent_loss_in_training_is_the_mean_over_samples(batch):
    model = started(batch, "em")
    latents = model.compress(batch["target"])
    quantized = model.bottleneck.forward(latents.vectors, latents.mask, training=True).output
    logits = model.predict_latents(quantized.codes, *model.encode(batch["source"]))
    log_probs, losses = log_softmax(logits), []
    samples, mask = np.asarray(quantized.samples)[:, :, 0], np.asarray(latents.mask)
    assert len({*samples[0, 0]} | {*samples[1, 0]} | {*samples[2, 0]}) > 1
    for row in range(24):
        count = mask[row].sum()
        losses += [-log_probs[row, i, samples[row, i]].mean() for i in range(count)]
        losses.append(-log_probs[row, count, 8])
    output = model.training_output(batch, 0, training=True)
    assert float(output.losses["latents"]) == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_reconstruction_loss_fills_the_last_block_with_ends(untrained, batch):
    log_probs, losses = log_softmax(untrained(batch)), []
    for row, target in enumerate(batch["target"]):
        tokens = int((target != 0).sum())
        labels = [*target[:tokens], *[1] * (tokens % 2)]
        losses += [-log_probs[row, i, label] for i, label in enumerate(labels)]
    output = untrained.training_output(batch, 0)
    assert float(output.losses["reconstruction"]) == pytest.approx(np.mean(losses), rel=1e-5)


def test_searching_latents_takes_the_argmax_after_each_growing_prefix(trained, copy_batch):
    memory, bias = trained.encode(copy_batch(8, 8, seed=9)["source"])
    symbols = np.asarray(trained.search_latents(memory, bias, 8))
    prefix, ended = np.zeros((8, 8, 1), "int32"), np.zeros(8, bool)
    for position in range(8):
        logits = np.array(trained.predict_latents(prefix, memory, bias)[:, position])
        if position == 0:
            logits[:, 32] = -np.inf
        expected = np.where(ended, 32, logits.argmax(-1))
        np.testing.assert_array_equal(symbols[:, position], expected)
        prefix[:, position, 0] = np.where(expected == 32, 0, expected)
        ended |= expected == 32
    assert ended.any() and len(np.unique(symbols)) > 4


def test_the_parallel_decoder_sees_later_latents(untrained, batch):
    memory, bias = untrained.encode(batch["source"][:1])
    codes, mask = np.arange(8).reshape(1, 8, 1), np.ones((1, 8), bool)
    dense = np.array(untrained.bottleneck.embed(codes))
    before = np.asarray(untrained.reconstruct(dense, mask, memory, bias))
    dense[:, 7] = -dense[:, 7]
    after = np.asarray(untrained.reconstruct(dense, mask, memory, bias))
    assert np.abs(after - before)[:, 0].max() > 1e-4


def test_the_predictor_never_sees_later_latents(untrained, batch):
    encoded = untrained.encode(batch["source"][:1])
    codes = np.arange(8).reshape(1, 8, 1)
    changed = codes.copy()
    changed[:, 5:] = 0
    before, after = (untrained.predict_latents(item, *encoded) for item in (codes, changed))
    np.testing.assert_allclose(before[:, :6], after[:, :6], atol=1e-5)
    assert not np.allclose(before[:, 7:], after[:, 7:], atol=1e-3)


def test_training_steps_alone_do_not_start_the_codebook(batch):
    model = tiny("em")
    model.update(model.training_output(batch, 0, training=True).statistics)
    assert float(model.bottleneck.started_share()) == 0


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(("kind", "training"), [("vq", True), ("gradient", True), ("em", False)])
def test_padding_of_source_and_target_changes_no_loss(batch, kind, training, steps):
    model = started(batch, kind, compress_steps=steps)
    padded = {
        "source": np.pad(batch["source"], [(0, 0), (0, 3)]),
        "target": np.pad(batch["target"], [(0, 0), (0, 11)]),
    }
    before, after = (model.training_output(item, 0, training=training) for item in (batch, padded))
    assert values(after.losses) == pytest.approx(values(before.losses), rel=1e-4)
    assert values(after.metrics) == pytest.approx(values(before.metrics), rel=1e-4)


@BEAMS
def test_more_padding_of_the_source_changes_no_translation(trained, copy_batch, beam_size):
    source = copy_batch(16, 8, seed=9)["source"]
    padded = np.pad(source, [(0, 0), (0, 2)])
    assert trained.target_length(8) == trained.target_length(10)
    np.testing.assert_array_equal(
        trained.translate(padded, beam_size), trained.translate(source, beam_size)
    )


def test_halves_of_a_batch_with_shared_totals_add_up(untrained, batch):
    halves = [
        {name: part[rows] for name, part in batch.items()} for rows in (slice(7), slice(7, 24))
    ]
    totals = [untrained.loss_totals(half) for half in halves]
    shared = {name: totals[0][name] + totals[1][name] for name in totals[0]}
    outputs = [untrained.training_output(half, 0, shared) for half in halves]
    whole = untrained.training_output(batch, 0)
    for kind in ("losses", "metrics"):
        for name, value in getattr(whole, kind).items():
            parts = [float(getattr(output, kind)[name]) for output in outputs]
            assert sum(parts) == pytest.approx(float(value), rel=1e-4)


def test_rows_of_padding_change_no_loss(untrained, batch):
    padded = {name: np.pad(part, [(0, 2), (0, 0)]) for name, part in batch.items()}
    before, after = (untrained.training_output(item, 0).losses for item in (batch, padded))
    assert values(after) == pytest.approx(values(before), rel=1e-5)


@BEAMS
def test_no_translation_is_without_latents(untrained, batch, beam_size):
    weights = untrained.get_weights()
    try:
        bias = np.zeros(9, "float32")
        bias[8] = 1e4
        untrained.latent_logits.bias.assign(bias)
        memory, memory_bias = untrained.encode(batch["source"])
        symbols = np.asarray(untrained.search_latents(memory, memory_bias, 5, beam_size))
    finally:
        untrained.set_weights(weights)
    assert (symbols[:, 0] < 8).all() and (symbols[:, 1:] == 8).all()


def test_what_no_latent_stands_for_is_the_end(untrained, batch):
    memory, bias = untrained.encode(batch["source"][:2])
    tokens = untrained.decode_latents(np.array([[3, 8, 8, 8], [3, 2, 5, 8]]), memory, bias)
    assert tuple(tokens.shape) == (2, 8)
    assert (np.asarray(tokens)[0, 2:] == 1).all() and (np.asarray(tokens)[1, 6:] == 1).all()


@BEAMS
def test_learns_to_copy(trained, batch, cut, beam_size):
    assert cut(trained.translate(batch["source"], beam_size)) == cut(batch["target"])


@BEAMS
def test_compiled_translation_equals_the_eager_one(tf, trained, batch, beam_size):
    compiled = tf.function(
        lambda source: trained.translate(source, beam_size),
        input_signature=[tf.TensorSpec([None, 8], tf.int32)],
        jit_compile=True,
    )
    expected = trained.translate(batch["source"], beam_size)
    np.testing.assert_array_equal(compiled(batch["source"]), expected)


def test_half_precision_losses_are_close_and_it_translates(trained, batch, cut, half_precision):
    model = tiny(bottleneck=SoftEM(num_codes=32, decay=0.9, temperature=2.0))
    model.set_weights(trained.get_weights())
    exact, close = (values(item.training_output(batch, 0).losses) for item in (trained, model))
    assert close == pytest.approx(exact, rel=0.1, abs=0.02)
    same = [
        ours == theirs
        for ours, theirs in zip(
            cut(model.translate(batch["source"])), cut(batch["target"]), strict=True
        )
    ]
    assert np.mean(same) > 0.9


@KINDS
def test_gradients_reach_every_trainable_variable(tf, batch, kind):
    model = started(batch, kind)
    with tf.GradientTape() as tape:
        loss = sum(model.training_output(batch, 0, training=True).losses.values())
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    assert any("codebook" in v.path for v in variables) == (kind == "gradient")
    for variable, gradient in zip(variables, gradients, strict=True):
        # A softmax does not see what all its logits share.
        if not variable.path.endswith("key/bias"):
            assert float(ops.max(ops.abs(gradient))) > 1e-9, variable.path


def test_the_latent_loss_does_not_reach_the_codebook_or_the_compressor(tf, batch):
    model = started(batch, "gradient")
    with tf.GradientTape() as tape:
        loss = model.training_output(batch, 0, training=True).losses["latents"]
    variables = [model.bottleneck.codebook, *model.compressor.trainable_variables]
    assert tape.gradient(loss, [v.value for v in variables]) == [None] * len(variables)


@pytest.fixture
def mixing(batch, monkeypatch):
    """Returns the share of positions of the decoder's input that are gold at a step."""
    model = started(batch, mask_startup_steps=50_000)

    def gold_share(step):
        seen = []
        monkeypatch.setattr(model, "add_positions", lambda x: seen.append(x) or x)
        memory, bias = model.encode(batch["source"])
        gold = np.full((24, 80, 32), 7.0, "float32")
        dense, mask = np.zeros((24, 40, 32), "float32"), np.ones((24, 40), bool)
        model.reconstruct(dense, mask, memory, bias, gold, step)
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


def test_translating_never_mixes_in_gold(trained, batch):
    mixed = tiny(bottleneck=SoftEM(num_codes=32), mask_startup_steps=1_000_000)
    mixed.set_weights(trained.get_weights())
    source = batch["source"]
    np.testing.assert_array_equal(mixed.translate(source), trained.translate(source))


@pytest.mark.parametrize("jit", [False, True])
def test_compiled_mixing_of_batches_of_any_size_equals_the_eager_one(tf, batch, jit):
    model = started(batch, "vq", mask_startup_steps=100)
    signature = {name: tf.TensorSpec([None, 8], tf.int32) for name in ("source", "target")}

    @tf.function(input_signature=[signature], jit_compile=jit)
    def losses(batch):
        return model.training_output(batch, 80, training=True).losses

    eager = model.training_output(batch, 80, training=True).losses
    assert values(losses(batch)) == pytest.approx(values(eager), rel=1e-4)
    pure = tiny("vq")
    pure.set_weights(model.get_weights())
    assert values(pure.training_output(batch, 80, training=True).losses) != pytest.approx(
        values(eager), rel=1e-3
    )


def test_evaluation_never_shows_gold(untrained, batch):
    mixing = tiny(mask_startup_steps=1_000_000)
    mixing.set_weights(untrained.get_weights())
    expected = values(untrained.training_output(batch, 0).losses)
    assert values(mixing.training_output(batch, 0).losses) == pytest.approx(expected, rel=1e-6)


def test_is_made_from_its_hyper_parameters():
    overrides = (
        "hidden_size=16,filter_size=24,num_heads=4,encoder_layers=1,decoder_layers=2,"
        "predictor_layers=3,compress_steps=1,startup_steps=5,mask_startup_steps=7,"
        "bottleneck.num_codes=6,bottleneck.num_samples=4,bottleneck.temperature=3"
    )
    hparams = config.override(registry.hparams("softem_nat_tiny"), overrides)
    model = registry.models["transformer_nat"].from_hparams(hparams, vocab_size=9)
    assert isinstance(model.bottleneck, SoftEM)
    bottleneck = model.bottleneck
    assert (bottleneck.num_codes, bottleneck.num_samples, bottleneck.temperature) == (6, 4, 3.0)
    stacks = (model.encoder, model.decoder, model.predictor)
    assert [stack.num_layers for stack in stacks] == [1, 2, 3]
    assert (model.compress_steps, model.startup_steps, model.mask_startup_steps) == (1, 5, 7)
    assert tuple(model.latent_logits.kernel.shape) == (16, 7)
