"""A trained model that was loaded, whatever it came from."""

import pathlib

from t2t_vq.paths import StrPath


class Loaded:
    """A trained model, of a run or of an export; `t2t_vq.load` gives one of its subclasses.

    Args:
        path: folder that it was loaded from.
        about: dict that JSON can hold, of what it is: `problem`, `hparams` and `overrides`,
            `updates`, `best_validation_score` and more, as far as they are known.

    Attributes:
        path: the folder, a `pathlib.Path`.
        about: the dict.
        checkpoint: path of the checkpoint that the weights are of; of an export, its name. None if
            that is not known.
    """

    task: str | None = None

    def __init__(self, path: StrPath, about: dict) -> None:
        self.path = pathlib.Path(path)
        self.about = about
        self.checkpoint: str | None = about.get("checkpoint")

    @property
    def problem(self) -> str | None:
        """Registered name of the problem that it was trained for; None if that is not known."""
        return self.about.get("problem")

    @property
    def step(self) -> int | None:
        """Updates that its weights were trained for; None if that is not known."""
        return self.about.get("updates")

    @property
    def best_score(self) -> float | None:
        """The best validation of its run; None if that is not known."""
        return self.about.get("best_validation_score")

    def summary(self) -> str:
        """Returns what is known of the model, a line for each thing.

        Example:
            >>> print(t2t_vq.load("runs/mine").summary())
            path                   runs/mine
            task                   translation
            ...
        """
        told = {"path": self.path, "task": self.task, **self.about}
        told = {name: value for name, value in told.items() if value not in (None, "")}
        width = max(map(len, told))
        return "\n".join(f"{name:{width}}  {_written(value)}" for name, value in told.items())

    def __repr__(self):
        parts = [self.about.get("hparams"), self.problem and f"on {self.problem}"]
        parts.append(self.step is not None and f"after {self.step:,} updates")
        parts.append(self.best_score is not None and f"best validation {self.best_score:.2f}")
        told = ", ".join(filter(None, parts))
        return f"<{type(self).__name__} {self.path}{f': {told}' if told else ''}>"


def _written(value):
    if isinstance(value, dict):
        return ", ".join(f"{name} {_written(part)}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
