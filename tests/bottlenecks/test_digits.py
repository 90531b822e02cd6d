import itertools

import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks.digits import BinaryBottleneck, pack, unpack
from t2t_vq.bottlenecks.fsq import FiniteScalarQuantizer
from t2t_vq.bottlenecks.lfq import LookupFreeQuantizer

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("bits", "code"), [([0] * 10, 0), ([1, 1, 1], 7), ([1, 0, 1, 1], 13)])
def test_bits_and_codes_of_the_reference(bits, code):
    levels = (2,) * len(bits)
    packed = pack(np.array([bits], "int32"), levels)
    assert ops.convert_to_numpy(packed).tolist() == [code]
    assert ops.convert_to_numpy(unpack(np.array([code]), levels)).tolist() == [bits]


def test_mixed_digits_count_through_all_codes_with_the_first_the_fastest():
    levels = (3, 2, 4)
    digits = np.array([row[::-1] for row in itertools.product(range(4), range(2), range(3))])
    codes = pack(digits.astype("int32"), levels)
    assert ops.convert_to_numpy(codes).tolist() == list(range(24))
    assert codes.dtype in ("int32", np.int32)
    np.testing.assert_array_equal(unpack(codes, levels), digits)


def test_every_code_comes_back_from_its_embedding(transparent):
    """T2T's embedding of bits fails for 4 of them."""
    layer = transparent(LookupFreeQuantizer(num_codes=16))
    codes = np.arange(16)[None, :, None]
    np.testing.assert_array_equal(layer(layer.embed(codes)).codes, codes)


def test_blocks_have_codes_of_their_own(transparent):
    layer = transparent(LookupFreeQuantizer(num_codes=4, num_blocks=2))
    output = layer(np.array([[[1, -1, -1, 1]]], "float32"))
    assert ops.convert_to_numpy(output.codes).tolist() == [[[1, 2]]]
    assert (layer.num_codebooks, layer.num_codes) == (2, 4)


def test_padding_counts_nowhere_whatever_it_holds():
    layer = LookupFreeQuantizer(num_codes=8, num_blocks=2)
    x = RNG.normal(size=(2, 5, 6)).astype("float32")
    mask = np.arange(5) < np.array([[3], [2]])
    valid = x[mask][None]
    layer.build(x.shape)
    masked = layer.forward_pass(np.where(mask[..., None], x, np.nan), mask, training=True)
    cut = layer.forward_pass(valid, training=True)
    assert float(masked.loss) == pytest.approx(float(cut.loss), rel=1e-5)
    for name, value in cut.statistics.items():
        np.testing.assert_allclose(masked.statistics[name], value, rtol=1e-5)


def test_use_of_codes_is_a_mean_over_the_blocks(transparent):
    layer = transparent(LookupFreeQuantizer(num_codes=2, num_blocks=2))
    x = np.array([[[1, 1], [1, -1], [1, 1], [1, -1]]], "float32")
    summary = layer.describe(layer.forward_pass(x).statistics)
    assert float(summary["codebook_perplexity"]) == pytest.approx((1 + 2) / 2)
    assert float(summary["codes_in_use"]) == pytest.approx((0.5 + 1) / 2)


def test_an_update_counts_the_step():
    layer = FiniteScalarQuantizer()
    layer(RNG.normal(size=(1, 2, 3)), training=True)
    assert int(layer.step) == 1


@pytest.mark.parametrize("num_codes", [0, 1, 12])
def test_bits_make_powers_of_two_only(num_codes):
    with pytest.raises(ValueError, match=f"num_codes={num_codes} must be a power of 2"):
        BinaryBottleneck(num_codes)


def test_too_many_codes_to_count_are_refused():
    with pytest.raises(ValueError, match="cannot count 2 x 1073741824 codes"):
        BinaryBottleneck(2**30, num_blocks=2).build((None, None, 4))
    with pytest.raises(ValueError, match="num_blocks=0"):
        BinaryBottleneck(num_blocks=0)
