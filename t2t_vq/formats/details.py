"""What the runtime of an exported model needs to know besides its networks."""

import dataclasses

from t2t_vq.decoding.options import Search
from t2t_vq.errors import InvalidError


@dataclasses.dataclass(frozen=True)
class TranslationDetails:
    """What translating needs to know.

    Attributes:
        search: how translations are searched for.
        is_rescored: whether the network `rescorer` chooses among candidates.
        target_lengths: pairs: the length of the longest source, in tokens, and of its longest
            translation; in ascending order. Longer sources are cut.
        predictor: "tokens" of a `transformer`; of a `transformer_nat` "causal" or "masked".
        num_codes, num_codebooks: K and C of a `transformer_nat`, else 0.
        compress_steps: each halves the number of latents of a target.

    Raises:
        ValueError: when there are no lengths, or the predictor is unknown.
    """

    search: Search
    is_rescored: bool
    target_lengths: tuple[tuple[int, ...], ...]
    predictor: str = "tokens"
    num_codes: int = 0
    num_codebooks: int = 0
    compress_steps: int = 0

    def __post_init__(self):
        pairs = self.target_lengths
        if not pairs or any(len(pair) != 2 or min(pair) < 1 for pair in pairs):
            raise InvalidError(f"target_lengths are pairs of lengths; {list(pairs)} are not")
        if self.predictor not in ("tokens", "causal", "masked"):
            raise InvalidError(f"it has the predictor '{self.predictor}'")


@dataclasses.dataclass(frozen=True)
class ImageDetails:
    """What an image model's runtime needs to know.

    Attributes:
        image_shape: height, width and channels.
        grid: height and width of the grid of latents.
        num_classes: classes that the prior is told; 0 if none.
        has_prior: whether there are codes, with a learned prior.
        has_own_prior: whether the latents have a prior of their own, a standard normal one.
        num_codes, num_codebooks: K and C, where there are codes.
        latent_dim, seed: of latents with a prior of their own.
    """

    image_shape: tuple[int, ...]
    grid: tuple[int, ...]
    num_classes: int
    has_prior: bool
    has_own_prior: bool
    num_codes: int | None = None
    num_codebooks: int | None = None
    latent_dim: int | None = None
    seed: int | None = None
