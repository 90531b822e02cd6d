"""Validation while training: what every evaluator does."""

from __future__ import annotations

import dataclasses
import importlib
from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from t2t_vq.models.model import Model
    from t2t_vq.problems.problem import Problem
    from t2t_vq.run import Run


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a validation found.

    Attributes:
        scalars: by name, the evaluator's `measure` among them.
        example: lines of text that show what the model does; may be empty.
        texts: Markdown by name, for TensorBoard.
        images: by name, uint8 `[n, height, width, channels]`, for TensorBoard.
    """

    scalars: dict
    example: str = ""
    texts: dict = dataclasses.field(default_factory=dict)
    images: dict = dataclasses.field(default_factory=dict)


class Evaluator:
    """Evaluates a model on the validation set; it never moves a variable.

    Args:
        model: the model.
        problem: its problem.
        run: the `Run`.
        max_batches: most batches that an evaluation uses; none uses the whole set.

    Attributes:
        measure: name of the scalar that tells the best weights.
        measure_name: the same as people call it.
        sign: 1 where higher is better, -1 where lower is.
    """

    measure = ""
    measure_name = ""
    sign = 1

    def __init__(
        self, model: Model, problem: Problem, run: Run, max_batches: int | None = None
    ) -> None:
        self.model = model
        self.max_batches = max_batches
        batches = problem.batches(run.data_dir, "dev", **run.hparams.batching())
        self._batches = batches if max_batches is None else batches.take(max_batches)
        self._compiled_sums = tf.function(self._sums, autograph=False)

    def evaluate(self, step: int) -> Evaluation:
        """Returns the `Evaluation` of the model as it is after `step` updates."""
        raise NotImplementedError

    def mean_losses(self, step: int) -> dict[str, float]:
        """Returns the means of losses and metrics over the validation set, by name."""
        sums: dict[str, float] = {}
        totals: dict[str, float] = {}
        for batch in self._batches:
            values, weight = self._compiled_sums(batch, tf.constant(step))
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + float(value) * float(weight)
                totals[name] = totals.get(name, 0.0) + float(weight)
        return {name: total / max(totals[name], 1.0) for name, total in sums.items()}

    def _sums(self, batch, step):
        output = self.model.training_output(batch, step, training=False)
        values = {f"loss/{name}": value for name, value in output.losses.items()}
        values = {"loss": sum(output.losses.values()), **values, **output.metrics}
        return values, self.model.loss_totals(batch)[self.model.unit]


def evaluator_of(problem: Problem) -> type[Evaluator]:
    """Returns the class of the evaluator that a problem names.

    Raises:
        ValueError: when it names none, and is of a task that has none.
    """
    found = problem.evaluator
    if isinstance(found, str):
        module, _, name = found.rpartition(".")
        found = getattr(importlib.import_module(module), name)
    return found
