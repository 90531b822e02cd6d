"""Looks for sequences, however that was asked for."""

from typing import Any

from keras import ops

from t2t_vq.backend.random_numbers import uniform
from t2t_vq.backend.streams import Stream
from t2t_vq.bottlenecks import noise
from t2t_vq.decoding import Step
from t2t_vq.decoding.beam import beam_search
from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.decoding.options import Search
from t2t_vq.tensors import Tensor

_SEED = 0


def search(
    step: Step, state: Any, batch: Tensor | int, length: int, end: int, options: Search
) -> Tensor:
    """Looks for sequences as `options` say.

    Args:
        step: see `t2t_vq.decoding`.
        state: its first state, of `batch * options.num_candidates` rows.
        batch: number of searches.
        length: most symbols a sequence may have.
        end: the symbol that ends a sequence.
        options: a `t2t_vq.decoding.options.Search`.

    Returns:
        `[batch, num_candidates, length]` int32, filled with `end` after the first `end`; best
        first, or in the order that they were drawn in.

    Example:
        >>> from t2t_vq.decoding.options import Search
        >>> def step(symbols, index, state):
        ...     return ops.one_hot(index + ops.zeros_like(symbols), 4), state
        >>> np.asarray(search(step, (), batch=1, length=4, end=3, options=Search(num_samples=0)))
        array([[[0, 1, 2, 3]]], dtype=int32)
    """
    if options.beam_size > 1:
        sizes = (batch, options.beam_size, length)
        return beam_search(step, state, *sizes, end, options.alpha)[0]
    if options.num_samples:
        step = _drawing(step, options)
    found = greedy_search(step, state, batch * options.num_candidates, length, end)
    return ops.reshape(found, (-1, options.num_candidates, length))


def perturb(logits: Tensor, options: Search, index: Tensor | int) -> Tensor:
    """Returns logits whose argmax is a draw from the softmax of `logits / temperature`.

    Every search draws with the same numbers, so that no translation depends on what is translated
    with it.

    Args:
        logits: `[batch * num_samples, ..., num_symbols]` float32.
        options: a `t2t_vq.decoding.options.Search` that draws samples.
        index: scalar int32, another for each draw of a search; the same draws the same.

    Returns:
        Of the shape of `logits`, float32.

    Reference:
        the Gumbel-max trick, arXiv 1611.01144, equation 1.

    Example:
        >>> from t2t_vq.decoding.options import Search
        >>> tuple(perturb(ops.zeros((6, 4)), Search(num_samples=3), 0).shape)
        (6, 4)
    """
    shape = (options.num_samples, *logits.shape[1:])
    gumbel = noise.gumbel(uniform(shape, _SEED, index, Stream.SEARCH))
    drawn = ops.reshape(logits, (-1, *shape)) / options.temperature + gumbel
    return ops.reshape(drawn, ops.shape(logits))


def _drawing(step, options):
    """Returns a step whose best symbols are draws."""

    def drawing(symbols, index, state):
        logits, state = step(symbols, index, state)
        return perturb(logits, options, index), state

    return drawing
