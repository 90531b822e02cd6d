import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks.tanh import TanhBottleneck

RNG = np.random.default_rng(0)


def test_evaluation_sees_signs(transparent):
    x = RNG.normal(size=(2, 5, 3)).astype("float32")
    output = transparent(TanhBottleneck(num_codes=8))(x)
    np.testing.assert_array_equal(output.dense, np.sign(x))
    np.testing.assert_array_equal(output.codes[..., 0], (x > 0) @ [1, 2, 4])


def test_the_first_step_sees_the_tangent(transparent):
    x = RNG.normal(size=(2, 5, 3)).astype("float32")
    output = transparent(TanhBottleneck(num_codes=8, noise=0.0))(x, training=True)
    np.testing.assert_allclose(output.dense, np.tanh(x), rtol=1e-5)


def test_after_its_warm_up_it_sees_nothing_but_bits(transparent):
    layer = transparent(TanhBottleneck(num_codes=8))
    layer.step.assign(16_000)
    dense = ops.convert_to_numpy(layer(RNG.normal(size=(2, 500, 3)), training=True).dense)
    assert (np.abs(dense) == 1).all()


def test_noise_moves_scalars_before_the_tangent(transparent):
    layer = transparent(TanhBottleneck(num_codes=2, noise=0.2))
    x = np.full((1, 20_000, 1), 0.3, "float32")
    moved = np.arctanh(ops.convert_to_numpy(layer(x, training=True).dense)) - 0.3
    # A normal distribution cut off at 2 deviations has 0.88 of its deviation.
    assert moved.std() == pytest.approx(0.2 * 0.8796, rel=0.02)
    assert np.abs(moved).max() < 0.4 + 1e-5
