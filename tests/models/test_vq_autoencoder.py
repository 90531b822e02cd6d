import functools
import itertools
import math

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import config, registry
from t2t_vq.bottlenecks import (
    DecomposedVectorQuantizer,
    DenseBottleneck,
    ResidualVectorQuantizer,
    SoftAssignment,
    SoftEM,
    VariationalBottleneck,
    VectorQuantizer,
    make_bottleneck,
)
from t2t_vq.models.vq_autoencoder import VqAutoencoder

SHAPE, DIMENSIONS, POSITIONS = (4, 8, 3), 96, 2
RNG = np.random.default_rng(0)
BATCH = {
    "image": RNG.integers(0, 256, (40, *SHAPE)).astype("uint8"),
    "label": (np.arange(40) % 3).astype("int32"),
}
SOFT = SoftAssignment(num_samples=3, temperature=4.0)
BOTTLENECKS = {
    "vq": lambda: VectorQuantizer(num_codes=4, decay=0.9),
    "em": lambda: SoftEM(num_codes=4, decay=0.9, num_samples=3, temperature=4.0),
    "blocks": lambda: DecomposedVectorQuantizer(VectorQuantizer(num_codes=4, assignment=SOFT)),
    "levels": lambda: ResidualVectorQuantizer(VectorQuantizer(num_codes=4, learning="gradient")),
    "vae": lambda: VariationalBottleneck(latent_dim=2),
    "dense": lambda: DenseBottleneck(latent_dim=2),
}
KINDS = pytest.mark.parametrize("kind", list(BOTTLENECKS))
WITH_CODES = pytest.mark.parametrize("kind", ["vq", "em", "blocks", "levels"])


def tiny(kind="em", bottleneck=None, **kwargs):
    keras.utils.set_random_seed(2)
    options = {
        "image_shape": SHAPE,
        "num_mixtures": 2,
        **{"hidden_size": 8, "num_layers": 1, "filter_size": 16, "num_heads": 2},
        **{"prior_size": 8, "prior_layers": 1, "prior_filter_size": 16, "prior_heads": 2},
        "prior_dropout": 0.0,
    }
    return VqAutoencoder(bottleneck or BOTTLENECKS[kind](), **{**options, **kwargs})


def started(kind="em", bottleneck=None, **kwargs):
    model = tiny(kind, bottleneck, **kwargs)
    # Quicker than by k-means; levels start one after the other.
    model.bottleneck.startup_steps = None
    while float(model.bottleneck.started_share()) < 1:
        vectors = model.encode(BATCH["image"])
        model.bottleneck.update(model.bottleneck.forward_pass(vectors, training=True).statistics)
    # Decoders start near one broad distribution, whatever the codes are.
    for variable in model.decoder.trainable_variables:
        variable.assign(2.0 * variable)
    return model


@functools.cache
def shared(kind):
    """A model that tests look at and do not move."""
    return started(kind)


def values(results):
    return {name: float(value) for name, value in results.items()}


def variables_of(model):
    return [np.array(variable) for variable in model.variables]


def log_sum(terms):
    return np.logaddexp.reduce(np.stack(terms), axis=0)


def joint_terms(model, images, num_sequences):
    """The logarithm of p(x, z) for every tuple of code sequences z, and the tuples."""
    grids = [np.array(g, "int32").reshape(1, 2, 1) for g in itertools.product(range(2), repeat=2)]
    found = {}
    for chosen in itertools.product(range(4), repeat=num_sequences):
        embedded = [np.asarray(model.bottleneck.embed(grids[i])) for i in chosen]
        dense = np.repeat(np.mean(embedded, axis=0), len(images), axis=0)
        pixels = np.asarray(model.likelihood.log_prob(model.decode(dense), images), "float64")
        prior = sum(float(model.prior.log_prob(grids[i])[0]) for i in chosen)
        found[chosen] = (pixels, prior)
    return grids, found


