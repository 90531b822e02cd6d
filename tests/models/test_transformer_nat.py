import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import config, registry
from t2t_vq.bottlenecks import (
    Bottleneck,
    DecomposedVectorQuantizer,
    ResidualVectorQuantizer,
    SoftEM,
    VectorQuantizer,
)
from t2t_vq.decoding.options import Search
from t2t_vq.models.transformer_nat import TransformerNat

VOCAB = 12
BOTTLENECKS = {
    "vq": lambda: VectorQuantizer(num_codes=8, decay=0.9),
    "em": lambda: SoftEM(num_codes=8, decay=0.9, num_samples=3, temperature=2.0),
    "gradient": lambda: VectorQuantizer(num_codes=8, learning="gradient"),
    "blocks": lambda: DecomposedVectorQuantizer(BOTTLENECKS["em"](), num_blocks=2),
    "levels": lambda: ResidualVectorQuantizer(BOTTLENECKS["gradient"](), num_quantizers=3),
}
# What `trained` learns to copy with: one codebook, and two.
TRAINED = {
    "one": lambda: SoftEM(num_codes=32, decay=0.9, temperature=0.5),
    "two": lambda: DecomposedVectorQuantizer(SoftEM(num_codes=8, decay=0.9, temperature=0.5)),
}
KINDS = pytest.mark.parametrize("kind", list(BOTTLENECKS))
CODEBOOKS = pytest.mark.parametrize("kind", ["em", "blocks"])


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


def copy_of(trained, **kwargs):
    model = tiny(bottleneck=TRAINED[trained.name](), **kwargs)
    model.set_weights(trained.get_weights())
    return model


def score_codes(model, codes, memory, memory_mask):
    """Logits of the first code of each position and of the others."""
    return model.predictor(model.bottleneck.embed(codes), codes, memory, memory_mask)


