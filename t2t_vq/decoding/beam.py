"""Beam search."""

from typing import Any

import keras
from keras import ops

from t2t_vq.decoding import Step
from t2t_vq.tensors import Tensor

_IMPOSSIBLE = -1e9


def length_penalty(length: Tensor | int, alpha: float) -> Tensor:
    """Returns what a log-probability is divided by: `((5 + length) / 6) ** alpha`.

    Reference:
        arXiv 1609.08144, equation 14.

    Example:
        >>> print(round(float(length_penalty(7, alpha=0.6)), 4))
        1.5157
    """
    return ((5.0 + ops.cast(length, "float32")) / 6.0) ** alpha


def beam_search(
    step: Step,
    state: Any,
    batch: Tensor | int,
    beam_size: int,
    length: int,
    end: int,
    alpha: float = 0.6,
) -> tuple[Tensor, Tensor]:
    """Keeps the `beam_size` best sequences at each position.

    Those of them that end leave the beam and compete, divided by the length penalty, for the
    `beam_size` best finished ones; the next best take their places. The search stops when no
    sequence in the beam can still beat them; one that reaches `length` unended counts as finished
    there.

    Args:
        step: see `t2t_vq.decoding`; its rows are `batch * beam_size`.
        state: its first state, with that many rows.
        batch: number of searches.
        beam_size: sequences kept for each.
        length: most symbols a sequence may have.
        end: the symbol that ends a sequence.
        alpha: exponent of the length penalty. Default 0.6.

    Returns:
        `(sequences, scores)`, best first: `[batch, beam_size, length]` int32, filled with `end`
        after the first `end`, and `[batch, beam_size]` float32, penalised log-probabilities.

    Example:
        >>> def step(symbols, index, state):
        ...     return ops.log(ops.array([[0.6, 0.3, 0.1]] * 2)), state
        >>> sequences, scores = beam_search(step, (), batch=1, beam_size=2, length=2, end=2)
        >>> np.asarray(sequences)
        array([[[0, 0],
                [0, 1]]], dtype=int32)
    """
    flat = (batch * beam_size,)

    def unfinished(index, alive, alive_scores, finished, finished_scores, state):
        best_alive = alive_scores[:, 0] / length_penalty(length, alpha)
        beaten = best_alive < finished_scores[:, -1]
        return ops.logical_and(index < length, ops.logical_not(ops.all(beaten)))

    def extend(index, alive, alive_scores, finished, finished_scores, state):
        before = ops.take(alive, ops.maximum(index - 1, 0), axis=2)
        logits, state = step(ops.reshape(before, flat), index, state)
        vocab = logits.shape[-1]
        log_probs = ops.reshape(ops.log_softmax(logits), (batch, beam_size, vocab))
        scores = ops.reshape(alive_scores[:, :, None] + log_probs, (batch, beam_size * vocab))
        # Twice the beam, so that enough sequences go on even when all of the best end here.
        scores, chosen = ops.top_k(scores, min(2 * beam_size, beam_size * vocab))
        parents, symbols = chosen // vocab, ops.cast(chosen % vocab, "int32")
        candidates = ops.take_along_axis(alive, parents[:, :, None], axis=1)
        column = ops.arange(length) == index
        candidates = ops.where(column, symbols[:, :, None], candidates)
        ends = ops.logical_or(symbols == end, index == length - 1)

        # Only ends among the best of all finish, so that a beam of one is greedy.
        finishes = ops.logical_and(ends, ops.arange(ends.shape[1]) < beam_size)
        ended = ops.where(finishes, scores / length_penalty(index + 1, alpha), _IMPOSSIBLE)
        finished_scores, kept = ops.top_k(
            ops.concatenate([finished_scores, ended], axis=1), beam_size
        )
        finished = ops.take_along_axis(
            ops.concatenate([finished, candidates], axis=1), kept[:, :, None], axis=1
        )

        alive_scores, kept = ops.top_k(ops.where(ends, _IMPOSSIBLE, scores), beam_size)
        alive = ops.take_along_axis(candidates, kept[:, :, None], axis=1)
        parents = ops.take_along_axis(parents, kept, axis=1)
        rows = ops.reshape(parents + ops.arange(batch)[:, None] * beam_size, flat)
        state = keras.tree.map_structure(lambda tensor: ops.take(tensor, rows, axis=0), state)
        return index + 1, alive, alive_scores, finished, finished_scores, state

    # All beams of a search start equal, so only the first may be extended at first.
    alive_scores = ops.tile(
        ops.where(ops.arange(beam_size) == 0, 0.0, _IMPOSSIBLE)[None], (batch, 1)
    )
    sequences = ops.full((batch, beam_size, length), end, "int32")
    finished_scores = ops.full((batch, beam_size), _IMPOSSIBLE, "float32")
    variables = (
        ops.zeros((), "int32"),
        sequences,
        alive_scores,
        sequences,
        finished_scores,
        state,
    )
    result = ops.while_loop(unfinished, extend, variables)
    return result[3], result[4]
