"""Learning-rate schedules."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="t2t_vq")
class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to a peak, then a decay.

    Args:
        peak: highest rate, reached after `warmup_steps`.
        warmup_steps: updates of the rise.
        decay: "rsqrt", by the inverse square root of the step, or "cosine", down to 2 % of the peak
            at `total_steps`.
        total_steps: updates in all; "cosine" needs it.

    Raises:
        ValueError: for another decay.

    Example:
        WarmupSchedule(1e-3, 100, "rsqrt")(400)  # 5e-4
    """

    _FLOOR = 0.02

    def __init__(self, peak, warmup_steps, decay, total_steps=None):
        if decay not in ("rsqrt", "cosine"):
            raise ValueError(f"There is no schedule '{decay}'. Choose rsqrt or cosine.")
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.decay = decay
        self.total_steps = total_steps

    def __call__(self, step):
        step = ops.cast(step, "float32") + 1.0
        warmup = float(max(self.warmup_steps, 1))
        if self.decay == "rsqrt":
            decayed = ops.sqrt(warmup / ops.maximum(step, warmup))
        else:
            span = max(self.total_steps - warmup, 1.0)
            progress = ops.clip((step - warmup) / span, 0.0, 1.0)
            cosine = 0.5 * (1.0 + ops.cos(3.141592653589793 * progress))
            decayed = self._FLOOR + (1.0 - self._FLOOR) * cosine
        return self.peak * ops.minimum(step / warmup, decayed)

    def get_config(self):
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "decay": self.decay,
            "total_steps": self.total_steps,
        }
