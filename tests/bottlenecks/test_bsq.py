import numpy as np
import pytest

from t2t_vq.bottlenecks.bsq import BinarySphericalQuantizer

RNG = np.random.default_rng(0)


def entropy(p):
    return -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(-1)


def on_sphere(z):
    return np.sqrt(z.shape[-1]) * z / np.linalg.norm(z, axis=-1, keepdims=True)


def test_vectors_become_their_signs_whatever_their_length(transparent):
    layer = transparent(BinarySphericalQuantizer(num_codes=8))
    x = RNG.normal(size=(2, 5, 3)).astype("float32")
    for scale in (1e-2, 1.0, 1e4):
        result = layer.forward_pass(scale * x)
        np.testing.assert_array_equal(result.output.dense, np.sign(x))
        expected = np.linalg.norm(on_sphere(x) - np.sign(x), axis=-1).mean()
        summary = layer.describe(result.statistics)
        assert float(summary["mean_distance"]) == pytest.approx(expected, rel=1e-4)


def test_loss_of_the_paper(transparent):
    z = RNG.normal(size=(1, 40, 5)).astype("float32")
    inverse_temperature = 8.0
    layer = transparent(
        BinarySphericalQuantizer(
            32,
            beta=0.5,
            entropy_weight=0.3,
            diversity=0.7,
            temperature=2 * 5 / inverse_temperature,
        )
    )
    # Equations of the paper, on the unit sphere with corners +-1/sqrt(S).
    u, corners = on_sphere(z[0]) / np.sqrt(5), np.sign(z[0]) / np.sqrt(5)
    p = 1 / (1 + np.exp(-2 * inverse_temperature * u / np.sqrt(5)))
    expected = 0.5 * ((u - corners) ** 2).sum(-1).mean()
    expected += 0.3 * (entropy(p).mean() - 0.7 * entropy(p.mean(axis=0)))
    assert float(layer.forward_pass(z, training=True).loss) == pytest.approx(expected, rel=1e-4)


def test_gradients_are_tangential_and_finite_at_the_centre(tf, transparent):
    layer = transparent(BinarySphericalQuantizer(num_codes=8))
    z = tf.constant([[[0.0, 0.0, 0.0], [1.0, -2.0, 0.5]]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        result = layer.forward_pass(z, training=True)
        total = result.loss + tf.reduce_sum(result.output.dense)
    gradient = tape.gradient(total, z).numpy()
    assert np.isfinite(gradient).all()
    assert np.abs(gradient[0, 1]).max() > 0.1
    assert (gradient[0, 1] * z[0, 1]).numpy().sum() == pytest.approx(0, abs=1e-5)


def test_one_bit_is_refused():
    with pytest.raises(ValueError, match="num_codes=2 must be a power of 2 and at least 4"):
        BinarySphericalQuantizer(num_codes=2)
