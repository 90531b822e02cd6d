import numpy as np
import pytest
from keras import ops
from scipy import stats

from t2t_vq.bottlenecks import noise

UNIFORMS = np.random.default_rng(0).uniform(size=20_000).astype("float32")
DISTRIBUTIONS = {
    noise.normal: stats.norm(),
    noise.truncated_normal: stats.truncnorm(-2, 2),
    noise.gumbel: stats.gumbel_r(),
}


@pytest.mark.parametrize("draw", DISTRIBUTIONS)
def test_numbers_have_the_distribution(draw):
    numbers = ops.convert_to_numpy(draw(UNIFORMS))
    assert stats.kstest(numbers, DISTRIBUTIONS[draw].cdf).pvalue > 0.01


@pytest.mark.parametrize("draw", DISTRIBUTIONS)
def test_the_ends_are_finite(draw):
    ends = np.array([0.0, np.nextafter(np.float32(1), np.float32(0))], "float32")
    low, high = ops.convert_to_numpy(draw(ends))
    assert -20 < low < -1 and 1 < high < 20
