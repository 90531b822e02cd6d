"""Search for the best sequence of symbols, tokens and latent codes alike, on arrays.

What `t2t_vq.decoding` does inside of one compiled program, where sequences have as many positions
as the longest may need, is done here in between of networks, and ends with the last sequence. Both
give the same. A search calls `step(symbols, index, state) -> (logits, state)`: symbols `[rows]`
chosen at position `index - 1` (meaningless at position 0), logits `[rows, num_symbols]` for
position `index`, and a dict of arrays, each with `rows` first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from t2t_vq.backend.streams import Stream
from t2t_vq.runtime import philox
from t2t_vq.runtime.steps import State, Step

if TYPE_CHECKING:
    from t2t_vq.decoding.options import Search

_IMPOSSIBLE = np.float32(-1e9)
# Of the draws, as in `t2t_vq.decoding.search`.
_SEED = 0


def search(
    step: Step, state: State, batch: int, length: int, end: int, options: Search
) -> np.ndarray:
    """Looks for sequences as `options` say.

    Args:
        step: see above.
        state: its first state, of `batch * options.num_candidates` rows.
        batch: number of searches.
        length: most symbols a sequence may have.
        end: the symbol that ends a sequence.
        options: a `t2t_vq.decoding.options.Search`.

    Returns:
        `[batch, num_candidates, length]` int32, filled with `end` after the first `end`; best
        first, or in the order that they were drawn in.
    """
    if options.beam_size > 1:
        return beam_search(step, state, batch, options.beam_size, length, end, options.alpha)[0]
    if options.num_samples:
        step = _drawing(step, options)
    found = greedy_search(step, state, batch * options.num_candidates, length, end)
    return found.reshape(batch, options.num_candidates, length)


def greedy_search(step: Step, state: State, rows: int, length: int, end: int) -> np.ndarray:
    """Takes the most probable symbol at each position until every row has ended.

    Returns:
        `[rows, length]` int32, filled with `end` after the first `end`.
    """
    sequence = np.full((rows, length), end, np.int32)
    symbols, ended = sequence[:, 0].copy(), np.zeros(rows, bool)
    for index in range(length):
        logits, state = step(symbols, index, state)
        symbols = np.where(ended, end, logits.argmax(axis=-1)).astype(np.int32)
        sequence[:, index] = symbols
        ended |= symbols == end
        if ended.all():
            break
    return sequence


def beam_search(
    step: Step,
    state: State,
    batch: int,
    beam_size: int,
    length: int,
    end: int,
    alpha: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Keeps the `beam_size` best sequences at each position; see `t2t_vq.decoding.beam`.

    Returns:
        `(sequences, scores)`, best first: `[batch, beam_size, length]` int32, filled with `end`
        after the first `end`, and `[batch, beam_size]` float32, penalised log-probabilities.
    """
    alive_scores = np.full((batch, beam_size), _IMPOSSIBLE)
    # All beams of a search start equal, so only the first may be extended at first.
    alive_scores[:, 0] = 0.0
    alive = np.full((batch, beam_size, length), end, np.int32)
    finished, finished_scores = alive.copy(), np.full((batch, beam_size), _IMPOSSIBLE)
    for index in range(length):
        # The penalty of the longest bounds what a sequence can still come to.
        best = alive_scores[:, 0] / length_penalty(length, alpha)
        if (best < finished_scores[:, -1]).all():
            break
        logits, state = step(alive[:, :, max(index - 1, 0)].reshape(-1), index, state)
        vocab = logits.shape[-1]
        log_probs = log_softmax(logits).reshape(batch, beam_size, vocab)
        scores = (alive_scores[:, :, None] + log_probs).reshape(batch, -1)
        # Twice the beam, so that enough sequences go on even when all of the best end here.
        scores, chosen = top_k(scores, min(2 * beam_size, beam_size * vocab))
        parents, symbols = chosen // vocab, (chosen % vocab).astype(np.int32)
        candidates = np.take_along_axis(alive, parents[:, :, None], axis=1)
        candidates[:, :, index] = symbols
        ends = (symbols == end) | (index == length - 1)

        # Only ends among the best of all finish, so that a beam of one is greedy.
        finishes = ends & (np.arange(ends.shape[1]) < beam_size)
        ended = np.where(finishes, scores / length_penalty(index + 1, alpha), _IMPOSSIBLE)
        finished_scores, kept = top_k(np.concatenate([finished_scores, ended], axis=1), beam_size)
        both = np.concatenate([finished, candidates], axis=1)
        finished = np.take_along_axis(both, kept[:, :, None], axis=1)

        alive_scores, kept = top_k(np.where(ends, _IMPOSSIBLE, scores), beam_size)
        alive = np.take_along_axis(candidates, kept[:, :, None], axis=1)
        parents = np.take_along_axis(parents, kept, axis=1)
        rows = (parents + np.arange(batch)[:, None] * beam_size).reshape(-1)
        state = {name: array[rows] for name, array in state.items()}
    return finished, finished_scores