def nats(bits):
    return (np.asarray(bits.reconstruction) + np.asarray(bits.prior)) * DIMENSIONS * math.log(2)


def test_bits_of_picked_codes_are_one_term_of_the_likelihood_and_bound_it():
    model = started(bottleneck=VectorQuantizer(num_codes=2))
    images = BATCH["image"]
    grids, terms = joint_terms(model, images, 1)
    joint = np.stack([pixels + prior for pixels, prior in terms.values()])
    marginal = np.logaddexp.reduce(joint, axis=0)
    bound = nats(model.bits(images))
    # Where one term is nearly all of the sum, the two differ by rounding.
    assert (bound > -marginal - 1e-2).all() and (bound > -marginal + 0.1).any()
    codes = np.asarray(model.bottleneck.forward_pass(model.encode(images)).output.codes)
    picked = [[(grid == row).all() for grid in grids].index(True) for row in codes]
    assert len(set(picked)) > 1
    np.testing.assert_allclose(bound, -joint[picked, np.arange(40)], rtol=1e-5)


def test_bits_of_drawn_codes_bound_the_likelihood_of_the_mean_of_m_sequences():
    model = started(bottleneck=SoftEM(num_codes=2, temperature=8.0))
    images = BATCH["image"][:6]
    grids, terms = joint_terms(model, images, 2)
    marginal = log_sum([pixels + prior for pixels, prior in terms.values()])
    vectors = np.asarray(model.encode(images))[:, :, None]
    logits = -((vectors - np.asarray(model.bottleneck.codebook)) ** 2).sum(-1) / 8.0
    posterior = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    assert np.exp(posterior).min(axis=(1, 2)).max() > 0.05
    expected = np.zeros(6)
    for chosen, (pixels, prior) in terms.items():
        log_q = sum(
            posterior[:, np.arange(2), grids[i][0, :, 0]].sum(-1).astype("float64") for i in chosen
        )
        expected += np.exp(log_q) * (log_q - prior - pixels)
    assert (expected > -marginal + 1e-3).all()
    # Every row of a batch has draws of its own.
    draws = nats(model.bits(np.repeat(images, 400, axis=0), num_samples=2)).reshape(6, 400)
    error = np.abs(draws.mean(axis=1) - expected)
    assert (error < 4 * draws.std(axis=1) / 400**0.5).all()


def test_bits_of_a_variational_kind_are_a_draw_and_its_divergence():
    model = shared("vae")
    bits = model.bits(BATCH["image"], seed=3)
    draw = model.bottleneck.draw(model.encode(BATCH["image"]), seed=3)
    log_prob = model.likelihood.log_prob(model.decode(draw.dense), BATCH["image"])
    expected = np.asarray(draw.log_ratio).sum(-1) - np.asarray(log_prob)
    np.testing.assert_allclose(nats(bits), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["vq", "em", "blocks", "levels", "vae"])
def test_metrics_of_evaluation_are_the_mean_bits(kind):
    model = shared(kind)
    metrics = values(model.training_output(BATCH, 0).metrics)
    bits = model.bits(BATCH["image"])
    assert metrics["reconstruction_bits"] == pytest.approx(np.mean(bits.reconstruction), rel=1e-5)
    assert metrics["prior_bits"] == pytest.approx(np.mean(bits.prior), rel=1e-5)
    assert metrics["bits_per_dim"] == pytest.approx(nats(bits).mean() / 96 / math.log(2), rel=1e-5)


def test_a_kind_without_any_bound_says_so_and_reports_none():
    model = tiny("dense")
    assert not model.has_bound and not model.has_prior
    output = model.training_output(BATCH, 0)
    assert set(output.metrics) == {"reconstruction_bits"}
    assert set(output.losses) == {"reconstruction", "bottleneck"}
    with pytest.raises(ValueError, match="nothing bounds the likelihood"):
        model.bits(BATCH["image"])
    with pytest.raises(ValueError, match="have no prior to draw images from"):
        model.sample(2)


