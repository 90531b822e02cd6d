"""`t2t_vq.load`, of a run of images and of its export."""

import numpy as np
import pytest

import t2t_vq
from t2t_vq.decoding.options import Search


@pytest.fixture(scope="module")
def model(finished_images):
    return t2t_vq.load(finished_images.output_dir)


@pytest.fixture(scope="module")
def images(finished_images):
    run = finished_images.run
    return run.make_problem().arrays(run.data_dir, "dev")[0]


def test_a_run_tells_what_it_is(model, finished_images):
    assert (model.task, model.problem, model.step) == ("images", "image_tiny", 5)
    assert model.hparams == finished_images.run.hparams
    assert model.best_score == pytest.approx(finished_images.best.value)


def test_images_go_through_their_codes(model, images):
    codes = model.encode(images)
    assert codes.shape == (3, 16, 2) and codes.dtype == np.int32
    np.testing.assert_array_equal(model.decode(codes), model.reconstruct(images))


def test_samples_are_those_of_their_seed(model):
    drawn = model.sample(2, seed=7)
    assert drawn.shape == (2, 32, 32, 3) and drawn.dtype == np.uint8
    np.testing.assert_array_equal(model.sample(2, seed=7), drawn)


def test_a_score_is_the_validation_of_the_run(model, finished_images):
    scores = model.score("dev")
    assert scores["bits_per_dim"] == pytest.approx(finished_images.best.value, rel=1e-5)


def test_images_of_ones_own_are_scored_with_their_labels(model, images):
    assert model.score(images=images, labels=np.zeros(3, int))["images"] == 3
    with pytest.raises(ValueError, match="Give both, or neither"):
        model.score(images=images)


@pytest.mark.parametrize(
    "option",
    [{"search": Search(beam_size=2)}, {"rescore_with": "self"}, {"rescore_checkpoint": "latest"}],
)
def test_what_says_how_to_translate_is_refused(finished_images, option):
    (name,) = option
    with pytest.raises(ValueError, match=f"a search is for translation. Leave {name} out"):
        t2t_vq.load(finished_images.output_dir, **option)


def test_a_size_of_batches_can_be_chosen_that_is_one(finished_images):
    assert t2t_vq.load(finished_images.output_dir, batch_size=2).codec.batch_size == 2
    for size in (0, -1, 2.5):
        with pytest.raises(ValueError, match=f"batch_size={size} is no number of rows"):
            t2t_vq.load(finished_images.output_dir, batch_size=size)


def test_an_export_does_what_its_run_does(model, images, tmp_path):
    pytest.importorskip("openvino")
    model.export(tmp_path / "fast", "openvino")
    exported = t2t_vq.load(tmp_path / "fast")
    assert (exported.problem, exported.step) == (model.problem, model.step)
    codes = exported.encode(images)
    assert (codes == model.encode(images)).mean() > 0.95
    difference = exported.decode(codes).astype(int) - model.decode(codes)
    assert np.abs(difference).max() <= 1
