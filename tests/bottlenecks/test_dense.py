import numpy as np
import pytest

from t2t_vq.bottlenecks.dense import DenseBottleneck

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("training", [False, True])
def test_output_has_the_rank_of_the_latents(training):
    """T2T's crashes at its defaults, where the latents are not as wide as the vectors."""
    layer = DenseBottleneck(latent_dim=2)
    x = RNG.normal(size=(3, 7, 5)).astype("float32")
    output = layer(x, training=training)
    expected = x @ layer.down.kernel.numpy() @ layer.up.kernel.numpy()
    np.testing.assert_allclose(output.dense, expected, rtol=1e-4, atol=1e-5)
    assert np.linalg.matrix_rank(expected.reshape(-1, 5)) == 2


def test_there_are_no_codes():
    layer = DenseBottleneck(latent_dim=2)
    output = layer(RNG.normal(size=(3, 7, 5)))
    assert not layer.has_codes
    assert (output.codes.shape, output.samples.shape) == ((3, 7, 0), (3, 7, 0, 1))
    with pytest.raises(ValueError, match="has no codes to embed"):
        layer.embed(output.codes)


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match="latent_dim"):
        DenseBottleneck(latent_dim=0)
