import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks import Projected, ResidualVectorQuantizer, VectorQuantizer

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def test_quantizes_in_fewer_dimensions_and_projects_back():
    layer, x = Projected(VectorQuantizer(8), dim=2), normal(2, 20, 6)
    layer.adapt(x)
    output = layer.forward_pass(x).output
    narrow = x @ ops.convert_to_numpy(layer.down.kernel)
    codebook = ops.convert_to_numpy(layer.parts[0].codebook)
    nearest = ((narrow[:, :, None] - codebook) ** 2).sum(-1).argmin(-1)
    assert codebook.shape == (8, 2)
    np.testing.assert_array_equal(output.codes[..., 0], nearest)
    expected = codebook[nearest] @ ops.convert_to_numpy(layer.up.kernel)
    np.testing.assert_allclose(output.dense, expected, rtol=1e-4, atol=1e-5)


def test_both_projections_learn(tf):
    layer, x = Projected(ResidualVectorQuantizer(VectorQuantizer(8)), dim=2), normal(2, 20, 6)
    layer.adapt(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer.forward_pass(x, training=True).output.dense ** 2)
    gradients = tape.gradient(loss, [layer.down.kernel.value, layer.up.kernel.value])
    assert all(float(tf.reduce_max(tf.abs(gradient))) > 1e-4 for gradient in gradients)


def test_a_width_below_one_is_refused():
    with pytest.raises(ValueError, match="dim=0 must be at least 1"):
        Projected(VectorQuantizer(8), dim=0)
