"""What every hyper-parameter set holds."""

import dataclasses
from typing import Annotated, ClassVar

from t2t_vq.config.ranges import SCHEDULE, Count, Number, Rate, Weight, Within


@dataclasses.dataclass(frozen=True)
class HParams:
    """What every model needs: optimisation.

    Attributes:
        task: what the model does, as its problems call it: "translation" or "images".
        model: registered name of the model.
        train_steps: updates to train for, unless `--train_steps` says otherwise.
        learning_rate: the highest learning rate, reached after `warmup_steps`.
        warmup_steps: updates over which the rate rises linearly from zero.
        schedule: "rsqrt" (inverse square root of the step) or "cosine" (down to 2 %).
        schedule_start: updates after which the schedule, warm-up and all, begins; 0 unless a run
            that goes on for longer shall warm up anew.
        schedule_steps: updates at which "cosine" is down, and stays; 0 for `train_steps`.
        adam_beta1, adam_beta2, adam_epsilon: of the Adam optimizer.
        clip_norm: largest global norm of a gradient; 0 does not clip.
        weight_ema: decay of a moving average of the trainable weights, which validation translates
            with and `best` keeps; 0 averages none. It warms up: see `t2t_vq.training.weight_ema`.
        eval_frequency: updates between two evaluations and checkpoints.
    """

    task: ClassVar[str | None] = None

    model: str
    train_steps: Count = 250_000
    learning_rate: Annotated[float, Within(0, 10, above=True)] = 1.4e-3
    warmup_steps: Number = 4_000
    schedule: Annotated[str, SCHEDULE] = "rsqrt"
    schedule_start: Number = 0
    schedule_steps: Number = 0
    adam_beta1: Rate = 0.9
    adam_beta2: Rate = 0.997
    adam_epsilon: Annotated[float, Within(0, 1, above=True)] = 1e-9
    clip_norm: Weight = 0.0
    weight_ema: Rate = 0.0
    eval_frequency: Count = 5_000

    def batching(self) -> dict[str, int]:
        """Returns what a problem's `batches` needs to know, as keyword arguments."""
        raise NotImplementedError(f"{type(self).__name__} does not implement batching().")

    def misfits(self) -> list[str]:
        """Returns what does not fit together, a list of sentences."""
        return []

    def least_activations(self) -> int:
        """Returns how many numbers a batch makes at least, which training keeps."""
        return 0


def heads_misfit(size_name: str, size: int, heads_name: str, heads: int) -> list[str]:
    """Returns a list of one sentence where heads cannot have equal parts of a width, else none."""
    if size % heads == 0:
        return []
    return [
        f"{size_name}={size} must be a multiple of {heads_name}={heads}, as each head has an equal "
        "part of it. Change one of the two."
    ]
