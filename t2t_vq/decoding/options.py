"""How to search: what a user chooses when translating. Imports nothing heavy."""

import dataclasses
import numbers

from t2t_vq.errors import InvalidError, WrongTypeError


def _is_number(value, kind):
    # Python counts True as 1.
    return isinstance(value, kind) and not isinstance(value, bool)


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

    Example:
        >>> Search(beam_size=4).num_candidates, Search(num_samples=10).num_candidates
        (4, 10)
    """

    beam_size: int = 1
    alpha: float = 0.6
    num_samples: int = 0
    temperature: float = 0.5
    passes: int = 1
    refinements: int = 0

    def __post_init__(self) -> None:
        for name, (kind, least) in _FIELDS.items():
            value = getattr(self, name)
            if not _is_number(value, kind) or not least <= value <= _MOST:
                what = "whole number" if kind is numbers.Integral else "number"
                raise InvalidError(
                    f"The {name} of a search is a {what} from {least} to {_MOST:,}, and this one "
                    f"is {value!r}. Correct it."
                )
            # As plain Python, which JSON can hold.
            plain = int(value) if kind is numbers.Integral else float(value)
            object.__setattr__(self, name, plain)
        if self.num_samples and self.beam_size > 1:
            raise InvalidError(
                f"beam_size={self.beam_size} keeps the best and num_samples={self.num_samples} "
                "draws at random. Choose one of the two."
            )

    @property
    def num_candidates(self) -> int:
        """Number of sequences that the search gives for each source."""
        return self.num_samples or self.beam_size


# Of each field its kind and least value; at lower temperatures logits overflow.
_FIELDS = {
    "beam_size": (numbers.Integral, 1),
    "alpha": (numbers.Real, 0.0),
    "num_samples": (numbers.Integral, 0),
    "temperature": (numbers.Real, 1e-6),
    "passes": (numbers.Integral, 1),
    "refinements": (numbers.Integral, 0),
}
# More is beyond any memory or patience, and would not be counted in 32 bits.
_MOST = 1_000_000
GREEDY = Search()
# Candidates decoded together, where nobody says how many.
BATCH_SIZE = 64


def sources_together(search: Search, batch_size: int) -> int:
    """Returns how many sources are searched for at once, at least one.

    Args:
        search: a `Search`.
        batch_size: most candidates decoded together.

    Raises:
        ValueError: when it is less than 1.
    """
    check_batch_size(batch_size)
    return max(1, batch_size // search.num_candidates)


def check_batch_size(batch_size: int) -> None:
    """Refuses a batch size that is no integer from 1 on.

    Raises:
        ValueError: then.
    """
    if not _is_number(batch_size, numbers.Integral) or batch_size < 1:
        raise InvalidError(f"batch_size={batch_size!r} is no number of rows. Give 1 or more.")


def check_max_length(max_length: int) -> None:
    """Refuses a longest source that is no number of tokens.

    Raises:
        ValueError: then.
    """
    if not _is_number(max_length, numbers.Integral) or max_length < 1:
        raise InvalidError(f"max_length={max_length!r} is no number of tokens. Give 1 or more.")


def check_choice(search: Search, is_rescored: bool) -> None:
    """Checks that one of a search's candidates can be chosen.

    Args:
        search: a `Search`.
        is_rescored: whether a model rescores its candidates.

    Raises:
        TypeError: when it is no `Search`.
        ValueError: when there is nothing to choose, or nothing to choose by.
    """
    if not isinstance(search, Search):
        raise WrongTypeError(
            f"The search is of type {type(search).__name__}. Give a "
            "t2t_vq.decoding.options.Search, such as Search(beam_size=4)."
        )
    if is_rescored and search.num_candidates == 1:
        raise InvalidError(
            "There is only one candidate, so nothing to choose by rescoring. Give a beam_size of 2 "
            "or more, or num_samples."
        )
    if not is_rescored and search.num_samples > 1:
        raise InvalidError(
            f"num_samples={search.num_samples} gives as many candidates in no order, and nothing "
            "says how to choose among them. Give rescore_with too: another run, or self."
        )


def check_n_best(number: int, search: Search) -> None:
    """Refuses a number of translations that a search does not give.

    Raises:
        ValueError: then.
    """
    if type(number) is not int or not 1 <= number <= search.num_candidates:
        raise InvalidError(
            f"n_best={number!r} translations cannot be given, as the search finds "
            f"{search.num_candidates}. Ask for fewer, or search with a larger beam_size."
        )
