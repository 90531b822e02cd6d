"""The configuration of a bottleneck."""

import dataclasses
import inspect
import typing
from typing import Annotated, Any

from t2t_vq import registry
from t2t_vq.config.ranges import (
    ESTIMATOR,
    LEARNING,
    PROJECTION,
    SIMILARITY,
    Blocks,
    Count,
    Depth,
    Number,
    Positive,
    Rate,
    Share,
    Weight,
    Width,
    Within,
)
from t2t_vq.config.values import is_plain

# Where all kinds have what none of them chooses.
_BASE = "t2t_vq.bottlenecks.base"


@dataclasses.dataclass(frozen=True)
class BottleneckConfig:
    """A bottleneck and its options; defaults are the paper's. A kind takes those that it has.

    Attributes:
        kind: registered name; `bottleneck=vq` is short for `bottleneck.kind=vq`.
        num_codes: K, size of each codebook.
        num_blocks: codebooks side by side, each for a part of the vector; none is the kind's own
            default.
        num_quantizers: levels of residual quantization; none is the kind's own default.
        quantizer_dropout: share of sequences that training rebuilds from some levels only.
        levels: values of each scalar of finite scalar quantization; none is the kind's own default.
        soft: whether codebooks are assigned by soft EM; `em` always is.
        num_samples: m, codes drawn for each vector under soft EM; none is the posterior mean.
        temperature: of the posterior under soft EM, or of a relaxation.
        temperature_end, temperature_steps: what the temperature falls or rises to, linearly over
            that many updates; 0 updates keep it.
        relative_temperature: whether soft EM's temperature is in units of a codebook's variance,
            the mean squared distance of its codes from their mean.
        through_posterior: whether soft EM's gradient goes through the posterior's mean.
        learning: "ema" (expectation-maximisation) or "gradient".
        similarity: "euclidean" or "cosine".
        estimator: "straight_through" or "rotation", how gradients pass an assignment.
        projection: "slice" or "random", how `dvq` makes blocks.
        projection_dim: width that vectors are projected to before any kind; none projects none.
        beta: weight of the commitment loss.
        decay: of the moving averages of counts and sums.
        epsilon: smoothing of the counts.
        restart_threshold: codes below this share of the mean count restart from data.
        orthogonality_weight, diversity_weight: of the losses of a codebook; 0 adds none.
        discrete_share: chance that `semhash`, `isemhash` or `tanh` shows the decoder a bit in
            training; none is the kind's own default.
        entropy_weight: of the entropy loss of `lfq` and `bsq`.
        kl_weight: of the divergence from the prior, in `gumbel-softmax`, `-dvq` and `vae`.
        own: options of the kind that are none of these, by name; an override writes them like the
            others, `bottleneck.noise=0.5`.

    Example:
        >>> BottleneckConfig(kind="vq", num_codes=512).learning
        'ema'
    """

    kind: str = "em"
    num_codes: Count = 4096
    num_blocks: Blocks | None = None
    num_quantizers: Depth | None = None
    quantizer_dropout: Share = 0.0
    levels: tuple[Annotated[int, Within(2, 2**15)], ...] | None = None
    soft: bool = False
    num_samples: Annotated[int, Within(1, 10_000)] | None = 10
    temperature: Positive = 1.0
    temperature_end: Positive = 1.0
    temperature_steps: Number = 0
    relative_temperature: bool = False
    through_posterior: bool = False
    learning: Annotated[str, LEARNING] = "ema"
    similarity: Annotated[str, SIMILARITY] = "euclidean"
    estimator: Annotated[str, ESTIMATOR] = "straight_through"
    projection: Annotated[str, PROJECTION] = "slice"
    projection_dim: Width | None = None
    beta: Weight = 0.25
    decay: Rate = 0.999
    epsilon: Weight = 1e-5
    restart_threshold: Rate = 0.1
    orthogonality_weight: Weight = 0.0
    diversity_weight: Weight = 0.0
    discrete_share: Share | None = None
    entropy_weight: Weight = 0.1
    kl_weight: Weight = 0.01
    own: dict = dataclasses.field(default_factory=dict)

    def own_options(self) -> dict[str, Any]:
        """Returns `{name: type}` of the plain options that the kind has beside these fields.

        They are the arguments of its constructor, and of those that it inherits from other kinds,
        which are annotated as a bool, int, float or str, or as one or None; or whose default is
        one.

        Example:
            >>> BottleneckConfig(kind="semhash").own_options()["noise"]
            <class 'float'>
        """
        found: dict[str, Any] = {}
        for number, function in enumerate(_constructors(registry.bottlenecks[self.kind])):
            for name, parameter in inspect.signature(function).parameters.items():
                # What an inherited constructor cannot do without, the kind gives it itself.
                if number and parameter.default is parameter.empty:
                    continue
                for kind in (_hint(function, parameter), type(parameter.default)):
                    if is_plain(kind):
                        found.setdefault(name, kind)
        for name in ("seed", *(field.name for field in dataclasses.fields(self))):
            found.pop(name, None)
        return found

    def kinds_with(self, option: str) -> list[str]:
        """Returns the names of the kinds that have an option of their own.

        Example:
            >>> BottleneckConfig().kinds_with("free_bits")
            ['vae']
        """
        kinds = (dataclasses.replace(self, kind=name) for name in registry.bottlenecks)
        return [config.kind for config in kinds if option in config.own_options()]


def _constructors(kind):
    """Returns what makes a kind: a function, or the constructors of a class and those above it."""
    if not isinstance(kind, type):
        return [kind]
    found = []
    for cls in kind.__mro__:
        if cls.__module__.partition(".")[0] == "keras" or cls.__module__ == _BASE:
            break
        found.append(cls.__init__)
    return found


def _hint(function, parameter):
    """Returns the annotation of a parameter, also where Python keeps it as a text."""
    hint = parameter.annotation
    try:
        return typing.get_type_hints(function)[parameter.name] if isinstance(hint, str) else hint
    # What it names may be there for type checkers alone.
    except NameError:
        return None
