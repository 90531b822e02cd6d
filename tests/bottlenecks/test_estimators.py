import numpy as np
from keras import ops

from t2t_vq.bottlenecks import VectorQuantizer
from t2t_vq.bottlenecks.estimators import normalized, rotation_trick

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def rotation(x, q):
    """The matrix |q| / |x| R by Rodrigues' formula in the plane of x and q."""
    a, b = x / np.linalg.norm(x), q / np.linalg.norm(q)
    k, cosine = np.outer(b, a) - np.outer(a, b), a @ b
    turn = np.eye(len(x)) + k + k @ k / (1 + cosine)
    return np.linalg.norm(q) / np.linalg.norm(x) * turn


def gradient(tf, x, quantized, upstream):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = rotation_trick(x, quantized)
    return output, tape.gradient(output, x, output_gradients=upstream).numpy()


def test_the_rotation_trick_is_exact_and_turns_the_gradient(tf):
    x, quantized, upstream = normal(6, 4), normal(6, 4), normal(6, 4)
    output, gradients = gradient(tf, x, quantized, upstream)
    np.testing.assert_array_equal(output, quantized)
    expected = [rotation(a, b).T @ g for a, b, g in zip(x, quantized, upstream, strict=True)]
    np.testing.assert_allclose(gradients, expected, rtol=1e-3, atol=1e-4)


def test_the_rotation_trick_stays_finite_at_zero_and_at_opposites(tf):
    x = np.array([[0, 0], [1, 0], [1e-20, 0], [1e4, 0]], "float32")
    quantized = np.array([[1, 0], [-1, 0], [0, 0], [0, 1e4]], "float32")
    output, gradients = gradient(tf, x, quantized, np.ones((4, 2), "float32"))
    np.testing.assert_array_equal(output, quantized)
    assert np.isfinite(gradients).all()


def test_a_layer_uses_the_estimator_that_it_is_given(tf):
    codebook, x = normal(5, 3), tf.constant(normal(1, 4, 3))
    slopes = []
    for estimator in ("straight_through", "rotation"):
        layer = VectorQuantizer(5, estimator=estimator, beta=0.0)
        layer.start(codebook)
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = layer.forward_pass(x, training=True).output
        np.testing.assert_array_equal(output.dense, layer.embed(output.codes))
        slopes.append(tape.gradient(output.dense, x).numpy())
    np.testing.assert_array_equal(slopes[0], np.ones((1, 4, 3)))
    assert np.abs(slopes[1] - 1).max() > 0.1


def test_normalized_vectors_have_length_one_and_zero_stays_zero():
    lengths = ops.norm(normalized(np.array([[3.0, 4.0], [0.0, 0.0]], "float32")), axis=-1)
    np.testing.assert_allclose(lengths, [1.0, 0.0], rtol=1e-6)
