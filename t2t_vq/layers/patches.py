"""Grids of square patches, each a vector."""

from keras import ops

from t2t_vq.tensors import Tensor


def to_patches(images: Tensor, size: int) -> Tensor:
    """Returns images cut into patches; the inverse of `from_patches`.

    Args:
        images: `[batch, height, width, channels]`; `size` divides height and width.
        size: pixels along each side of a patch.

    Returns:
        `[batch, height / size, width / size, size * size * channels]`.

    Example:
        >>> tuple(to_patches(ops.zeros((2, 8, 4, 3)), 4).shape)
        (2, 2, 1, 48)
    """
    height, width, channels = images.shape[1:]
    x = ops.reshape(images, (-1, height // size, size, width // size, size, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height // size, width // size, size * size * channels))


def from_patches(patches: Tensor, size: int) -> Tensor:
    """Returns the images that patches make up, which is known as depth to space.

    Args:
        patches: `[batch, height, width, size * size * channels]`.
        size: pixels along each side of a patch.

    Returns:
        `[batch, height * size, width * size, channels]`.

    Example:
        >>> tuple(from_patches(ops.zeros((2, 2, 1, 48)), 4).shape)
        (2, 8, 4, 3)
    """
    height, width, dim = patches.shape[1:]
    channels = dim // (size * size)
    x = ops.reshape(patches, (-1, height, width, size, size, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height * size, width * size, channels))