def log_softmax(logits):
    logits = np.asarray(logits, "float64")
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def mean_latent_loss(model, batch, training=False, smoothing=0.0):
    """The latent loss of tiny models, one symbol after the other."""
    latents = model.compress(batch["target"])
    output = model.bottleneck.forward_pass(latents.vectors, latents.mask, training=training).output
    first, later = score_codes(model, output.codes, *model.encode(batch["source"]))
    log_probs = [log_softmax(logits) for logits in (first, *later)]
    samples, losses = np.asarray(output.samples), []

    def add(scores, labels):
        losses.append(-(1 - smoothing) * scores[labels].mean() - smoothing * scores.mean())

    for row, target in enumerate(batch["target"]):
        count = -(-int((target != 0).sum()) // 2)
        for position, codebook in np.ndindex(count, model.bottleneck.num_codebooks):
            add(log_probs[codebook][row, position], samples[row, position, codebook])
        add(log_probs[0][row, count], [8])
    return np.mean(losses)


def values(results):
    return {name: float(value) for name, value in results.items()}


@pytest.fixture(scope="module")
def batch(copy_batch):
    return copy_batch(24, 8)


@pytest.fixture(scope="module")
def untrained(batch):
    return started(batch)


@pytest.fixture(scope="module", params=list(TRAINED))
def trained(request, fit, batch):
    keras.utils.set_random_seed(5)
    model = tiny(bottleneck=TRAINED[request.param](), name=request.param)
    fit(model, batch, 400, start_step=30)
    return model


def test_refuses_a_bottleneck_without_codes():
    with pytest.raises(ValueError, match="The bottleneck Bottleneck has no codes"):
        tiny(bottleneck=Bottleneck())


@KINDS
@pytest.mark.parametrize("training", [False, True])
def test_losses_and_metrics_are_finite(batch, kind, training):
    output = started(batch, kind).training_output(batch, 0, training=training)
    assert set(output.losses) == {"reconstruction", "latents", "bottleneck"}
    assert set(output.metrics) == {"token_accuracy", "latent_accuracy"}
    assert all(value > 0 for value in values(output.losses).values())
    assert np.isfinite([*values(output.losses).values(), *values(output.metrics).values()]).all()


@KINDS
def test_until_the_codebook_starts_the_decoder_sees_vectors_and_nobody_learns_codes(batch, kind):
    model = tiny(kind)
    losses = values(model.training_output(batch, 0, training=True).losses)
    assert losses["latents"] == losses["bottleneck"] == 0
    memory, memory_mask = model.encode(batch["source"])
    latents = model.compress(batch["target"])
    expected = model.reconstruct(latents.vectors, latents.mask, memory, memory_mask)
    np.testing.assert_array_equal(model(batch, training=True), expected)


@KINDS
def test_adapting_starts_the_codebook_from_valid_latents(batch, kind):
    model = tiny(kind)
    model.adapt(iter([batch, batch]))
    assert float(model.bottleneck.started_share()) == 1
    latents = model.compress(batch["target"])
    codes = model.bottleneck.forward_pass(latents.vectors, latents.mask).output.codes
    embedded = model.bottleneck.embed(codes)
    mask = np.asarray(latents.mask)
    valid, quantized = (np.asarray(vectors)[mask] for vectors in (latents.vectors, embedded))
    within = ((valid - quantized) ** 2).sum(-1).mean()
    assert within < 0.7 * ((valid - valid.mean(0)) ** 2).sum(-1).mean()
    # Once started, the decoder sees codes.
    memory, memory_mask = model.encode(batch["source"])
    expected = model.reconstruct(embedded, latents.mask, memory, memory_mask)
    tokens = mask.repeat(2, axis=1)
    np.testing.assert_allclose(np.asarray(model(batch))[tokens], expected[tokens], atol=1e-5)


def test_adapting_takes_no_more_batches_than_it_needs(batch):
    model = tiny(bottleneck=VectorQuantizer(num_codes=2))

    def batches():
        yield batch
        raise AssertionError("A batch of more than 16 latents is enough for 2 codes.")

    model.adapt(batches())
    assert float(model.bottleneck.started_share()) == 1


@CODEBOOKS
def test_the_latent_loss_is_that_of_codes_followed_by_one_end(batch, kind):
    model = started(batch, kind)
    loss = float(model.training_output(batch, 0).losses["latents"])
    assert loss == pytest.approx(mean_latent_loss(model, batch), rel=1e-5)


@CODEBOOKS
def test_the_latent_loss_in_training_is_the_mean_over_samples(batch, kind):
    model = started(batch, kind, latent_label_smoothing=0.1)
    expected = mean_latent_loss(model, batch, training=True, smoothing=0.1)
    loss = float(model.training_output(batch, 0, training=True).losses["latents"])
    assert loss == pytest.approx(expected, rel=1e-5)
    assert loss != pytest.approx(mean_latent_loss(model, batch, smoothing=0.1), rel=1e-3)


def test_latent_accuracy_counts_every_code_and_the_ends(batch):
    model = started(batch, "blocks")
    latents = model.compress(batch["target"])
    codes = model.bottleneck.forward_pass(latents.vectors, latents.mask).output.codes
    first, (second,) = score_codes(model, codes, *model.encode(batch["source"]))
    codes, right = np.asarray(codes), []
    for row, count in enumerate(np.asarray(latents.mask).sum(1)):
        labels = [*codes[row, :count, 0], 8]
        right += (np.argmax(first[row, : count + 1], axis=-1) == labels).tolist()
        right += (np.argmax(second[row, :count], axis=-1) == codes[row, :count, 1]).tolist()
    output = model.training_output(batch, 0)
    assert 0 < np.mean(right) < 1
    assert float(output.metrics["latent_accuracy"]) == pytest.approx(np.mean(right), rel=1e-5)


def test_the_reconstruction_loss_fills_the_last_block_with_ends(untrained, batch):
    log_probs, losses = log_softmax(untrained(batch)), []
    for row, target in enumerate(batch["target"]):
        tokens = int((target != 0).sum())
        labels = [*target[:tokens], *[1] * (tokens % 2)]
        losses += [-log_probs[row, i, label] for i, label in enumerate(labels)]
    output = untrained.training_output(batch, 0)
    assert float(output.losses["reconstruction"]) == pytest.approx(np.mean(losses), rel=1e-5)


def test_searching_latents_takes_the_argmax_after_each_growing_prefix(trained, copy_batch):
    memory, memory_mask = trained.encode(copy_batch(8, 8, seed=9)["source"])
    symbols = np.asarray(trained.search_latents(memory, memory_mask, 8))[:, 0]
    end, ended = trained.bottleneck.num_codes, np.zeros(8, bool)
    prefix = np.zeros((8, 8, trained.bottleneck.num_codebooks), "int32")
    for position, codebook in np.ndindex(prefix.shape[1:]):
        first, later = score_codes(trained, prefix, memory, memory_mask)
        logits = np.array([first, *later][codebook][:, position])
        if position == codebook == 0:
            logits[:, end] = -np.inf
        expected = np.where(ended, end, logits.argmax(-1))
        np.testing.assert_array_equal(symbols[:, position, codebook], expected)
        prefix[:, position, codebook] = np.where(expected == end, 0, expected)
        ended |= expected == end
    assert ended.any() and len(np.unique(symbols)) > 4


def test_the_parallel_decoder_sees_later_latents(untrained, batch):
    memory, memory_mask = untrained.encode(batch["source"][:1])
    codes, mask = np.arange(8).reshape(1, 8, 1), np.ones((1, 8), bool)
    dense = np.array(untrained.bottleneck.embed(codes))
    before = np.asarray(untrained.reconstruct(dense, mask, memory, memory_mask))
    dense[:, 7] = -dense[:, 7]
    after = np.asarray(untrained.reconstruct(dense, mask, memory, memory_mask))
    assert np.abs(after - before)[:, 0].max() > 1e-4


def test_the_predictor_never_sees_later_latents(untrained, batch):
    encoded = untrained.encode(batch["source"][:1])
    codes = np.arange(8).reshape(1, 8, 1)
    changed = codes.copy()
    changed[:, 5:] = 0
    before, after = (score_codes(untrained, item, *encoded)[0] for item in (codes, changed))
    np.testing.assert_allclose(before[:, :6], after[:, :6], atol=1e-5)
    assert not np.allclose(before[:, 7:], after[:, 7:], atol=1e-3)


def test_a_code_is_predicted_from_those_before_it_at_its_position(batch):
    model = started(batch, "levels")
    encoded = model.encode(batch["source"][:1])
    codes = np.arange(24).reshape(1, 8, 3) % 8
    changed = codes.copy()
    changed[:, 5, 1] += 3
    logits = [score_codes(model, item, *encoded) for item in (codes, changed)]
    scores = [[np.asarray(item) for item in (first, *later)] for first, later in logits]
    # The first position where each of the three codes sees the second code of position 5.
    for before, after, sees in zip(*scores, (6, 6, 5), strict=True):
        np.testing.assert_allclose(before[:, :sees], after[:, :sees], atol=1e-5)
        assert np.abs(before - after)[:, sees].max() > 1e-3


def test_training_steps_alone_do_not_start_the_codebook(batch):
    model = tiny("em")
    model.update(model.training_output(batch, 0, training=True).statistics)
    assert float(model.bottleneck.started_share()) == 0


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(("kind", "training"), [("vq", True), ("levels", True), ("em", False)])
def test_padding_of_source_and_target_changes_no_loss(batch, kind, training, steps):
    model = started(batch, kind, compress_steps=steps)
    padded = {
        "source": np.pad(batch["source"], [(0, 0), (0, 3)]),
        "target": np.pad(batch["target"], [(0, 0), (0, 11)]),
    }
    before, after = (model.training_output(item, 0, training=training) for item in (batch, padded))
    assert values(after.losses) == pytest.approx(values(before.losses), rel=1e-4)
    assert values(after.metrics) == pytest.approx(values(before.metrics), rel=1e-4)


def test_more_padding_of_the_source_changes_no_translation(trained, copy_batch, search):
    source = copy_batch(16, 8, seed=9)["source"]
    padded = np.pad(source, [(0, 0), (0, 2)])
    assert trained.target_length(8) == trained.target_length(10)
    np.testing.assert_array_equal(
        trained.translate(padded, search), trained.translate(source, search)
    )


@CODEBOOKS
def test_halves_of_a_batch_with_shared_totals_add_up(batch, kind):
    model = started(batch, kind)
    halves = [
        {name: part[rows] for name, part in batch.items()} for rows in (slice(7), slice(7, 24))
    ]
    totals = [model.loss_totals(half) for half in halves]
    shared = {name: totals[0][name] + totals[1][name] for name in totals[0]}
    outputs = [model.training_output(half, 0, shared) for half in halves]
    whole = model.training_output(batch, 0)
    for kind in ("losses", "metrics"):
        for name, value in getattr(whole, kind).items():
            parts = [float(getattr(output, kind)[name]) for output in outputs]
            assert sum(parts) == pytest.approx(float(value), rel=1e-4)


def test_rows_of_padding_change_no_loss(untrained, batch):
    padded = {name: np.pad(part, [(0, 2), (0, 0)]) for name, part in batch.items()}
    before, after = (untrained.training_output(item, 0).losses for item in (batch, padded))
    assert values(after) == pytest.approx(values(before), rel=1e-5)


@CODEBOOKS
def test_no_translation_is_without_latents_or_ends_inside_of_one(batch, kind, search):
    model = started(batch, kind)
    bias = np.zeros(9, "float32")
    bias[8] = 1e4
    model.predictor.first_head.bias.assign(bias)
    memory, memory_mask = model.encode(batch["source"])
    symbols = np.asarray(model.search_latents(memory, memory_mask, 5, search))
    candidates = search.num_candidates
    assert symbols.shape == (24, candidates, 5, model.bottleneck.num_codebooks)
    assert (symbols[:, :, 0] < 8).all() and (symbols[:, :, 1:] == 8).all()


def in_all_codebooks(model, symbols):
    return np.array(symbols)[..., None].repeat(model.bottleneck.num_codebooks, axis=-1)


@CODEBOOKS
def test_what_no_latent_stands_for_is_the_end(batch, kind):
    model = started(batch, kind)
    memory, memory_mask = model.encode(batch["source"][:2])
    symbols = in_all_codebooks(model, [[3, 8, 8, 8], [3, 2, 5, 8]])
    tokens = model.decode_latents(symbols, memory, memory_mask)
    assert tuple(tokens.shape) == (2, 8)
    assert (np.asarray(tokens)[0, 2:] == 1).all() and (np.asarray(tokens)[1, 6:] == 1).all()


@CODEBOOKS
def test_how_many_latents_there_may_be_changes_no_token(batch, kind):
    model = started(batch, kind)
    memory, memory_mask = model.encode(batch["source"][:2])
    symbols = in_all_codebooks(model, [[3, 8, 8, 8], [3, 2, 8, 8]])
    tokens = np.asarray(model.decode_latents(symbols, memory, memory_mask))
    shorter = np.asarray(model.decode_latents(symbols[:, :2], memory, memory_mask))
    np.testing.assert_array_equal(tokens[:, :4], shorter)
    assert (tokens[:, 4:] == 1).all()


def test_learns_to_copy(trained, batch, cut, search):
    assert cut(trained.translate(batch["source"], search)) == cut(batch["target"])


def test_compiled_translation_equals_the_eager_one(tf, trained, batch, search):
    compiled = tf.function(
        lambda source: trained.translate(source, search),
        input_signature=[tf.TensorSpec([None, 8], tf.int32)],
        jit_compile=True,
    )
    expected = trained.translate(batch["source"], search)
    np.testing.assert_array_equal(compiled(batch["source"]), expected)


def test_half_precision_losses_are_close_and_it_translates(trained, batch, cut, half_precision):
    model = copy_of(trained)
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
    assert any("codebook" in v.path for v in variables) == (kind in ("gradient", "levels"))
    for variable, gradient in zip(variables, gradients, strict=True):
        # A softmax does not see what all its logits share.
        if not variable.path.endswith("key/bias"):
            assert float(ops.max(ops.abs(gradient))) > 1e-9, variable.path


@pytest.mark.parametrize("kind", ["gradient", "levels"])
def test_the_latent_loss_does_not_reach_the_codebook_or_the_compressor(tf, batch, kind):
    model = started(batch, kind)
    with tf.GradientTape() as tape:
        loss = model.training_output(batch, 0, training=True).losses["latents"]
    variables = [
        *model.bottleneck.trainable_variables,
        *model.compressor.trainable_variables,
    ]
    assert any("codebook" in variable.path for variable in variables)
    assert tape.gradient(loss, [v.value for v in variables]) == [None] * len(variables)


def test_is_made_from_its_hyper_parameters():
    overrides = (
        "hidden_size=16,filter_size=24,num_heads=4,encoder_layers=1,decoder_layers=2,"
        "predictor_layers=3,compress_steps=1,startup_steps=5,mask_startup_steps=7,"
        "predicted_latents=0.25,"
        "bottleneck.num_codes=6,bottleneck.num_samples=4,bottleneck.temperature=3"
    )
    hparams = config.override(registry.hparams("softem_nat_tiny"), overrides)
    model = registry.models["transformer_nat"].from_hparams(hparams, vocab_size=9)
    bottleneck = model.bottleneck
    assert isinstance(bottleneck, SoftEM)
    assert (bottleneck.num_codes, bottleneck.assignment.num_samples) == (6, 4)
    assert bottleneck.assignment.temperature == 3.0
    stacks = (model.encoder, model.decoder, model.predictor.stack)
    assert [stack.num_layers for stack in stacks] == [1, 2, 3]
    assert (model.compress_steps, model.startup_steps, model.mask_startup_steps) == (1, 5, 7)
    assert model.predicted_latents == 0.25
    assert tuple(model.predictor.first_head.kernel.shape) == (16, 7)


def test_is_made_with_several_codebooks_from_its_hyper_parameters():
    overrides = "bottleneck=dvq,bottleneck.num_codes=6,bottleneck.num_blocks=4"
    hparams = config.override(registry.hparams("softem_nat_tiny"), overrides)
    model = registry.models["transformer_nat"].from_hparams(hparams, vocab_size=9)
    assert model.predictor.num_codebooks == 4


@CODEBOOKS
def test_the_likelihood_of_a_translation_is_that_of_its_words_and_its_codes(batch, kind):
    model = started(batch, kind)
    pairs = {name: part[:6] for name, part in batch.items()}
    targets = np.stack([pairs["target"], np.roll(pairs["target"], 1, axis=0)], axis=1)
    ends = np.where(targets == 0, 7, targets)
    found = np.asarray(model.log_likelihood(pairs["source"], ends))
    assert found.shape == (6, 2)
    for row, column in np.ndindex(6, 2):
        target = targets[row, column][None]
        pair = {"source": pairs["source"][row : row + 1], "target": target}
        output = model.training_output(pair, 0)
        symbols = float(model.loss_totals(pair)["latents"])
        words = log_softmax(model(pair))[0, np.arange(8), target[0]][target[0] != 0]
        expected = words.sum() - symbols * float(output.losses["latents"])
        assert found[row, column] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("refinements", [0, 1, 2])
def test_candidates_are_what_their_latents_stand_for(untrained, batch, refinements):
    source = batch["source"][:3]
    search = Search(beam_size=2, refinements=refinements)
    candidates, latents = untrained.coded_candidates(source, search)
    memory, memory_mask = untrained.encode(source)
    for i in range(2):
        tokens = untrained.decode_latents(latents[:, i], memory, memory_mask)
        np.testing.assert_array_equal(tokens, candidates[:, i])


def test_a_refinement_decodes_from_the_codes_of_the_translation(trained, copy_batch):
    source = copy_batch(8, 8, seed=9)["source"]
    memory, memory_mask = trained.encode(source)
    first = np.asarray(trained.translate(source))
    target = np.where(np.cumsum(first == 1, axis=1) - (first == 1) > 0, 0, first)
    again = trained({"source": source, "target": target})
    expected = np.where(np.repeat(target[:, ::2] != 0, 2, axis=1), np.argmax(again, axis=-1), 1)
    np.testing.assert_array_equal(trained.refine(first, memory, memory_mask), expected)
    np.testing.assert_array_equal(trained.translate(source, Search(refinements=1)), expected)
