"""Looks for sequences, however that was asked for."""

from keras import ops

from t2t_vq.bottlenecks import replicas
from t2t_vq.decoding.beam import beam_search
from t2t_vq.decoding.greedy import greedy_search

# Of the draws: a stream that no bottleneck draws from.
_SEED, _STREAM = 0, 14


def search(step, state, batch, length, end, options):
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
    """
    if options.beam_size > 1:
        sizes = (batch, options.beam_size, length)
        return beam_search(step, state, *sizes, end, options.alpha)[0]
    if options.num_samples:
        step = _drawing(step, options.num_samples, options.temperature)
    found = greedy_search(step, state, batch * options.num_candidates, length, end)
    return ops.reshape(found, (-1, options.num_candidates, length))


def gumbel_noise(shape, index):
    """Returns noise whose argmax with logits is a draw from them; the same for the same index.

    Reference: the Gumbel-max trick, arXiv 1611.01144, equation 1.
    """
    return -ops.log(-ops.log(replicas.uniform(shape, _SEED, index, _STREAM)))


def _drawing(step, num_samples, temperature):
    """Returns a step whose best symbols are draws."""

    def drawing(symbols, index, state):
        logits, state = step(symbols, index, state)
        num_symbols = logits.shape[-1]
        # Every search draws with the same numbers, so that no translation depends on what is
        # translated with it.
        noise = gumbel_noise((num_samples, num_symbols), index)
        drawn = ops.reshape(logits, (-1, num_samples, num_symbols)) / temperature + noise
        return ops.reshape(drawn, ops.shape(logits)), state

    return drawing
