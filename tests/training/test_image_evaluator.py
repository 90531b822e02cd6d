import math

import numpy as np
import pytest

from t2t_vq.run import Run
from t2t_vq.training.evaluator import evaluator_of


@pytest.fixture(scope="module")
def run(tf, tmp_path_factory):
    run = Run.create("image_tiny", "softem_image_test", data_dir=str(tmp_path_factory.mktemp("i")))
    run.make_problem().generate_data(run.data_dir)
    return run


@pytest.fixture(scope="module")
def evaluator(run):
    model = run.make_model()
    model.adapt(run.make_problem().batches(run.data_dir, "train", batch_size=8))
    problem = run.make_problem()
    return evaluator_of(problem)(model, problem, run)


def test_bits_are_means_over_the_whole_validation_set(run, evaluator):
    images, labels = run.make_problem().arrays(run.data_dir, "dev")
    found = evaluator.evaluate(5)
    parts = [float(np.mean(part)) for part in evaluator.model.bits(images, labels)]
    assert found.scalars["reconstruction_bits"] == pytest.approx(parts[0], rel=1e-4)
    assert found.scalars["prior_bits"] == pytest.approx(parts[1], rel=1e-4)
    assert found.scalars["bits_per_dim"] == pytest.approx(sum(parts), rel=1e-4)
    assert found.scalars["loss/reconstruction"] == pytest.approx(parts[0] * math.log(2), rel=1e-4)


def test_the_best_has_the_fewest_bits(evaluator):
    assert (evaluator.measure, evaluator.sign) == ("bits_per_dim", -1)
    assert evaluator.measure_name == "bits per dimension"


def test_originals_stand_beside_their_reconstructions(run, evaluator):
    images, _ = run.make_problem().arrays(run.data_dir, "dev")
    shown = evaluator.evaluate(5).images["originals_and_reconstructions"]
    assert shown.shape == (3, 32, 64, 3)
    np.testing.assert_array_equal(shown[:, :, :32], images)
    # Compiled, a value may be rounded the other way.
    rebuilt = np.asarray(evaluator.model.reconstruct(images), int)
    np.testing.assert_allclose(shown[:, :, 32:].astype(int), rebuilt, atol=1)


def test_samples_are_shown(evaluator):
    samples = evaluator.evaluate(5).images["samples"]
    assert samples.shape == (16, 32, 32, 3) and samples.dtype == np.uint8


def test_an_autoencoder_without_codes_is_judged_by_its_reconstruction(run):
    dense = Run.create("image_tiny", "softem_image_test,bottleneck=dense", data_dir=run.data_dir)
    problem = dense.make_problem()
    evaluator = evaluator_of(problem)(dense.make_model(), problem, dense)
    found = evaluator.evaluate(1)
    assert evaluator.measure == "reconstruction_bits"
    assert evaluator.measure in found.scalars and "bits_per_dim" not in found.scalars
    assert "samples" not in found.images
