import numpy as np

from t2t_vq.layers.patches import from_patches, to_patches

IMAGES = np.arange(2 * 6 * 4 * 3).reshape(2, 6, 4, 3)


def test_a_patch_holds_its_pixels_row_after_row():
    patches = to_patches(IMAGES, 2)
    assert tuple(patches.shape) == (2, 3, 2, 12)
    np.testing.assert_array_equal(patches[1, 2, 1], IMAGES[1, 4:6, 2:4].ravel())


def test_patches_make_up_the_image_again():
    np.testing.assert_array_equal(from_patches(to_patches(IMAGES, 2), 2), IMAGES)
