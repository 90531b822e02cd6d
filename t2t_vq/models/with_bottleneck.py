"""What the models with a bottleneck have in common."""

from t2t_vq.bottlenecks.base import Bottleneck
from t2t_vq.tensors import Statistics, Tensor


class WithBottleneck:
    """Makes a `Model` of one with a bottleneck, which knows when it starts and how it learns.

    Attributes:
        bottleneck: its layer of `t2t_vq.bottlenecks`.
    """

    bottleneck: Bottleneck

    @property
    def startup_steps(self) -> int | None:
        """Updates after which the trainer calls `adapt`; 0 where nothing starts from data."""
        return self.bottleneck.startup_steps if self.bottleneck.starts_from_data else 0

    def has_started(self) -> bool:
        return float(self.bottleneck.started_share()) == 1

    def update(self, statistics: Statistics) -> None:
        self.bottleneck.update(statistics)

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        return self.bottleneck.describe(statistics)
