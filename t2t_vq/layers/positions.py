"""Sinusoidal position encodings."""

import math

from keras import ops

from t2t_vq.errors import InvalidError
from t2t_vq.tensors import Tensor


def sinusoids(positions: Tensor, dim: int) -> Tensor:
    """Returns sine and cosine encodings of positions.

    Args:
        positions: `[...]` integers.
        dim: width of the encoding; even.

    Returns:
        `[..., dim]` float32.

    Reference:
        "Attention Is All You Need" (arXiv 1706.03762), section 3.5.

    Example:
        >>> tuple(sinusoids(ops.arange(5), 16).shape)
        (5, 16)
    """
    frequencies = ops.exp(-math.log(10_000.0) / (dim // 2) * ops.arange(dim // 2, dtype="float32"))
    angles = ops.cast(positions, "float32")[..., None] * frequencies
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


def sinusoids_2d(height: int, width: int, dim: int) -> Tensor:
    """Returns encodings of the positions of a grid, row after row.

    The first half of an encoding is that of the row, the second that of the column.

    Args:
        height, width: of the grid.
        dim: width of the encoding; a multiple of 4.

    Returns:
        `[height * width, dim]` float32.

    Raises:
        ValueError: when `dim` is not a multiple of 4.

    Example:
        >>> tuple(sinusoids_2d(8, 4, 16).shape)
        (32, 16)
    """
    if dim % 4:
        raise InvalidError(
            f"Positions of a grid cannot be {dim} wide: sine and cosine of rows and of columns "
            "share the width. Choose a multiple of 4."
        )
    rows = ops.repeat(sinusoids(ops.arange(height), dim // 2), width, axis=0)
    columns = ops.tile(sinusoids(ops.arange(width), dim // 2), (height, 1))
    return ops.concatenate([rows, columns], axis=-1)


def check_grid_width(
    width: int, num_heads: int, names: tuple[str, str] = ("hidden_size", "num_heads")
) -> None:
    """Refuses what a Transformer over the positions of a grid cannot be built with.

    Args:
        width: of its vectors.
        num_heads: of its attention.
        names: of these two, as the user gave them.

    Raises:
        ValueError: when the width is not a multiple of 4 and of the heads.
    """
    if width % 4 or width % num_heads:
        raise InvalidError(
            f"{names[0]}={width} must be a multiple of 4, as sine and cosine of rows and of "
            f"columns share the width, and of {names[1]}={num_heads}. Choose another {names[0]}."
        )


def shift_right(x: Tensor) -> Tensor:
    """Returns `x` `[batch, length, dim]` moved one position later, zeros first.

    Example:
        >>> np.asarray(shift_right(ops.array([[[1.0], [2.0], [3.0]]]))[0, :, 0])
        array([0., 1., 2.], dtype=float32)
    """
    return ops.pad(x[:, :-1], [[0, 0], [1, 0], [0, 0]])
