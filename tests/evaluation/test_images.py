import types

import numpy as np
import pytest

from t2t_vq.evaluation.images import score_images


def codec(side):
    """Stands for a codec of square images, which can compute nothing."""
    return types.SimpleNamespace(model=types.SimpleNamespace(image_shape=(side, side, 3)))


@pytest.mark.parametrize(
    ("side", "num", "told"),
    [(32, 0, "There are no images to score"), (8, 1, r"the images have 8 x 8\. Give larger")],
)
def test_images_that_cannot_be_scored_are_told_before_anything_is_computed(side, num, told):
    with pytest.raises(ValueError, match=told):
        score_images(codec(side), np.zeros((num, side, side, 3), np.uint8), np.zeros(num, int))