def test_a_variational_kind_draws_from_its_own_prior():
    model = shared("vae")
    first, again, other = (np.asarray(model.sample(4, seed=seed)) for seed in (1, 1, 2))
    assert first.shape == (4, *SHAPE) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_losses_are_means_over_dimensions_and_over_codes():
    model = shared("blocks")
    vectors = model.encode(BATCH["image"])
    quantized = model.bottleneck.forward_pass(vectors)
    pixels = model.likelihood.log_prob(model.decode(quantized.output.dense), BATCH["image"])
    codes = model.prior.log_prob(quantized.output.codes)
    losses = values(model.training_output(BATCH, 0).losses)
    assert losses == pytest.approx(
        {
            "reconstruction": -np.mean(pixels) / DIMENSIONS,
            "bottleneck": float(quantized.loss),
            "prior": -np.mean(codes) / (POSITIONS * 2),
        },
        rel=1e-5,
    )


def test_the_prior_learns_every_sample_after_the_first_ones():
    model = shared("em")
    output = model.bottleneck.forward_pass(model.encode(BATCH["image"]), training=True).output
    (logits,) = model.prior(output.samples[..., 0])
    logits = np.asarray(logits, "float64")
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    samples = np.asarray(output.samples)[:, :, 0]
    assert (samples.max(-1) > samples.min(-1)).any()
    expected = -np.take_along_axis(log_probs, samples, axis=-1).mean()
    losses = values(model.training_output(BATCH, 0, training=True).losses)
    assert losses["prior"] == pytest.approx(expected, rel=1e-5)


@WITH_CODES
def test_until_the_codebook_starts_nobody_learns_codes_and_no_bits_are_claimed(kind):
    model = tiny(kind)
    output = model.training_output(BATCH, 0, training=True)
    assert values(output.losses)["prior"] == 0
    assert values(output.metrics)["bits_per_dim"] == math.inf
    assert np.isinf(model.bits(BATCH["image"]).prior).all()
    images = BATCH["image"]
    np.testing.assert_array_equal(model(images, training=True), model.decode(model.encode(images)))
    model.update(output.statistics)
    assert float(model.bottleneck.started_share()) == 0
    model.adapt(iter([BATCH, BATCH]))
    assert float(model.bottleneck.started_share()) == 1
    assert np.isfinite(model.bits(BATCH["image"]).prior).all()


@KINDS
def test_the_gradient_of_the_reconstruction_reaches_the_encoder_and_that_of_the_prior_none(
    tf, kind
):
    model = shared(kind)
    with tf.GradientTape(persistent=True) as tape:
        losses = model.training_output(BATCH, 0, training=True).losses
    encoder = [variable.value for variable in model.encoder.trainable_variables]
    for grad in tape.gradient(losses["reconstruction"], encoder):
        assert np.abs(grad).max() > 0
    if model.has_prior:
        assert all(grad is None for grad in tape.gradient(losses["prior"], encoder))
        codes = [variable.value for variable in model.prior.trainable_variables]
        assert all(grad is not None for grad in tape.gradient(losses["prior"], codes))


