"""The line that training shows."""

import time

from t2t_vq.progress import duration, move, on_terminal


class TrainingProgress:
    """Prints step, losses, speed and time left.

    Args:
        first_step: the step that this run starts from.
        last_step: the step that it ends at.
        unit: what speed is counted in, "tokens" or "images".
    """

    def __init__(self, first_step: int, last_step: int, unit: str) -> None:
        self._step = first_step
        self._last_step = last_step
        self._unit = unit
        self._time = time.monotonic()
        self._interval = 2.0 if on_terminal() else 15.0

    def is_due(self) -> bool:
        """Returns whether the last line is long enough ago."""
        return time.monotonic() - self._time >= self._interval

    def show(self, step: int, means: dict[str, float], units: float) -> float:
        """Shows the updates since the last call.

        Args:
            step: updates made so far.
            means: dict of scalars, means over those updates; `loss` and its parts `loss/...`.
            units: tokens or images in them.

        Returns:
            Units a second.
        """
        now = time.monotonic()
        seconds, steps = max(now - self._time, 1e-9), max(step - self._step, 1)
        left = (self._last_step - step) * seconds / steps
        parts = ", ".join(
            f"{name.removeprefix('loss/')} {value:.3f}"
            for name, value in means.items()
            if name.startswith("loss/")
        )
        total = f"step {step:,}/{self._last_step:,}  loss {means['loss']:.3f}"
        speed = f"{units / seconds:,.0f} {self._unit}/s  {duration(left)} left"
        move(f"{total} ({parts})  {speed}", f"{total}  {speed}")
        self.restart(step)
        return units / seconds

    def restart(self, step: int) -> None:
        """Leaves out of the speed what was done since the last line, such as an evaluation."""
        self._step, self._time = step, time.monotonic()
