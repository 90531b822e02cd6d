"""The best validation of a run so far: its weights, and what `run.json` notes of it."""

from __future__ import annotations

import dataclasses
import math
import pathlib
import typing
from typing import TYPE_CHECKING

import tensorflow as tf
from absl import logging

from t2t_vq import run as runs
from t2t_vq.paths import StrPath
from t2t_vq.training.checkpoints import newest_in, save_weights, step_of

if TYPE_CHECKING:
    from t2t_vq.models.model import Model
    from t2t_vq.training.evaluator import Evaluator

# Where runs of earlier versions keep the best score, with its sign turned where lower is better.
_BEST_SCORE = "best_score/.ATTRIBUTES/VARIABLE_VALUE"


class Best(typing.NamedTuple):
    """The best validation of a run.

    Attributes:
        measure: what was measured, as people call it.
        value: the best of it.
    """

    measure: str
    value: float


class Validations:
    """Keeps the weights that were best in validation, and notes how good they were.

    Args:
        output_dir: folder of the run, which has its `run.json`. A best validation that it notes
            counts only with its weights.
        model: built.
        evaluator: the `t2t_vq.training.evaluator.Evaluator` of the run.
    """

    def __init__(self, output_dir: StrPath, model: Model, evaluator: Evaluator) -> None:
        self._output_dir = output_dir
        self._model = model
        self._evaluator = evaluator
        self._noted = runs.best_of(output_dir)
        best = newest_in(pathlib.Path(output_dir) / "best")
        if self._noted == runs.BestSoFar():
            self._noted = self._noted_before(best)
            runs.note_best(output_dir, self._noted)
        if self._noted.updates and (best is None or step_of(best) != self._noted.updates):
            logging.warning(
                "The best weights of %s, of update %d, are gone; the next validation is the best.",
                *(output_dir, self._noted.updates),
            )
            self._noted = runs.BestSoFar()

    def _noted_before(self, best):
        """Returns what the checkpoints of an earlier version tell; `best` has its weights."""
        path, score = _newest_score(self._output_dir)
        if path is None:
            return runs.BestSoFar()
        if best is None or not math.isfinite(score):
            return self._best_so_far(None, 0, step_of(path))
        return self._best_so_far(self._evaluator.sign * score, step_of(best), step_of(path))

    def _best_so_far(self, value, updates, validated):
        measure, lower_is_better = self._evaluator.measure_name, self._evaluator.sign < 0
        return runs.BestSoFar(measure, value, updates, validated, lower_is_better)

    def is_missing(self, step: int) -> bool:
        """Returns whether the run was saved at a step, and stopped before it was validated."""
        return self._noted.validated < step

    def note(self, step: int, value: float) -> bool:
        """Notes a validation, and keeps the weights if it is the best so far.

        Args:
            step: updates made so far.
            value: what the evaluator measured; NaN is never the best.

        Returns:
            Whether it is.
        """
        is_best = self._is_best(value)
        if is_best:
            save_weights(self._model, pathlib.Path(self._output_dir) / "best", step)
            self._noted = self._best_so_far(float(value), step, step)
        self._noted = dataclasses.replace(self._noted, validated=step)
        runs.note_best(self._output_dir, self._noted)
        return is_best

    def _is_best(self, value):
        if not math.isfinite(value):
            return False
        before = self._noted.value
        return before is None or self._evaluator.sign * (value - before) > 0

    @property
    def best(self) -> Best:
        """The `Best` so far; its value is NaN where there is none."""
        value = self._noted.value
        return Best(self._evaluator.measure_name, math.nan if value is None else value)


def best_score(output_dir: StrPath) -> float | None:
    """Returns the best validation of a run so far, as measured; None when there is none."""
    value = runs.best_of(output_dir).value
    if value is None:
        _, score = _newest_score(output_dir)
        value = abs(score) if math.isfinite(score) else None
    return value


def _newest_score(output_dir):
    """Returns the newest checkpoint that holds a best score, and that; None and NaN without."""
    path = newest_in(pathlib.Path(output_dir) / "latest")
    try:
        if path is not None and _BEST_SCORE in dict(tf.train.list_variables(path)):
            return path, float(tf.train.load_variable(path, _BEST_SCORE))
    except tf.errors.OpError:
        # Who goes on with the run is told of the damage.
        pass
    return None, math.nan
