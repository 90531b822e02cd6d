"""An image model in the trainer: replicas, TensorBoard."""

import numpy as np
import pytest
import tensorflow as tf

from t2t_vq.run import Run
from t2t_vq.training.trainer import train


@pytest.fixture(scope="module")
def run(tf, tmp_path_factory):
    run = Run.create(
        "image_tiny",
        "softem_image_test,train_steps=5,eval_frequency=5,bottleneck.soft=false",
        data_dir=str(tmp_path_factory.mktemp("images")),
    )
    run.make_problem().generate_data(run.data_dir)
    return run


@pytest.fixture(scope="module")
def finished(run, tmp_path_factory):
    """Folder of an uninterrupted run on one device."""
    output_dir = tmp_path_factory.mktemp("finished")
    train(run, output_dir, strategy="one_device")
    return output_dir


def weights(output_dir):
    path = tf.train.latest_checkpoint(str(output_dir / "latest"))
    names = [name for name, _ in tf.train.list_variables(path) if name.startswith("model/")]
    return {name: tf.train.load_variable(path, name) for name in names}


def test_two_replicas_train_as_one_device_does_on_the_same_images(run, finished, tmp_path):
    train(run, tmp_path, strategy="mirrored")
    both = weights(tmp_path)
    for name, value in weights(finished).items():
        if np.issubdtype(value.dtype, np.floating):
            np.testing.assert_allclose(both[name], value, rtol=1e-3, atol=1e-3, err_msg=name)


def test_images_are_in_tensorboard(finished):
    (path,) = (finished / "dev").iterdir()
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }
    assert {"samples", "originals_and_reconstructions", "bits_per_dim", "prior_bits"} <= tags
