import numpy as np
import pytest

from t2t_vq.bottlenecks import Diversity, Orthogonality, VectorQuantizer

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def test_orthogonality_is_the_mean_squared_cosine_of_different_codes():
    codebook = np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0]], "float32")
    # Cosines 0, sqrt(1/2), sqrt(1/2), each twice: 4 * 1/2 over 6 pairs.
    assert float(Orthogonality(3.0)(None, None, codebook)) == pytest.approx(3 * 2 / 6, rel=1e-5)
    assert float(Orthogonality()(None, None, codebook[:1])) == 0


def test_diversity_is_zero_for_even_use_and_log_k_for_one_code():
    codebook = 50 * np.eye(4, dtype="float32")
    even, single = float(Diversity()(codebook, np.ones(4, "float32"), codebook)), codebook[[1] * 4]
    assert even == pytest.approx(0.0, abs=1e-5)
    collapsed = float(Diversity(2.0)(single, np.ones(4, "float32"), codebook))
    assert collapsed == pytest.approx(2 * np.log(4), rel=1e-5)


def test_diversity_skips_padding():
    codebook, x = normal(5, 3), normal(6, 3)
    weights = np.array([1, 1, 1, 1, 0, 0], "float32")
    padded = float(Diversity()(x, weights, codebook))
    assert padded == pytest.approx(float(Diversity()(x[:4], weights[:4], codebook)), rel=1e-5)
    assert float(Diversity()(x, 0 * weights, codebook)) == 0


def test_a_layer_adds_the_losses_that_it_is_given(tf):
    codebook, x = normal(5, 3), normal(1, 4, 3)
    losses, layers = [Orthogonality(2.0), Diversity(0.5)], []
    for regularizers in ((), losses):
        layer = VectorQuantizer(5, learning="gradient", regularizers=regularizers)
        layer.start(codebook)
        layers.append(layer)
    plain, both = (float(layer.forward_pass(x, training=True).loss) for layer in layers)
    added = sum(float(loss(x[0], np.ones(4, "float32"), codebook)) for loss in losses)
    assert both == pytest.approx(plain + added, rel=1e-5)
    with tf.GradientTape() as tape:
        loss = layers[1].forward_pass(x, training=True).loss
    gradient = tf.convert_to_tensor(tape.gradient(loss, layers[1].codebook.value)).numpy()
    assert (np.abs(gradient).max(-1) > 0).all()


def test_what_acts_on_a_codebook_needs_one_with_a_gradient():
    with pytest.raises(ValueError, match=r"Orthogonality acts .* Use learning='gradient'"):
        VectorQuantizer(5, regularizers=[Orthogonality()])
