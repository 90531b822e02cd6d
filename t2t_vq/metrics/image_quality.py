"""How alike two images are, by TensorFlow's functions."""

import numpy as np

from t2t_vq.errors import InvalidError

_HIGHEST = 255
# Width of the window that structural similarity is computed in.
_WINDOW = 11


def psnr(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the peak signal-to-noise ratio of each pair of images.

    Args:
        images, others: `[batch, height, width, channels]` uint8.

    Returns:
        `[batch]` float32 NumPy array, decibels; infinite for equal images.

    Raises:
        ValueError: when the images are not of one shape, or not uint8.

    Example:
        >>> images = np.full((1, 16, 16, 3), 100, "uint8")
        >>> psnr(images, images + 10).round(3)
        array([28.131], dtype=float32)
    """
    import tensorflow as tf

    images, others = _pair(images, others)
    return tf.image.psnr(images, others, max_val=_HIGHEST).numpy()


def ssim(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the structural similarity of each pair of images, -1 to 1; see `psnr`.

    The window is a Gaussian of 11 x 11 pixels and deviation 1.5; sides are 11 pixels at least. The
    similarity is the mean over windows inside the image and over channels.

    Reference:
        "Image Quality Assessment: From Error Visibility to Structural Similarity" (Wang, Bovik,
        Sheikh, Simoncelli, 2004).

    Example:
        >>> images = np.full((1, 16, 16, 3), 100, "uint8")
        >>> ssim(images, images)
        array([1.], dtype=float32)
    """
    import tensorflow as tf

    images, others = _pair(images, others)
    check_sides(*images.shape[1:3])
    return tf.image.ssim(images, others, max_val=_HIGHEST, filter_size=_WINDOW).numpy()


def check_sides(height: int, width: int) -> None:
    """Refuses images that are too small for `ssim`, with sides of so many pixels.

    Raises:
        ValueError: then.
    """
    if min(height, width) < _WINDOW:
        raise InvalidError(
            f"Structural similarity looks at {_WINDOW} x {_WINDOW} pixels, and the images have "
            f"{height} x {width}. Give larger images."
        )


def _pair(images, others):
    images, others = np.asarray(images), np.asarray(others)
    if images.shape != others.shape or images.ndim != 4:
        raise InvalidError(
            f"Images of shape {images.shape} cannot be compared with images of shape "
            f"{others.shape}. Give both as [batch, height, width, channels]."
        )
    if images.dtype != np.uint8 or others.dtype != np.uint8:
        raise InvalidError(
            f"Images are {images.dtype} and {others.dtype}. Give the values 0 to 255 as uint8."
        )
    return images, others
