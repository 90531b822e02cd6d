"""Work on any number of rows, in a graph, made up of pieces of few sizes, each compiled once."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

# Each is compiled where it runs, which takes seconds.
SIZES = (1, 4, 16, 64)
# What a piece takes beside its rows, in rows; of translation it is somewhat more, of images less.
_BESIDE = 4


def in_pieces(function: Callable, rows: tf.Tensor, sizes: Sequence[int], results: Any) -> Any:
    """Puts what a function gives for some rows into their places in results.

    Args:
        function: of `(here, size)`, at most `size` of the rows; returns a structure like `results`
            of tensors `[size, ...]`, the first of which are theirs.
        rows: `[m]`, the numbers of the rows.
        sizes: list of the sizes of pieces, ascending, the first of them 1.
        results: structure of tensors `[n, ...]`.

    Returns:
        A structure like `results`.

    Example:
        >>> numbers = tf.range(5.0)
        >>> def doubled(here, size):
        ...     return 2.0 * filled_up(tf.gather(numbers, here), size)
        >>> in_pieces(doubled, tf.constant([1, 4]), [1, 8], numbers).numpy().tolist()
        [0.0, 2.0, 2.0, 3.0, 8.0]
    """
    num_rows = tf.size(rows)

    def unfinished(start, results):
        return start < num_rows

    def piece(start, results):
        size = _size(num_rows - start, sizes)
        here = rows[start : start + size]
        found = function(here, size)
        results = tf.nest.map_structure(
            lambda result, new: tf.tensor_scatter_nd_update(
                result, here[:, None], new[: tf.size(here)]
            ),
            results,
            found,
        )
        return start + size, results

    # One after the other, so that memory is bounded.
    loop = (unfinished, piece, (tf.constant(0), results))
    return tf.while_loop(*loop, parallel_iterations=1)[1]


def filled_up(rows: tf.Tensor, size: Any) -> tf.Tensor:
    """Returns `[size, ...]`, at least one row and at most `size` filled up with the first."""
    return tf.concat([rows, tf.repeat(rows[:1], size - tf.shape(rows)[0], axis=0)], axis=0)


def _size(num_left, sizes):
    """Returns the size of the next piece, of so many rows that are left."""
    size = tf.constant(1)
    for smaller, larger in itertools.pairwise(sizes):
        pieces = (num_left + smaller - 1) // smaller
        size = tf.where(larger + _BESIDE <= pieces * (smaller + _BESIDE), larger, size)
    return size
