"""Greedy search."""

from typing import Any

from keras import ops

from t2t_vq import em
from t2t_vq.decoding import Step
from t2t_vq.tensors import Tensor


def greedy_search(step: Step, state: Any, rows: Tensor | int, length: int, end: int) -> Tensor:
    """Takes the most probable symbol at each position until every row has ended.

    Args:
        step: see `t2t_vq.decoding`.
        state: its first state.
        rows: number of sequences.
        length: most symbols a sequence may have; a Python integer, as shapes are static.
        end: the symbol that ends a sequence.

    Returns:
        `[rows, length]` int32, filled with `end` after the first `end`.

    Example:
        >>> def step(symbols, index, state):
        ...     return ops.one_hot([index, index + 1], 4), state
        >>> np.asarray(greedy_search(step, (), rows=2, length=4, end=3))
        array([[0, 1, 2, 3],
               [1, 2, 3, 3]], dtype=int32)
    """

    def unfinished(index, symbols, ended, sequence, state):
        return ops.logical_and(index < length, ops.logical_not(ops.all(ended)))

    def extend(index, symbols, ended, sequence, state):
        logits, state = step(symbols, index, state)
        chosen = em.most_probable(logits)
        chosen = ops.where(ended, end, chosen)
        sequence = ops.slice_update(sequence, (0, index), chosen[:, None])
        return index + 1, chosen, ops.logical_or(ended, chosen == end), sequence, state

    first = ops.full((rows,), end, "int32")
    ended = ops.zeros((rows,), "bool")
    sequence = ops.full((rows, length), end, "int32")
    index = ops.zeros((), "int32")
    return ops.while_loop(unfinished, extend, (index, first, ended, sequence, state))[3]