@KINDS
def test_evaluation_moves_nothing(kind):
    model = shared(kind)
    before = variables_of(model)
    model.training_output(BATCH, 0)
    model.reconstruct(BATCH["image"])
    if model.has_bound:
        model.bits(BATCH["image"])
    if model.has_prior:
        model.sample(2)
    for old, new in zip(before, variables_of(model), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(("kind", "training"), [("blocks", False), ("vq", True), ("dense", True)])
def test_halves_of_a_batch_with_shared_totals_add_up(kind, training):
    model = shared(kind)
    halves = [
        {name: part[rows] for name, part in BATCH.items()} for rows in np.split(np.arange(40), 2)
    ]
    outputs = [
        model.training_output(half, 0, model.loss_totals(BATCH), training) for half in halves
    ]
    whole = model.training_output(BATCH, 0, training=training)
    for part in ("losses", "metrics"):
        for name, value in getattr(whole, part).items():
            added = sum(float(getattr(output, part)[name]) for output in outputs)
            assert added == pytest.approx(float(value), rel=1e-4), name


def test_eager_graph_and_xla_agree(tf):
    model = shared("blocks")
    images, seed = tf.constant(BATCH["image"]), tf.constant(5)

    def everything(seed):
        output = model.training_output({**BATCH, "image": images}, 0, training=True)
        return {
            **output.losses,
            **output.metrics,
            "reconstructed": model.reconstruct(images),
            "drawn": model.sample(3, seed=seed),
            "bits": ops.stack(model.bits(images, num_samples=2, seed=seed)),
        }

    expected = everything(seed)
    for jit_compile in (False, True):
        found = tf.function(everything, jit_compile=jit_compile, autograph=False)(seed)
        for name, value in expected.items():
            tolerance = 1 if value.dtype == tf.uint8 else 1e-4
            np.testing.assert_allclose(
                np.asarray(found[name], "float64"), np.asarray(value, "float64"), 1e-3, tolerance
            )


def test_every_registered_kind_makes_a_model_and_a_step(tf):
    options = config.to_dict(config.BottleneckConfig(num_codes=8))
    for kind in registry.bottlenecks:
        levels = (4, 2) if kind == "fsq" else None
        bottleneck = make_bottleneck({**options, "kind": kind, "levels": levels})
        model = started(bottleneck=bottleneck)
        before = variables_of(model)
        with tf.GradientTape() as tape:
            output = model.training_output(BATCH, 0, training=True)
            loss = sum(output.losses.values())
        variables = model.learned_variables
        optimizer = keras.optimizers.Adam(1e-2)
        grads = tape.gradient(loss, [variable.value for variable in variables])
        assert all(grad is not None for grad in grads), kind
        optimizer.apply(grads, variables)
        model.update(output.statistics)
        assert np.isfinite([*values(output.losses).values()]).all(), kind
        moved = [np.any(old != new) for old, new in zip(before, variables_of(model), strict=True)]
        assert np.mean(moved) > 0.8, kind
        if model.has_prior:
            assert tuple(model.sample(2).shape) == (2, *SHAPE), kind


@pytest.mark.parametrize("encoder", ["convolutional", "transformer"])
@pytest.mark.parametrize("likelihood", ["logistic_mixture", "categorical"])
def test_every_encoder_goes_with_every_likelihood(encoder, likelihood):
    model = started("em", encoder=encoder, likelihood=likelihood)
    losses = values(model.training_output(BATCH, 0, training=True).losses)
    assert all(0 < value < 20 for value in losses.values())
    assert model.reconstruct(BATCH["image"]).dtype == "uint8"


def test_learns_to_describe_and_to_draw_images_of_one_colour(fit):
    colours = np.array([[250, 10, 10], [10, 250, 10], [10, 10, 250], [200, 200, 10]], "uint8")
    labels = (np.arange(40) % 4).astype("int32")
    images = np.broadcast_to(colours[labels][:, None, None], (40, *SHAPE))
    batch = {"image": np.ascontiguousarray(images), "label": labels}
    bottleneck = SoftEM(num_codes=8, decay=0.9, temperature=0.5)
    model = tiny(bottleneck=bottleneck, num_classes=4, hidden_size=32)
    fit(model, batch, 300, start_step=30)
    # 8 bits a dimension say nothing of an image; the class says nearly all of it.
    metrics = values(model.training_output(batch, 0).metrics)
    assert metrics["bits_per_dim"] < 4 and metrics["prior_bits"] < 0.03
    for drawn in (model.reconstruct(batch["image"]), model.sample(40)):
        assert np.abs(np.asarray(drawn, "int32") - batch["image"]).mean() < 30


def test_samples_are_of_all_classes_in_turn_unless_told_otherwise():
    model = started("vq", num_classes=3)
    model.prior.class_embedding.embeddings.assign(
        10.0 * np.sign(model.prior.class_embedding.embeddings)
    )
    classes = np.arange(5, dtype="int32") % 3
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(5, classes, seed=1))
    bits, other = (
        model.bits(BATCH["image"], labels) for labels in (BATCH["label"], 2 - BATCH["label"])
    )
    assert np.abs(np.asarray(bits.prior) - np.asarray(other.prior)).max() > 1e-4
    with pytest.raises(ValueError, match="num_classes=3, and none were given"):
        model.bits(BATCH["image"])


