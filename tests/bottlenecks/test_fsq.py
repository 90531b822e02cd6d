import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks.fsq import FiniteScalarQuantizer

RNG = np.random.default_rng(0)


def rounded(z, levels):
    """NumPy oracle: what scalars `[..., S]` are rounded to, as integers around 0."""
    levels = np.array(levels)
    half, offset = (levels - 1) / 2, np.where(levels % 2, 0, 0.5)
    return np.round(half * np.tanh(z + np.tan(offset / half)) - offset)


@pytest.mark.parametrize("levels", [(8, 5, 5, 5), (2, 3, 4)])
def test_scalars_are_rounded_as_in_the_paper(transparent, levels):
    layer = transparent(FiniteScalarQuantizer(levels))
    z = 2 * RNG.normal(size=(3, 50, len(levels))).astype("float32")
    output = layer(z)
    expected = rounded(z.astype("float64"), levels)
    np.testing.assert_allclose(output.dense, expected / (np.array(levels) // 2), rtol=1e-6)
    digits = expected + np.array(levels) // 2
    places = np.cumprod([1, *levels[:-1]])
    np.testing.assert_array_equal(output.codes[..., 0], digits @ places)


@pytest.mark.parametrize("level", [2, 3, 4, 5, 8])
def test_a_scalar_reaches_every_level_and_no_other(transparent, level):
    layer = transparent(FiniteScalarQuantizer((level,)))
    codes = ops.convert_to_numpy(layer(np.linspace(-1e4, 1e4, 3)[None, :, None]).codes)
    assert (codes.min(), codes.max()) == (0, level - 1)
    codes = ops.convert_to_numpy(layer(np.linspace(-5, 5, 999)[None, :, None]).codes)
    assert np.unique(codes).tolist() == list(range(level))


def test_zero_is_the_middle_of_its_cell(transparent):
    layer = transparent(FiniteScalarQuantizer((8, 5)))
    near = np.array([[[0.0, 0.0], [0.1, 0.1], [-0.1, -0.1]]], "float32")
    np.testing.assert_array_equal(layer(near).dense, np.zeros((1, 3, 2)))


def test_gradient_is_that_of_the_bounded_scalars(tf, transparent):
    layer = transparent(FiniteScalarQuantizer((5, 3)))
    z = tf.constant([[[0.3, -0.8], [1e4, 0.0]]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = tf.reduce_sum(layer.forward_pass(z, training=True).output.dense)
    # h / floor(L / 2) is 1 for odd L.
    np.testing.assert_allclose(tape.gradient(total, z), 1 - np.tanh(z) ** 2, rtol=1e-5, atol=1e-7)


def test_there_is_no_loss_and_num_codes_is_the_product_of_the_levels():
    layer = FiniteScalarQuantizer((7, 5), num_blocks=2)
    layer.build((None, None, 4))
    assert float(layer.forward_pass(RNG.normal(size=(2, 3, 4)), training=True).loss) == 0
    assert (layer.num_codes, layer.num_codebooks, layer.num_scalars) == (35, 2, 4)


@pytest.mark.parametrize("levels", [(), (1,), (8, 1)])
def test_scalars_that_carry_nothing_are_refused(levels):
    with pytest.raises(ValueError, match="each must be at least 2"):
        FiniteScalarQuantizer(levels)