def perturb(
    logits: np.ndarray, options: Search, index: int, positions: int | None = None
) -> np.ndarray:
    """Returns logits whose argmax is a draw, as `t2t_vq.decoding.search.perturb` does.

    Args:
        logits: `[batch * num_samples, ..., num_symbols]` float32.
        options: a `t2t_vq.decoding.options.Search` that draws samples.
        index: integer, another for each draw of a search.
        positions: of logits `[rows, n, num_symbols]`, as many as are drawn for, of which n are
            needed; by default n.
    """
    shape = (options.num_samples, *logits.shape[1:])
    drawn = shape if positions is None else (shape[0], positions, *shape[2:])
    noise = philox.gumbel(drawn, _SEED, index, Stream.SEARCH)
    if positions is not None:
        noise = noise[:, : shape[1]]
    scaled = logits.reshape(-1, *shape) / np.float32(options.temperature)
    return (scaled + noise).reshape(logits.shape)


def best_candidate(
    candidates: np.ndarray, log_likelihoods: np.ndarray, end: int, alpha: float
) -> np.ndarray:
    """Returns the candidate of the highest likelihood; see `t2t_vq.decoding.rescoring`.

    Args:
        candidates: `[batch, n, length]` int32.
        log_likelihoods: `[batch, n]`.
        end: the symbol that ends a candidate.
        alpha: exponent of the length penalty.

    Returns:
        `[batch, length]` int32.
    """
    lengths = lengths_before(candidates, end)
    scores = log_likelihoods / length_penalty(lengths + 1, alpha)
    best = np.where(lengths > 0, scores, _IMPOSSIBLE).argmax(axis=-1)
    return candidates[np.arange(len(candidates)), best]


def lengths_before(sequences: np.ndarray, end: int) -> np.ndarray:
    """Returns how many symbols of `sequences` `[..., length]` come before the first `end`."""
    ended = np.logical_or.accumulate(sequences == end, axis=-1)
    return (~ended).sum(axis=-1)


def length_penalty(length: int | np.ndarray, alpha: float) -> np.ndarray:
    """Returns what a log-probability is divided by: `((5 + length) / 6) ** alpha`."""
    return ((np.asarray(length, np.float32) + 5.0) / np.float32(6.0)) ** np.float32(alpha)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the logarithm of the softmax over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def top_k(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the k largest of each row and where they are, the largest first, ties in order.

    Args:
        values: `[rows, n]`.
        k: at most n.

    Returns:
        `[rows, k]`, and `[rows, k]` integers.
    """
    # Of thousands only those need sorting that are not below the k-th.
    thresholds = np.partition(values, -k, axis=-1)[:, -k]
    indices = np.empty((len(values), k), np.int64)
    for row, threshold in enumerate(thresholds):
        large = np.flatnonzero(values[row] >= threshold)
        indices[row] = large[np.argsort(-values[row, large], kind="stable")[:k]]
    return np.take_along_axis(values, indices, axis=-1), indices


def _drawing(step, options):
    """Returns a step whose best symbols are draws."""

    def drawing(symbols, index, state):
        logits, state = step(symbols, index, state)
        return perturb(logits, options, index), state

    return drawing
