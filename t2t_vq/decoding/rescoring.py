"""Choosing among candidates by their likelihood under a model."""

from keras import ops

from t2t_vq.decoding.beam import length_penalty
from t2t_vq.tensors import Tensor

_IMPOSSIBLE = -1e9


def until_end(sequences: Tensor, end: int, padding: int) -> Tensor:
    """Returns `sequences` `[..., length]` int32 with `padding` after the first `end` of each.

    Example:
        >>> np.asarray(until_end(ops.array([[5, 1, 7]]), end=1, padding=0))
        array([[5, 1, 0]], dtype=int32)
    """
    ends = ops.cast(sequences == end, "int32")
    before = ops.cumsum(ends, axis=-1) - ends
    return ops.where(before > 0, padding, sequences)


def lengths_before(sequences: Tensor, end: int) -> Tensor:
    """Returns how many symbols of `sequences` `[..., length]` come before the first `end` of each.

    Example:
        >>> np.asarray(lengths_before(ops.array([[5, 1, 7], [5, 6, 7]]), end=1))
        array([1, 3], dtype=int32)
    """
    ended = ops.cumsum(ops.cast(sequences == end, "int32"), axis=-1) > 0
    return ops.sum(ops.cast(ops.logical_not(ended), "int32"), axis=-1)


def best_candidate(
    candidates: Tensor,
    log_likelihoods: Tensor,
    end: int,
    alpha: float,
    items: Tensor | None = None,
) -> Tensor:
    """Returns the candidate of the highest likelihood, divided by the length penalty.

    A candidate without any symbol is chosen only when all are.

    Args:
        candidates: `[batch, n, length]` int32.
        log_likelihoods: `[batch, n]`.
        end: the symbol that ends a candidate.
        alpha: exponent of the length penalty.
        items: `[batch, n, ...]`, what is returned of the candidate; by default itself.

    Returns:
        `[batch, length]` int32, or `[batch, ...]` of `items`.

    Example:
        >>> candidates, log_likelihoods = ops.array([[[5, 1], [6, 1]]]), ops.array([[-2.0, -1.0]])
        >>> np.asarray(best_candidate(candidates, log_likelihoods, end=1, alpha=0.6))
        array([[6, 1]], dtype=int32)
    """
    lengths = lengths_before(candidates, end)
    scores = _penalized(log_likelihoods, lengths, alpha)
    best = ops.argmax(ops.where(lengths > 0, scores, _IMPOSSIBLE), axis=-1)
    items = candidates if items is None else items
    indices = ops.reshape(best, (-1, *(1,) * (len(items.shape) - 1)))
    return ops.take_along_axis(items, indices, axis=1)[:, 0]


def ranked_candidates(
    candidates: Tensor, log_likelihoods: Tensor, end: int, alpha: float
) -> tuple[Tensor, Tensor]:
    """Returns all candidates with their scores, the one first that `best_candidate` chooses.

    Args:
        candidates, log_likelihoods, end, alpha: as `best_candidate` takes them.

    Returns:
        `(candidates, scores)`: `[batch, n, length]` int32, and `[batch, n]` float32, likelihoods
        divided by the length penalty; of equal ones, the first is first.

    Example:
        >>> candidates, log_likelihoods = ops.array([[[5, 1], [6, 1]]]), ops.array([[-2.0, -1.0]])
        >>> ranked, scores = ranked_candidates(candidates, log_likelihoods, end=1, alpha=0.6)
        >>> np.asarray(ranked)
        array([[[6, 1],
                [5, 1]]], dtype=int32)
    """
    lengths = lengths_before(candidates, end)
    scores = _penalized(log_likelihoods, lengths, alpha)
    order = ops.top_k(ops.where(lengths > 0, scores, _IMPOSSIBLE), scores.shape[-1])[1]
    return (
        ops.take_along_axis(candidates, order[:, :, None], axis=1),
        ops.take_along_axis(scores, order, axis=1),
    )


def _penalized(log_likelihoods, lengths, alpha):
    # Their end is a symbol too.
    return log_likelihoods / length_penalty(lengths + 1, alpha)
