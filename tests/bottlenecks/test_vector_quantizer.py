import numpy as np
import pytest
from keras import ops
from sklearn.cluster import KMeans

from t2t_vq.bottlenecks import VectorQuantizer

RNG = np.random.default_rng(0)


def test_one_step_without_memory_is_one_lloyd_iteration():
    x, codebook = RNG.normal(size=(300, 4)), RNG.normal(size=(6, 4))
    layer = VectorQuantizer(num_codes=6, decay=0.0, epsilon=0.0, restart_threshold=0)
    layer.start(codebook)
    layer.update(layer.forward_pass(x.reshape(3, 100, 4), training=True).statistics)
    reference = KMeans(6, init=codebook, n_init=1, max_iter=1, tol=0, algorithm="lloyd").fit(x)
    np.testing.assert_allclose(layer.codebook, reference.cluster_centers_, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_nearest_neighbours_and_loss_of_the_reference_s_example(training):
    layer = VectorQuantizer(num_codes=4)
    layer.start(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [9, 9, 9]], "float32"))
    x = np.array([[[0, 0.9, 0], [0.8, 0, 0]]], "float32")
    result = layer.forward_pass(x, training=training)
    assert ops.convert_to_numpy(result.output.codes).tolist() == [[[1], [0]]]
    assert float(result.loss) == pytest.approx(0.0020833, abs=1e-7)
    summary = {name: float(value) for name, value in layer.describe(result.statistics).items()}
    assert summary == pytest.approx(
        {
            "codebook_perplexity": 2.0,
            "codes_in_use": 0.5,
            "mean_distance": 0.15,
            "commitment_loss": 0.0020833,
        },
        rel=2e-5,
    )


def test_call_adds_the_loss():
    layer = VectorQuantizer(num_codes=4)
    layer.start(np.eye(4, dtype="float32"))
    x = RNG.normal(size=(2, 5, 4)).astype("float32")
    layer(x)
    assert float(layer.losses[0]) == pytest.approx(float(layer.forward_pass(x).loss))
    assert float(layer.losses[0]) > 0


def test_training_output_is_the_nearest_code():
    layer = VectorQuantizer(num_codes=4)
    layer.start(RNG.normal(size=(4, 3)))
    x = RNG.normal(size=(2, 5, 3)).astype("float32")
    output = layer.forward_pass(x, training=True).output
    np.testing.assert_array_equal(output.dense, layer.embed(output.codes))
    assert output.samples.shape == (2, 5, 1, 1)
