import numpy as np
import pytest

from t2t_vq.metrics.bits_per_dim import bits_per_dim


def test_uniform_values_take_eight_bits():
    assert bits_per_dim(12 * np.log(256), 12) == pytest.approx(8)


def test_arrays_are_converted_one_by_one():
    np.testing.assert_allclose(bits_per_dim(np.log([2.0, 16.0]), 4), [0.25, 1.0])


@pytest.mark.parametrize("dimensions", [0, 2.5, None, "12"])
def test_no_dimensions_are_an_error(dimensions):
    with pytest.raises(ValueError, match=f"An image of {dimensions!r} dimensions"):
        bits_per_dim(1.0, dimensions)
