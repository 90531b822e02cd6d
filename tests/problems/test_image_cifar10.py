import numpy as np
import pytest

from t2t_vq import registry

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
LABELS = np.arange(30) % 3
PARTS = {"train": slice(0, 20), "test": slice(20, 30)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A tiny data set in the place and format of the real one."""
    tfds = pytest.importorskip("tensorflow_datasets")
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("tfds")
    tfds.dataset_builders.store_as_tfds_dataset(
        name="cifar10",
        version="3.0.2",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(32, 32, 3)),
                "label": tfds.features.ClassLabel(names=["cat", "dog", "ship"]),
            }
        ),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {"image": IMAGES[part], "label": LABELS[part]}
            )
            for split, part in PARTS.items()
        },
        data_dir=folder,
        disable_shuffling=True,
    )
    return folder


def test_a_prepared_copy_is_read(prepared, tmp_path):
    problem = registry.problem("image_cifar10")
    problem.generate_data(tmp_path, source_dir=prepared)
    (batch,) = problem.batches(tmp_path, "test", batch_size=16)
    np.testing.assert_array_equal(batch["image"], IMAGES[20:])
    np.testing.assert_array_equal(batch["label"], LABELS[20:])
    assert problem.manifest(tmp_path)["classes"] == ["cat", "dog", "ship"]
    assert problem.source(prepared) == {
        "dataset": "cifar10",
        "version": "3.0.2",
        "images": {"train": 20, "test": 10},
    }
