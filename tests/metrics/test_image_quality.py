import numpy as np
import pytest

from t2t_vq.metrics.image_quality import psnr, ssim

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 12, 3)).astype("uint8")


def test_psnr_by_hand():
    others = IMAGES.copy()
    others[1] = np.where(IMAGES[1] < 128, IMAGES[1] + 5, IMAGES[1] - 5)
    others[2] = 255 - IMAGES[2]
    error = np.square(IMAGES[2].astype(float) - others[2]).mean()
    expected = [np.inf, 10 * np.log10(255**2 / 25), 10 * np.log10(255**2 / error)]
    np.testing.assert_allclose(psnr(IMAGES, others), expected, rtol=1e-4)


def test_ssim_of_constant_images_by_hand():
    dark, light = np.full((1, 11, 11, 1), 50, "uint8"), np.full((1, 11, 11, 1), 100, "uint8")
    # No variance, so that only the means are compared.
    constant = (0.01 * 255) ** 2
    expected = (2 * 50 * 100 + constant) / (50**2 + 100**2 + constant)
    np.testing.assert_allclose(ssim(dark, light), [expected], rtol=1e-4)


def test_ssim_is_one_for_equal_images_and_negative_for_inverted_ones():
    np.testing.assert_allclose(ssim(IMAGES, IMAGES), np.ones(3), rtol=1e-6)
    assert (ssim(IMAGES, 255 - IMAGES) < 0).all()


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_images_that_do_not_go_together_are_errors(metric):
    with pytest.raises(ValueError, match=r"shape \(3, 16, 12, 3\) cannot be compared"):
        metric(IMAGES, IMAGES[:1])
    with pytest.raises(ValueError, match="Images are uint8 and float32"):
        metric(IMAGES, IMAGES.astype("float32"))


def test_images_smaller_than_the_window_are_an_error():
    with pytest.raises(ValueError, match="the images have 10 x 12"):
        ssim(IMAGES[:, :10], IMAGES[:, :10])
