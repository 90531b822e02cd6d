import keras
import numpy as np
import pytest

from t2t_vq.bottlenecks import (
    DecomposedVectorQuantizer,
    Projected,
    ResidualVectorQuantizer,
    SoftAssignment,
    SoftEM,
    VariationalBottleneck,
    VectorQuantizer,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 8, 4)).astype("float32")


def soft():
    return VectorQuantizer(3, assignment=SoftAssignment(5, temperature=2.0))


SOFT = {
    "em": lambda: SoftEM(3, temperature=2.0),
    "blocks": lambda: DecomposedVectorQuantizer(soft(), num_blocks=2, projection="random"),
    "levels": lambda: ResidualVectorQuantizer(soft(), num_quantizers=3),
    "projected": lambda: Projected(soft(), dim=2),
}


def started(make):
    keras.utils.set_random_seed(0)
    layer = make()
    layer.adapt(X)
    return layer


def log_posterior(x, codebook, temperature=2.0):
    logits = -((x[..., None, :] - codebook) ** 2).sum(-1) / temperature
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def test_log_probabilities_are_those_of_the_drawn_codes_under_the_posterior():
    layer = started(SOFT["em"])
    draw = layer.draw(X, 6, seed=3)
    codebook, samples = np.asarray(layer.codebook), np.asarray(draw.samples)[:, :, 0]
    expected = np.take_along_axis(log_posterior(X, codebook), samples, axis=-1).sum(-1)
    np.testing.assert_allclose(draw.log_ratio, expected, rtol=1e-4)
    np.testing.assert_allclose(draw.dense, codebook[samples].mean(2), atol=1e-5)


def test_levels_draw_from_what_the_mean_of_those_before_left_over():
    layer = started(SOFT["levels"])
    draw, left, expected = layer.draw(X, 2, seed=3), X, 0.0
    for level, part in enumerate(layer.parts):
        codebook, samples = np.asarray(part.codebook), np.asarray(draw.samples)[:, :, level]
        expected += np.take_along_axis(log_posterior(left, codebook), samples, axis=-1).sum(-1)
        left = left - codebook[samples].mean(2)
    np.testing.assert_allclose(draw.log_ratio, expected, rtol=1e-4)
    np.testing.assert_allclose(draw.dense, X - left, atol=1e-5)


def test_codes_are_drawn_as_often_as_they_are_probable():
    layer = started(SOFT["em"])
    samples = np.asarray(layer.draw(X[:1], 4000).samples)[0, :, 0]
    numbers = np.stack([np.bincount(row, minlength=3) for row in samples])
    expected = np.exp(log_posterior(X[0], np.asarray(layer.codebook)))
    np.testing.assert_allclose(numbers / 4000, expected, atol=0.04)


@pytest.mark.parametrize("kind", list(SOFT))
def test_one_sample_is_what_its_codes_stand_for(kind):
    layer = started(SOFT[kind])
    draw = layer.draw(X, 1, seed=1)
    np.testing.assert_allclose(draw.dense, layer.embed(draw.samples[..., 0]), atol=1e-5)
    other = layer.draw(X, 1, seed=2)
    assert (np.asarray(draw.samples) != np.asarray(other.samples)).any()
    assert tuple(draw.log_ratio.shape) == (4, 8)
    assert draw.samples.shape[2] == layer.num_codebooks


@pytest.mark.parametrize("kind", list(SOFT))
def test_a_compiled_draw_equals_the_eager_one(tf, kind):
    layer = started(SOFT[kind])
    compiled = tf.function(lambda seed: layer.draw(X, 3, seed), jit_compile=True)
    for ours, theirs in zip(compiled(tf.constant(5)), layer.draw(X, 3, 5), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_variational_draw_has_the_posterior_and_its_divergence():
    keras.utils.set_random_seed(0)
    layer = VariationalBottleneck(latent_dim=2)
    layer.build(X.shape)
    mean = np.asarray(layer.down(X))
    variance = np.exp(np.asarray(layer.log_variance(X)))
    divergence = 0.5 * (mean**2 + variance - 1 - np.log(variance)).sum(-1)
    draw = layer.draw(X, seed=3)
    np.testing.assert_allclose(draw.log_ratio, divergence, rtol=1e-4)
    assert layer.has_own_prior and draw.samples.shape[2] == 0
    draws = np.stack([np.asarray(layer.draw(X, seed=i).dense) for i in range(300)])
    np.testing.assert_allclose(draws.mean(0), layer.up(mean), atol=0.5)
    assert draws.std(0).min() > 0.1


def test_a_variational_decoder_sees_one_sample():
    layer = VariationalBottleneck(latent_dim=2)
    layer.build(X.shape)
    with pytest.raises(ValueError, match="num_samples=2 is for kinds with codes"):
        layer.draw(X, 2)


@pytest.mark.parametrize("kind", list(SOFT))
def test_soft_kinds_have_a_posterior_and_others_none(kind):
    assert SOFT[kind]().has_posterior
    assert SoftEM(3, num_samples=None).has_posterior
    assert not VectorQuantizer(3).has_posterior and not VariationalBottleneck().has_posterior


def test_a_kind_that_picks_its_codes_draws_none():
    with pytest.raises(ValueError, match="picks its latents and draws none"):
        started(lambda: VectorQuantizer(3)).draw(X)


def test_soft_kinds_tell_how_many_codes_they_draw_and_others_none():
    soft = SoftEM(num_codes=4, num_samples=3)
    assert soft.num_samples == DecomposedVectorQuantizer(soft, num_blocks=2).num_samples == 3
    for kind in (VectorQuantizer(num_codes=4), SoftEM(num_codes=4, num_samples=None)):
        assert kind.num_samples is None
