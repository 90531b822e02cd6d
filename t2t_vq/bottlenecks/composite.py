"""Bottlenecks made of bottlenecks: what all compositions share."""

from collections.abc import Iterable, Sequence
from typing import Any

from keras import ops

from t2t_vq.bottlenecks.base import Bottleneck, Draw
from t2t_vq.bottlenecks.options import check_seed
from t2t_vq.tensors import Statistics, Tensor


class Composite(Bottleneck):
    """A bottleneck whose codes are those of its parts, one after the other.

    Args:
        template: the bottleneck whose options every part takes, or that as Keras saves it.
        number: of parts.
        seed: added to the seed of every part.
        **kwargs: of `Bottleneck`.
    """

    def __init__(self, template: Bottleneck, *, number: int, seed: int = 0, **kwargs: Any) -> None:
        check_seed(seed)
        trains = kwargs.get("trainable", True)
        parts = _copies(template, number, seed, trains)
        # Before the metrics are made.
        self.metric_names = parts[0].metric_names
        super().__init__(**kwargs)
        self._num_parts = number
        for part in parts:
            # As attributes, because TensorFlow's checkpoints miss layers in a Keras list.
            setattr(self, part.name, part)
        # Kept by a function: as an attribute it would be one more layer, never called.
        self._template = lambda: template

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "Composite":
        return super().from_options({**options, "quantizer": cls._quantizer_from(options)})

    @classmethod
    def _quantizer_from(cls, options):
        """Returns the bottleneck that the parts are copies of, from options of any kind."""
        raise NotImplementedError(f"{cls.__name__} does not implement _quantizer_from().")

    @property
    def parts(self) -> list[Any]:
        """The parts, in the order of their codes."""
        return [getattr(self, f"part_{i}") for i in range(self._num_parts)]

    @property
    def num_codebooks(self) -> int:
        return sum(part.num_codebooks for part in self.parts)

    @property
    def num_codes(self) -> int:
        return self.parts[0].num_codes

    @property
    def num_samples(self) -> int | None:
        return self.parts[0].num_samples

    @property
    def has_posterior(self) -> bool:
        return self.parts[0].has_posterior

    @property
    def starts_from_data(self) -> bool:
        return any(part.starts_from_data for part in self.parts)

    def update(self, statistics: Statistics) -> None:
        super().update(statistics)
        for part, own in zip(self.parts, split(statistics, len(self.parts)), strict=True):
            part.update(own)

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics as means over the parts."""
        parts = zip(self.parts, split(statistics, len(self.parts)), strict=True)
        summaries = [part.describe(own) for part, own in parts]
        return {
            name: sum(summary[name] for summary in summaries) / len(summaries)
            for name in self.metric_names
        }

    def num_vectors(self, statistics: Statistics) -> Tensor:
        """Returns how many vectors statistics are of: those of the first part, which sees all."""
        return self.parts[0].num_vectors(split(statistics, len(self.parts))[0])

    def started_share(self) -> Tensor:
        return sum(part.started_share() for part in self.parts) / len(self.parts)

    def _codes_of_parts(self, codes):
        """Splits codes `[batch, ..., num_codebooks]` into those of each part."""
        self._check_codes(codes)
        each = self.parts[0].num_codebooks
        return [codes[..., i : i + each] for i in range(0, self.num_codebooks, each)]


def _copies(template, number, seed, trains):
    """Returns new bottlenecks like one, in float32, each with random numbers of its own.

    Float32, because a composition adds up or puts together what its parts return.
    """
    config, made = template.get_config(), []
    for i in range(number):
        own = {"name": f"part_{i}", "dtype": "float32", "reports": False}
        own["trainable"] = config["trainable"] and trains
        if "seed" in config:
            own["seed"] = config["seed"] + seed + i * template.num_codebooks
        made.append(type(template).from_config({**config, **own}))
    return made


def merge(statistics: Iterable[Statistics]) -> Statistics:
    """Joins the statistics of all parts into one dict.

    Example:
        >>> merge([{"weight": 1.0}, {"weight": 2.0}])
        {'0/weight': 1.0, '1/weight': 2.0}
    """
    return {f"{i}/{name}": value for i, own in enumerate(statistics) for name, value in own.items()}


def split(statistics: Statistics, number: int) -> list[Statistics]:
    """Undoes `merge` for `number` parts.

    Example:
        >>> split({"0/weight": 1.0, "1/weight": 2.0}, number=2)
        [{'weight': 1.0}, {'weight': 2.0}]
    """
    parts: list[Statistics] = [{} for _ in range(number)]
    for key, value in statistics.items():
        i, _, name = key.partition("/")
        parts[int(i)][name] = value
    return parts


def join(outputs: Sequence[Any], field: str) -> Tensor:
    """Concatenates a field of what several parts return along the codebooks."""
    tensors = [getattr(output, field) for output in outputs]
    if field != "samples":
        return ops.concatenate(tensors, axis=-1)
    # A part that is frozen has one sample, its code, where the others draw several.
    most = max(tensor.shape[-1] for tensor in tensors)
    tensors = [ops.repeat(each, most // each.shape[-1], axis=-1) for each in tensors]
    return ops.concatenate(tensors, axis=-2)


def join_draws(dense: Tensor, draws: Sequence[Draw]) -> Draw:
    """Returns the `Draw` of a whole, whose dense vectors are given, from those of its parts."""
    return Draw(dense, join(draws, "samples"), sum(draw.log_ratio for draw in draws))
