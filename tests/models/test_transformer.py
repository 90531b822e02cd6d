import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import config, registry
from t2t_vq.decoding.options import Search
from t2t_vq.models.transformer import Transformer

VOCAB = 12


def tiny(**kwargs):
    options = {
        "hidden_size": 32,
        "filter_size": 64,
        "num_heads": 2,
        "encoder_layers": 1,
        "decoder_layers": 2,
        "dropout": 0.0,
    }
    return Transformer(VOCAB, **{**options, **kwargs})


@pytest.fixture(scope="module")
def untrained():
    keras.utils.set_random_seed(1)
    return tiny(dropout=0.1)


@pytest.fixture(scope="module")
def batch(copy_batch):
    return copy_batch(24, 7)


@pytest.fixture(scope="module")
def trained(fit, batch):
    keras.utils.set_random_seed(2)
    model = tiny()
    fit(model, batch, 150)
    return model


def test_greedy_translation_is_the_argmax_after_each_growing_prefix(trained, copy_batch):
    source = copy_batch(4, 7, seed=9)["source"]
    translation = np.asarray(trained.translate(source))
    prefix = np.ones_like(translation)
    ended = np.zeros(4, bool)
    for position in range(translation.shape[1]):
        logits = np.asarray(trained({"source": source, "target": prefix}))
        prefix[:, position] = np.where(ended, 1, logits[:, position].argmax(-1))
        ended |= prefix[:, position] == 1
    np.testing.assert_array_equal(translation, prefix)
    assert ended.any() and len(np.unique(translation)) > 4


def test_more_padding_of_the_source_changes_no_translation(trained, copy_batch, search):
    source = copy_batch(24, 7, seed=9)["source"]
    padded = np.pad(source, [(0, 0), (0, 4)])
    length = trained.target_length(source.shape[1])
    assert trained.target_length(padded.shape[1]) == length
    np.testing.assert_array_equal(
        trained.translate(padded, search), trained.translate(source, search)
    )


@pytest.mark.parametrize("source_length", [2, 16, 17])
def test_a_translation_is_as_long_as_promised(untrained, source_length):
    source = np.full((2, source_length), 5, "int32")
    expected = untrained.target_length(source_length)
    assert tuple(untrained.translate(source).shape) == (2, expected)
    assert expected >= 1.5 * source_length and expected % 8 == 0


def test_logits_see_earlier_targets_only(untrained, batch):
    changed = {**batch, "target": batch["target"].copy()}
    changed["target"][:, 4:] = 3
    before, after = (np.asarray(untrained(item)) for item in (batch, changed))
    np.testing.assert_allclose(before[:, :5], after[:, :5], atol=1e-5)
    assert not np.allclose(before[:, 5:], after[:, 5:], atol=1e-2)


def test_a_growing_past_scores_what_the_pass_over_all_positions_does(untrained, batch):
    expected = np.asarray(untrained(batch))
    memory, memory_mask = untrained.encode(batch["source"])
    projected = untrained.decoder.project_memory(memory)
    past = [(np.zeros((24, 2, 0, 16), "float32"),) * 2] * 2
    for position in range(7):
        # What is said to be before the first position must not matter.
        before = batch["target"][:, position - 1] if position else np.full(24, 5, "int32")
        index = ops.convert_to_tensor(position, "int32")
        logits, past = untrained.grow(projected, memory_mask, before, index, past)
        np.testing.assert_allclose(logits, expected[:, position], rtol=1e-4, atol=1e-5)
        assert past[1][0].shape == (24, 2, position + 1, 16)


def test_loss_is_the_mean_cross_entropy_of_tokens(untrained, batch):
    output = untrained.training_output(batch, 0)
    logits, target = np.asarray(untrained(batch), "float64"), batch["target"]
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(log_probs, target[..., None], -1)[..., 0][target != 0]
    assert float(output.losses["tokens"]) == pytest.approx(-chosen.mean(), rel=1e-5)
    right = (logits.argmax(-1) == target)[target != 0].mean()
    assert float(output.metrics["token_accuracy"]) == pytest.approx(right, rel=1e-5)


