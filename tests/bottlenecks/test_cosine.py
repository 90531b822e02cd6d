"""Cosine similarity: codebooks on the unit sphere."""

import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks import VectorQuantizer

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


@pytest.mark.parametrize("learning", ["ema", "gradient"])
def test_the_code_of_the_largest_cosine_wins_whatever_the_lengths(learning):
    codebook, x = 3 * normal(6, 3), 100 * normal(2, 5, 3)
    layer = VectorQuantizer(6, similarity="cosine", learning=learning)
    layer.start(codebook)
    nearest = (unit(x) @ unit(codebook).T).argmax(-1)
    output = layer.forward_pass(x).output
    np.testing.assert_array_equal(output.codes[..., 0], nearest)
    np.testing.assert_allclose(output.dense, unit(codebook)[nearest], rtol=1e-4, atol=1e-6)


def test_one_update_without_memory_is_one_step_of_spherical_k_means():
    codebook, x = unit(normal(4, 3)), normal(1, 60, 3)
    layer = VectorQuantizer(4, similarity="cosine", decay=0, epsilon=0, restart_threshold=0)
    layer.start(codebook)
    layer.update(layer.forward_pass(x, training=True).statistics)
    vectors = unit(x[0])
    nearest = (vectors @ codebook.T).argmax(-1)
    means = unit(np.stack([vectors[nearest == code].sum(0) for code in range(4)]))
    np.testing.assert_allclose(layer.table(), means, rtol=1e-4, atol=1e-5)


def test_a_start_from_data_lies_on_the_sphere():
    layer = VectorQuantizer(4, similarity="cosine")
    layer.adapt(50 * normal(1, 60, 3))
    np.testing.assert_allclose(ops.norm(layer.table(), axis=-1), np.ones(4), rtol=1e-5)


def test_an_unknown_similarity_or_estimator_is_refused():
    with pytest.raises(ValueError, match="similarity='dot' must be"):
        VectorQuantizer(4, similarity="dot")
    with pytest.raises(ValueError, match="estimator='reinforce' must be one of"):
        VectorQuantizer(4, estimator="reinforce")
