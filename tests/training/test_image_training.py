"""An image model in the trainer: replicas, TensorBoard."""

import numpy as np
import pytest
import tensorflow as tf

from t2t_vq.training.trainer import train


@pytest.fixture
def run(finished_images):
    return finished_images.run


@pytest.fixture
def finished(finished_images):
    return finished_images.output_dir


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
