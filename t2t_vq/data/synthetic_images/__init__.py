"""An unlimited set of images, drawn by code: one shape each, which is the class of the image.

A scene (`scene`) has a textured ground (`textures`), an object of one of ten shapes (`shapes`) with
shading and a shadow, and in some images bars in front of it. Place, size, turn, colours, textures,
light and grain are random. No file is read and nothing is downloaded.
"""

from collections.abc import Iterator

import numpy as np

from t2t_vq.data.synthetic_images import scene, shapes
from t2t_vq.errors import InvalidError

CLASSES = shapes.NAMES
SHAPE = (scene.SIZE, scene.SIZE, 3)
# Raise it when the images change: data that was prepared from others is then told apart.
VERSION = 1
_SPLITS = ("train", "test")
_BLOCK = 250


def images(split: str, count: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draws the first `count` images of a split.

    The split, the seed and its number decide an image, however many are asked for.

    Args:
        split: "train" or "test".
        count: number of images.
        seed: which of many streams.

    Yields:
        `(images, labels)` in blocks: uint8 `[rows, 32, 32, 3]` and int32 `[rows]`, numbers of
        `CLASSES`.

    Raises:
        ValueError: when there is no such split.

    Example:
        >>> pictures, labels = next(images("train", 16))
        >>> pictures.shape, labels.shape
        ((16, 32, 32, 3), (16,))
    """
    if split not in _SPLITS:
        raise InvalidError(
            f"The synthetic images have no split {split!r}. Choose one of {', '.join(_SPLITS)}."
        )
    for block in range(-(-count // _BLOCK)):
        rng = np.random.default_rng([seed, _SPLITS.index(split), block])
        labels = rng.integers(len(CLASSES), size=_BLOCK, dtype=np.int32)
        rows = min(_BLOCK, count - block * _BLOCK)
        yield scene.draw(labels, rng)[:rows], labels[:rows]
