"""Learning-rate schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from t2t_vq.config.ranges import SCHEDULE
from t2t_vq.errors import InvalidError

if TYPE_CHECKING:
    from t2t_vq.config import HParams


@keras.saving.register_keras_serializable(package="t2t_vq")
class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to a peak, then a decay.

    Args:
        peak: highest rate, reached after `warmup_steps`.
        warmup_steps: updates of the rise.
        decay: "rsqrt", by the inverse square root of the step, or "cosine", down to 2 % of the peak
            at `total_steps`.
        total_steps: updates in all; "cosine" needs it.
        start: updates before all this, while the rate is as at its first. Default 0.

    Raises:
        ValueError: for another decay.

    Example:
        >>> schedule = WarmupSchedule(1e-3, warmup_steps=100, decay="rsqrt")
        >>> [round(float(schedule(step)), 6) for step in (49, 99, 399)]
        [0.0005, 0.001, 0.0005]
    """

    _FLOOR = 0.02

    def __init__(
        self,
        peak: float,
        warmup_steps: int,
        decay: str,
        total_steps: int | None = None,
        start: int = 0,
    ) -> None:
        if decay not in SCHEDULE:
            raise InvalidError(f"There is no schedule '{decay}'. Choose {SCHEDULE}.")
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.decay = decay
        self.total_steps = total_steps
        self.start = start

    def __call__(self, step):
        step = ops.maximum(ops.cast(step, "float32") - self.start, 0.0) + 1.0
        warmup = float(max(self.warmup_steps, 1))
        if self.decay == "rsqrt":
            decayed = ops.sqrt(warmup / ops.maximum(step, warmup))
        else:
            span = max(self.total_steps - self.start - warmup, 1.0)
            progress = ops.clip((step - warmup) / span, 0.0, 1.0)
            cosine = 0.5 * (1.0 + ops.cos(3.141592653589793 * progress))
            decayed = self._FLOOR + (1.0 - self._FLOOR) * cosine
        return self.peak * ops.minimum(step / warmup, decayed)

    def get_config(self) -> dict[str, Any]:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "decay": self.decay,
            "total_steps": self.total_steps,
            "start": self.start,
        }


def schedule_of(hparams: HParams) -> WarmupSchedule:
    """Returns the `WarmupSchedule` of a `t2t_vq.config.HParams`."""
    return WarmupSchedule(
        hparams.learning_rate,
        hparams.warmup_steps,
        hparams.schedule,
        hparams.schedule_steps or hparams.train_steps,
        hparams.schedule_start,
    )


def rise(before: HParams, after: HParams, step: int) -> str:
    """Tells that a run which goes on does so with a higher learning rate, where that is so.

    Args:
        before, after: its hyper-parameters as they were, and as they are now.
        step: updates made so far.

    Returns:
        A text that offers alternatives; empty where the rate does not rise, or was told to.
    """
    asked = before.schedule_start != after.schedule_start
    old, new = (float(schedule_of(hparams)(step)) for hparams in (before, after))
    if asked or new <= old:
        return ""
    steps = before.schedule_steps or before.train_steps
    return (
        f"The {after.schedule} schedule of {steps:,} updates became one of "
        f"{after.schedule_steps or after.train_steps:,}, so the learning rate rises from {old:.2g} "
        f"to {new:.2g} here, at update {step:,}. To keep it low, add schedule_steps={steps} to "
        f"--hparams; to warm up anew, add schedule_start={step}."
    )
