import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks.vae import VariationalBottleneck

RNG = np.random.default_rng(0)


def latents(layer, x):
    """NumPy oracle: mean and log-variance of vectors, and the divergence of each, in nats."""
    mean = x @ layer.down.kernel.numpy()
    log_variance = x @ layer.log_variance.kernel.numpy()
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(-1)
    return mean, log_variance, divergence


def test_evaluation_maps_the_mean_back():
    """T2T's crashes at its defaults, and samples in evaluation too."""
    layer = VariationalBottleneck()
    x = RNG.normal(size=(2, 5, 4)).astype("float32")
    dense = layer(x).dense
    expected = latents(layer, x)[0] @ layer.up.kernel.numpy()
    np.testing.assert_allclose(dense, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer(x).dense, dense)


def test_training_samples_the_latents(transparent):
    layer = transparent(VariationalBottleneck(latent_dim=2))
    layer.log_variance.bias.assign(np.log([4.0, 0.25]))
    layer.log_variance.kernel.assign(np.zeros((2, 2)))
    x = np.tile(np.array([1.0, -3.0], "float32"), (1, 20_000, 1))
    dense = ops.convert_to_numpy(layer(x, training=True).dense)[0]
    np.testing.assert_allclose(dense.mean(axis=0), [1, -3], atol=0.05)
    np.testing.assert_allclose(dense.std(axis=0), [2, 0.5], rtol=0.03)
    assert np.corrcoef(dense.T)[0, 1] == pytest.approx(0, abs=0.03)


def test_its_prior_is_standard_normal_with_the_temperature_for_a_variance(transparent):
    layer = transparent(VariationalBottleneck(latent_dim=2))
    drawn = ops.convert_to_numpy(layer.draw_from_prior(2, 10_000, seed=3, temperature=0.25))
    assert drawn.shape == (2, 10_000, 2)
    np.testing.assert_allclose(drawn.mean(axis=(0, 1)), [0, 0], atol=0.02)
    np.testing.assert_allclose(drawn.std(axis=(0, 1)), [0.5, 0.5], rtol=0.03)


@pytest.mark.parametrize("training", [False, True])
def test_divergence_is_a_sum_over_latents_and_a_mean_over_valid_vectors(training):
    """T2T's is a mean over latents."""
    layer = VariationalBottleneck(latent_dim=3, kl_weight=0.5)
    x = RNG.normal(size=(2, 5, 4)).astype("float32")
    mask = np.arange(5) < np.array([[3], [2]])
    layer.build(x.shape)
    result = layer.forward_pass(np.where(mask[..., None], x, np.nan), mask, training)
    expected = latents(layer, x)[2][mask].mean()
    assert float(result.loss) == pytest.approx(0.5 * expected, rel=1e-4)
    assert float(layer.describe(result.statistics)["kl"]) == pytest.approx(expected, rel=1e-4)


def test_free_bits_of_each_vector_cost_nothing():
    layer = VariationalBottleneck(latent_dim=3, free_bits=1.5)
    x = RNG.normal(size=(2, 50, 4)).astype("float32")
    layer.build(x.shape)
    divergence = latents(layer, x)[2]
    paid = np.maximum(divergence - 1.5 * np.log(2), 0)
    assert 0 < (paid > 0).mean() < 1
    result = layer.forward_pass(x, training=True)
    assert float(result.loss) == pytest.approx(paid.mean(), rel=1e-4)
    kl = float(layer.describe(result.statistics)["kl"])
    assert kl == pytest.approx(divergence.mean(), rel=1e-4)


def test_extreme_variances_stay_finite(tf):
    layer = VariationalBottleneck(latent_dim=2)
    layer.build((None, None, 2))
    layer.log_variance.kernel.assign(np.eye(2))
    x = tf.constant([[[1e4, -1e4], [0.0, 0.0]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = layer.forward_pass(x, training=True)
        total = result.loss + tf.reduce_sum(result.output.dense)
    assert np.isfinite(total) and np.isfinite(tape.gradient(total, x)).all()


def test_options_out_of_range_are_refused():
    for option in ({"latent_dim": 0}, {"free_bits": -1.0}):
        with pytest.raises(ValueError, match=next(iter(option))):
            VariationalBottleneck(**option)