def test_codes_and_back_are_a_reconstruction():
    model = shared("blocks")
    codes = model.to_codes(BATCH["image"])
    assert tuple(codes.shape) == (40, POSITIONS, 2)
    rebuilt = np.asarray(model.from_codes(codes), "int32")
    np.testing.assert_allclose(rebuilt, model.reconstruct(BATCH["image"]), atol=1)


def test_a_seed_draws_the_same_images_and_another_draws_others():
    model = shared("blocks")
    first, again, other = (np.asarray(model.sample(6, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_half_precision_bits_are_close(half_precision):
    model = started("vq")
    keras.config.set_dtype_policy("float32")
    exact = started("vq")
    exact.set_weights(model.get_weights())
    ours, theirs = (values(m.training_output(BATCH, 0).metrics) for m in (model, exact))
    assert ours["bits_per_dim"] == pytest.approx(theirs["bits_per_dim"], rel=0.02)


@pytest.mark.parametrize("name", ["vq_image", "softem_image"])
@pytest.mark.parametrize("size", ["", "_small", "_tiny"])
def test_every_set_describes_a_model(name, size):
    hparams = registry.hparams(name + size)
    assert hparams.bottleneck.soft == (name == "softem_image")
    assert hparams.batching() == {"batch_size": hparams.batch_size}
    assert (hparams.prior_size % hparams.prior_heads, hparams.prior_size % 4) == (0, 0)
    small = config.override(hparams, "hidden_size=32,prior_size=16,prior_layers=1,prior_heads=2")
    model = VqAutoencoder.from_hparams(small, image_shape=(8, 8, 3), num_classes=10)
    assert model.prior.num_classes == 0
    classes = config.override(small, "class_conditional=true")
    model = VqAutoencoder.from_hparams(classes, image_shape=(8, 8, 3), num_classes=10)
    assert model.prior.num_classes == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": "linear"}, "no encoder 'linear'"),
        ({"likelihood": "normal"}, "no likelihood 'normal'"),
        ({"kind": "vae", "autoencoder_steps": 5}, "no codes that one could score"),
        (
            {"kind": "vae", "num_classes": 5},
            r"\(class_conditional=true\) tells .* VariationalBottleneck has no",
        ),
        ({"autoencoder_steps": 5, "startup_steps": 5}, "comes before the codebook starts"),
        ({"prior_size": 6}, "prior_size=6 must be a multiple of 4"),
        ({"prior_heads": 3}, "prior_size=8 .* and of prior_heads=3"),
        ({"encoder": "transformer", "hidden_size": 6}, "^hidden_size=6 must be a multiple of 4"),
        ({"downsample_steps": 3}, "cannot be halved 3 times"),
    ],
)
def test_options_that_do_not_fit_are_errors(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_only_soft_kinds_draw_samples():
    with pytest.raises(ValueError, match="picks its latents and draws none"):
        shared("vq").bits(BATCH["image"], num_samples=2)


def test_only_what_starts_from_data_waits_for_its_start():
    assert tiny("vae", startup_steps=5).startup_steps == 0
    assert tiny("levels", startup_steps=5).startup_steps == 5
