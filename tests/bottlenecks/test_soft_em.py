import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks import SoftEM

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def gaussian_mixture_step(x, centers, variance):
    """One EM step for the means of isotropic Gaussians of equal weight and fixed variance."""
    log_density = -((x[:, None] - centers[None]) ** 2).sum(-1) / (2 * variance)
    responsibility = np.exp(log_density - log_density.max(-1, keepdims=True))
    responsibility /= responsibility.sum(-1, keepdims=True)
    return responsibility.T @ x / responsibility.sum(0)[:, None]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_one_exact_step_without_memory_is_one_step_of_a_gaussian_mixture(temperature):
    x, codebook = normal(200, 3), normal(5, 3)
    layer = SoftEM(5, num_samples=None, temperature=temperature, decay=0.0, epsilon=0.0)
    layer.start(codebook)
    layer.update(layer.forward_pass(x[None], training=True).statistics)
    expected = gaussian_mixture_step(x.astype("float64"), codebook, temperature / 2)
    np.testing.assert_allclose(layer.codebook, expected, rtol=1e-4, atol=1e-5)


def test_a_relative_temperature_is_in_units_of_the_variance_of_the_codebook():
    x, codebook = normal(200, 3), normal(5, 3)
    layer = SoftEM(
        5,
        num_samples=None,
        temperature=0.5,
        relative_temperature=True,
        decay=0.0,
        epsilon=0.0,
        restart_threshold=0,
    )
    layer.start(codebook)
    layer.update(layer.forward_pass(x[None], training=True).statistics)
    temperature = 0.5 * ((codebook - codebook.mean(0)) ** 2).sum(-1).mean()
    expected = gaussian_mixture_step(x.astype("float64"), codebook, temperature / 2)
    np.testing.assert_allclose(layer.codebook, expected, rtol=1e-4, atol=1e-5)


def test_a_relative_temperature_draws_the_same_codes_at_every_scale():
    codebook, x = normal(16, 3), normal(2, 30, 3)
    samples = []
    for scale in (0.125, 1.0, 64.0):
        layer = SoftEM(16, num_samples=5, temperature=0.2, relative_temperature=True)
        layer.start(scale * codebook)
        samples.append(
            ops.convert_to_numpy(layer.forward_pass(scale * x, training=True).output.samples)
        )
    assert (samples[0][..., 0] != samples[0][..., 1]).any()
    np.testing.assert_array_equal(samples[0], samples[1])
    np.testing.assert_array_equal(samples[2], samples[1])


def test_codes_that_coincide_keep_a_relative_temperature_finite():
    layer = SoftEM(4, num_samples=None, relative_temperature=True)
    layer.start(np.ones((4, 3)))
    result = layer.forward_pass(np.ones((1, 5, 3)), training=True)
    np.testing.assert_allclose(result.output.dense, np.ones((1, 5, 3)), rtol=1e-6)
    entropy = layer.describe(result.statistics)["posterior_entropy"]
    assert float(entropy) == pytest.approx(np.log(4), rel=1e-5)


def test_training_output_is_the_mean_of_the_samples():
    codebook, x = normal(7, 3), normal(2, 5, 3)
    layer = SoftEM(7, num_samples=4, temperature=5.0)
    layer.start(codebook)
    result = layer.forward_pass(x, training=True)
    samples = ops.convert_to_numpy(result.output.samples)
    assert samples.shape == (2, 5, 1, 4)
    expected = codebook[samples[:, :, 0]].mean(axis=2)
    np.testing.assert_allclose(result.output.dense, expected, rtol=1e-5, atol=1e-6)
    assert float(result.loss) == pytest.approx(0.25 * ((x - expected) ** 2).mean(), rel=1e-5)
    counts = np.bincount(samples.ravel(), minlength=7) / 4
    np.testing.assert_allclose(result.statistics["counts"], counts, rtol=1e-5)


def test_no_samples_give_the_posterior_mean_and_the_most_probable_code():
    codebook, x = normal(7, 3), normal(1, 5, 3)
    layer = SoftEM(7, num_samples=None, temperature=3.0)
    layer.start(codebook)
    result = layer.forward_pass(x, training=True)
    distances = ((x[0, :, None] - codebook[None]) ** 2).sum(-1)
    posterior = np.exp(-distances / 3)
    posterior /= posterior.sum(-1, keepdims=True)
    np.testing.assert_allclose(result.output.dense[0], posterior @ codebook, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(result.output.samples[0, :, 0, 0], distances.argmin(-1))
    entropy = -(posterior * np.log(posterior)).sum(-1).mean()
    for statistics in (result.statistics, layer.forward_pass(x, training=False).statistics):
        summary = layer.describe(statistics)
        assert float(summary["posterior_entropy"]) == pytest.approx(entropy, rel=1e-4)


def test_samples_change_with_the_step_and_the_seed_only():
    codebook, x = normal(50, 3), normal(2, 5, 3)

    def samples(seed, updates=0):
        layer = SoftEM(50, temperature=10.0, seed=seed, decay=0.999)
        layer.start(codebook)
        layer.step.assign(updates)
        return ops.convert_to_numpy(layer.forward_pass(x, training=True).output.samples)

    np.testing.assert_array_equal(samples(1), samples(1))
    assert (samples(1) != samples(2)).any()
    assert (samples(1) != samples(1, updates=1)).any()


@pytest.mark.parametrize("option", [{"num_samples": 0}, {"temperature": 0.0}])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        SoftEM(**option)
