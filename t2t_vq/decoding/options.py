"""How to search: what a user chooses when translating. Imports nothing heavy."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Search:
    """How translations are searched for.

    Attributes:
        beam_size: sequences kept at each position; 1 is greedy.
        alpha: exponent of the length penalty.
        num_samples: sequences that are drawn instead; 0 draws none.
        temperature: of the distribution that they are drawn from; 1 is the model's own.
        passes: in which a masked latent predictor finds its codes; 1 finds all at once.
        refinements: times that a parallel decoder decodes again from its own translation.

    Raises:
        ValueError: when the values do not fit together.
    """

    beam_size: int = 1
    alpha: float = 0.6
    num_samples: int = 0
    temperature: float = 0.5
    passes: int = 1
    refinements: int = 0

    def __post_init__(self):
        for name, least in _LEAST.items():
            if not getattr(self, name) >= least:
                raise ValueError(
                    f"A search has a {name} of {least} or more, and this one {getattr(self, name)}."
                )
        if self.num_samples and self.beam_size > 1:
            raise ValueError(
                f"beam_size={self.beam_size} keeps the best and num_samples={self.num_samples} "
                "draws at random. Choose one of the two."
            )

    @property
    def num_candidates(self):
        """Number of sequences that the search gives for each source."""
        return self.num_samples or self.beam_size


# At lower temperatures logits overflow.
_LEAST = {
    **{"beam_size": 1, "alpha": 0.0, "num_samples": 0},
    **{"temperature": 1e-6, "passes": 1, "refinements": 0},
}
GREEDY = Search()
# Candidates decoded together, where nobody says how many.
BATCH_SIZE = 64


def sources_together(search, batch_size):
    """Returns how many sources are searched for at once, at least one.

    Args:
        search: a `Search`.
        batch_size: most candidates decoded together.

    Raises:
        ValueError: when it is less than 1.
    """
    check_batch_size(batch_size)
    return max(1, batch_size // search.num_candidates)


def check_batch_size(batch_size):
    """Refuses a batch size that is no integer from 1 on.

    Raises:
        ValueError: then.
    """
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"batch_size={batch_size!r} is no number of rows. Give 1 or more.")


def check_choice(search, is_rescored):
    """Checks that one of a search's candidates can be chosen.

    Args:
        search: a `Search`.
        is_rescored: whether a model rescores its candidates.

    Raises:
        ValueError: when there is nothing to choose, or nothing to choose by.
    """
    if is_rescored and search.num_candidates == 1:
        raise ValueError(
            "There is only one candidate, so nothing to choose by rescoring. Give a beam_size of 2 "
            "or more, or num_samples."
        )
    if not is_rescored and search.num_samples > 1:
        raise ValueError(
            f"num_samples={search.num_samples} gives as many candidates in no order, and nothing "
            "says how to choose among them. Give rescore_with too."
        )
