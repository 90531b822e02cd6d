"""Which sequences a search looks for, and how."""

import dataclasses

from keras import ops

from t2t_vq.bottlenecks import replicas
from t2t_vq.decoding.beam import beam_search
from t2t_vq.decoding.greedy import greedy_search

# Of the draws: a stream that no bottleneck draws from.
_SEED, _STREAM = 0, 14


@dataclasses.dataclass(frozen=True)
class Search:
    """How translations are searched for.

    Attributes:
        beam_size: sequences kept at each position; 1 is greedy.
        alpha: exponent of the length penalty.
        num_samples: sequences that are drawn instead; 0 draws none.
        temperature: of the distribution that they are drawn from; 1 is the model's own.
        refinements: times that a parallel decoder decodes again from its own translation.

    Raises:
        ValueError: when the values do not fit together.
    """

    beam_size: int = 1
    alpha: float = 0.6
    num_samples: int = 0
    temperature: float = 0.5
    refinements: int = 0

    def __post_init__(self):
        if self.num_samples and self.beam_size > 1:
            raise ValueError(
                f"beam_size={self.beam_size} keeps the best and num_samples={self.num_samples} "
                "draws at random. Choose one of the two."
            )

    @property
    def num_candidates(self):
        """Number of sequences that the search gives for each source."""
        return self.num_samples or self.beam_size


GREEDY = Search()


def search(step, state, batch, length, end, options):
    """Looks for sequences as `options` say.

    Args:
        step: see `t2t_vq.decoding`.
        state: its first state, of `batch * options.num_candidates` rows.
        batch: number of searches.
        length: most symbols a sequence may have.
        end: the symbol that ends a sequence.
        options: a `Search`.

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
