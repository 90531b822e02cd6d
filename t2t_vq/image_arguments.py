"""Arguments of codecs of images, whatever computes them; imports nothing heavy."""

import math
from typing import Any

import numpy as np

from t2t_vq.arguments import are_indices, check_whole
from t2t_vq.errors import InvalidError


def checked(name: str, array: Any, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """Returns an argument as an array, refused where it is of another shape or type.

    Args:
        name: that it is called by.
        array: what NumPy can make an array `[n, *shape]` of.
        shape: tuple, that of each.
        kind: "uint8" for images; "int32" for whole numbers of any type, which become so.

    Raises:
        ValueError: for another shape or type, or numbers that the type does not have.

    Example:
        >>> checked("codes", [[1, 2], [3, 4]], (2,), "int32").shape
        (2, 2)
    """
    array = np.asarray(array)
    is_right = array.dtype == np.uint8 if kind == "uint8" else _is_whole(array)
    if array.ndim != 1 + len(shape) or array.shape[1:] != tuple(shape) or not is_right:
        sides = ", ".join(["n", *map(str, shape)])
        raise InvalidError(
            f"This model takes {name} as {kind} [{sides}], and these are {array.dtype.name} "
            f"{list(array.shape)}. Give them in that shape and type."
        )
    bounds = np.iinfo(kind)
    if array.dtype != kind and array.size:
        least, most = array.min(), array.max()
        if least < bounds.min or most > bounds.max:
            raise InvalidError(
                f"This model takes {name} as {kind}, and these are from {least} to {most}. Give "
                "numbers of that type."
            )
    return array.astype(kind, copy=False)


def labels_to_draw(num: int, labels: Any, num_classes: int, temperature: float) -> np.ndarray:
    """Returns the classes of images to draw, int32 `[num]`.

    Args:
        num: number of images.
        labels: integers `[num]`, or None: all classes in turn.
        num_classes: that the prior is told; 0 if none.
        temperature: of the prior.

    Raises:
        ValueError: for what cannot be drawn.

    Example:
        >>> labels_to_draw(3, None, num_classes=2, temperature=1.0)
        array([0, 1, 0], dtype=int32)
    """
    check_whole("num", num, 0)
    if np.asarray(temperature).dtype.kind not in "iuf" or not 0 < temperature < math.inf:
        raise InvalidError(f"temperature={temperature!r} cannot be drawn with. Give more than 0.")
    if labels is None:
        return (np.arange(num) % max(num_classes, 1)).astype(np.int32)
    if not num_classes:
        raise InvalidError("This model's prior is told no classes. Leave labels out.")
    return classes(labels, num, num_classes)


def classes(labels: Any, num: int, num_classes: int) -> np.ndarray:
    """Returns the classes of images as int32 `[num]`.

    Args:
        labels: integers `[num]`, from 0 to `num_classes - 1`.
        num: number of images.
        num_classes: that there are.

    Raises:
        ValueError: for anything else.
    """
    labels = np.asarray(labels)
    if labels.shape != (num,) or not _is_whole(labels) or not are_indices(labels, num_classes):
        raise InvalidError(
            f"labels are one class for each of {num} images, from 0 to {num_classes - 1}, and "
            f"these are {labels.tolist()}. Correct them, or leave them out."
        )
    return labels.astype(np.int32)


def _is_whole(array):
    # An empty list is an array of floats.
    return np.issubdtype(array.dtype, np.integer) or not array.size
