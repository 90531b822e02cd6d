"""What the models with a bottleneck have in common."""


class WithBottleneck:
    """Makes a `Model` of one with a bottleneck, which knows when it starts and how it learns.

    Attributes:
        bottleneck: its layer of `t2t_vq.bottlenecks`.
    """

    @property
    def startup_steps(self):
        """Updates after which the trainer calls `adapt`."""
        return self.bottleneck.startup_steps

    def has_started(self):
        return float(self.bottleneck.started_share()) == 1

    def update(self, statistics):
        self.bottleneck.update(statistics)

    def describe(self, statistics):
        return self.bottleneck.describe(statistics)
