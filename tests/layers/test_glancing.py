"""Glancing of the masked predictor."""

import numpy as np

from t2t_vq.layers.masked_latent_predictor import MaskedLatentPredictor


def test_as_many_codes_are_shown_as_the_share_of_errors_says(tf):
    predictor = MaskedLatentPredictor(1, 5, 1, 12, 2, glancing=0.5)
    mask = np.array([[1] * 8, [1] * 5 + [0] * 3, [1] * 8, [0] * 8], bool)
    wrong = np.array([[1] * 8, [1] * 3 + [0] * 5, [0] * 8, [0] * 8], bool)
    hidden, weights = predictor._glance(wrong, mask, 3)
    assert np.sum(hidden, axis=1).tolist() == [4, 4, 8, 0]
    np.testing.assert_allclose(np.sum(weights, axis=1), [8, 5, 8, 0])
    assert not np.any(np.asarray(hidden) & ~mask)