def test_labels_are_smoothed_in_training_only(batch):
    smooth, plain = tiny(label_smoothing=0.3), tiny(label_smoothing=0.0)
    plain.set_weights(smooth.get_weights())
    losses = {
        (name, training): float(model.training_output(batch, 0, training=training).losses["tokens"])
        for name, model in (("smooth", smooth), ("plain", plain))
        for training in (False, True)
    }
    assert losses["smooth", False] == losses["plain", False] == losses["plain", True]
    assert losses["smooth", True] != pytest.approx(losses["plain", True], rel=1e-3)


def test_padding_of_source_and_target_changes_no_loss(untrained, batch):
    padded = {
        "source": np.pad(batch["source"], [(0, 0), (0, 3)]),
        "target": np.pad(batch["target"], [(0, 0), (0, 5)]),
    }
    before, after = (untrained.training_output(item, 0) for item in (batch, padded))
    assert float(after.losses["tokens"]) == pytest.approx(float(before.losses["tokens"]), rel=1e-5)


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


def test_learns_to_copy(trained, batch, cut, search):
    assert cut(trained.translate(batch["source"], search)) == cut(batch["target"])


def test_compiled_translation_equals_the_eager_one(tf, trained, batch, search):
    compiled = tf.function(
        lambda source: trained.translate(source, search),
        input_signature=[tf.TensorSpec([None, 7], tf.int32)],
        jit_compile=True,
    )
    expected = trained.translate(batch["source"], search)
    np.testing.assert_array_equal(compiled(batch["source"]), expected)


def test_half_precision_losses_are_close_and_it_translates(trained, batch, cut, half_precision):
    model = tiny()
    model.set_weights(trained.get_weights())
    exact, close = (item.training_output(batch, 0).losses["tokens"] for item in (trained, model))
    assert float(close) == pytest.approx(float(exact), abs=0.05)
    assert cut(model.translate(batch["source"])) == cut(batch["target"])


def test_gradients_reach_every_trainable_variable(tf, untrained, batch):
    with tf.GradientTape() as tape:
        loss = untrained.training_output(batch, 0).losses["tokens"]
    variables = untrained.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        # A softmax does not see what all its logits share.
        if not variable.path.endswith("key/bias"):
            assert float(ops.max(ops.abs(gradient))) > 1e-9, variable.path


def test_is_made_from_its_hyper_parameters():
    overrides = "hidden_size=16,filter_size=24,num_heads=4,encoder_layers=3,decoder_layers=2"
    hparams = config.override(registry.hparams("transformer_tiny"), overrides)
    model = registry.models["transformer"].from_hparams(hparams, vocab_size=9)
    assert tuple(model.embedding.table.shape) == (9, 16)
    assert (model.encoder.num_layers, model.decoder.num_layers) == (3, 2)
    assert (model.encoder.filter_size, model.decoder.num_heads) == (24, 4)
    assert model.label_smoothing == hparams.label_smoothing


def test_the_likelihood_of_a_translation_is_that_of_its_words_up_to_the_end(untrained, copy_batch):
    source = copy_batch(2, 7, seed=9)["source"]
    targets = np.array([[[5, 7, 1, 4, 4], [3, 1, 1, 1, 1]], [[2, 3, 4, 5, 6], [1, 1, 1, 1, 1]]])
    found = np.asarray(untrained.log_likelihood(source, targets.astype("int32")))
    assert found.shape == (2, 2)
    for (row, column), sizes in zip(np.ndindex(2, 2), (3, 2, 5, 1), strict=True):
        target = targets[row, column]
        pair = {"source": source[row : row + 1], "target": target[None]}
        logits = np.asarray(untrained(pair), "float64")[0]
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        expected = log_probs[np.arange(sizes), target[:sizes]].sum()
        assert found[row, column] == pytest.approx(expected, rel=1e-4)


def test_refinements_are_refused(untrained, batch):
    with pytest.raises(ValueError, match="nothing to refine"):
        untrained.translate(batch["source"], Search(refinements=1))
