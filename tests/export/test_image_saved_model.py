"""The functions of an exported image model; tests/cli exports and loads one."""

import numpy as np
import pytest

from t2t_vq.bottlenecks import SoftEM, VariationalBottleneck
from t2t_vq.models.vq_autoencoder import VqAutoencoder

SEED = 5


@pytest.fixture
def signatures(tf):
    """A function from a bottleneck to a model with it, and its functions by name."""
    from t2t_vq.export.image_saved_model import ImageModule

    def make(bottleneck, num_classes=0):
        model = VqAutoencoder(
            bottleneck,
            image_shape=(8, 8, 3),
            num_classes=num_classes,
            **{"num_mixtures": 2, "hidden_size": 8, "num_layers": 1, "filter_size": 16},
            **{"prior_size": 8, "prior_layers": 1, "prior_filter_size": 16, "prior_heads": 2},
        )
        return model, ImageModule(model).signatures()

    return make


def test_a_class_conditional_model_draws_the_classes_it_is_given(tf, signatures):
    model, found = signatures(SoftEM(num_codes=4), num_classes=3)
    labels = np.full(16, 2, "int32")
    drawn = found["sample"](seed=tf.constant(SEED, tf.int64), label=tf.constant(labels))["image"]
    np.testing.assert_array_equal(drawn, model.sample(16, labels, seed=SEED))


def test_a_kind_without_codes_draws_and_has_none_to_decode(tf, signatures):
    model, found = signatures(VariationalBottleneck(latent_dim=2))
    assert set(found) == {"serving_default", "sample", "warm_up"}
    drawn = found["sample"](seed=tf.constant(SEED, tf.int64))["image"]
    np.testing.assert_array_equal(drawn, model.sample(16, seed=SEED))


def test_any_number_of_images_is_made_up_of_pieces(tf, signatures):
    model, found = signatures(SoftEM(num_codes=4))
    images = np.random.default_rng(0).integers(256, size=(70, 8, 8, 3), dtype=np.uint8)
    for some in (images[:1], images):
        rebuilt = found["serving_default"](image=tf.constant(some))
        np.testing.assert_array_equal(rebuilt["codes"], model.to_codes(some))
        decoded = found["decode"](codes=rebuilt["codes"])["image"]
        np.testing.assert_array_equal(decoded, rebuilt["reconstruction"])
    assert found["serving_default"](image=images[:0])["reconstruction"].shape == (0, 8, 8, 3)
    # Two results of the first and one of the second, of four sizes each, and what is drawn.
    assert found["warm_up"]()["sums"].shape == (13,)
