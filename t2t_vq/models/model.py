"""What the trainer asks of every model."""

import dataclasses
import inspect
import typing
from collections.abc import Iterable
from typing import Any

import keras

from t2t_vq.tensors import Statistics, Tensor


class TrainingOutput(typing.NamedTuple):
    """What a training step needs of a forward pass.

    Attributes:
        losses: scalars by name; their sum is minimised.
        metrics: further scalars by name, means that replicas add up to, like the losses.
        statistics: what `Model.update` wants after the step; may be empty.
    """

    losses: dict
    metrics: dict
    statistics: dict


class Model(keras.Model):
    """A model that `t2t_vq.training.trainer` trains, from batches that its problem gives.

    Attributes:
        unit: what the speed of training is counted in, one of the names of `loss_totals`.
        startup_steps: updates after which the trainer calls `adapt`.
    """

    unit = ""
    startup_steps: int | None = 0

    @classmethod
    def from_hparams(cls, hparams: Any, *, seed: int = 0, **arguments: Any) -> "Model":
        """Returns a new model.

        Args:
            hparams: a dataclass of `t2t_vq.config` that describes it.
            seed: of what the model draws, for those that draw anything themselves; weights and
                dropout hang on Keras's seed.
            **arguments: what the problem's `model_arguments` tells of the data.
        """
        raise NotImplementedError

    @classmethod
    def _arguments_from(cls, hparams):
        """Returns the hyper-parameters that the constructor takes by the same name, as a dict."""
        ours = cls.__mro__[: cls.__mro__.index(Model)]
        names = {name for each in ours for name in inspect.signature(each.__init__).parameters}
        fields = [field.name for field in dataclasses.fields(hparams)]
        return {name: getattr(hparams, name) for name in fields if name in names}

    def loss_totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Returns, for each loss and metric, the number that its sum is divided by.

        The number of `unit` is always among them. The trainer adds these over replicas and hands
        them to `training_output`.
        """
        raise NotImplementedError

    def training_output(
        self,
        batch: dict[str, Tensor],
        step: Tensor | int,
        totals: dict[str, Tensor] | None = None,
        training: bool = False,
    ) -> TrainingOutput:
        """Returns losses, metrics and statistics of a batch.

        Args:
            batch: dict of tensors, as the problem gives them.
            step: scalar, the training step, for schedules.
            totals: what `loss_totals` gave, summed over replicas; this batch's by default.
            training: whether dropout and sampling are on. Default False.

        Returns:
            A `TrainingOutput`.
        """
        raise NotImplementedError

    def adapt(self, batches: Iterable[dict[str, Tensor]]) -> None:
        """Starts from data what does, after `startup_steps` updates; here nothing.

        Args:
            batches: iterable of batches, of which as many are used as it takes.
        """

    def has_started(self) -> bool:
        """Returns whether what starts from data has; always, where nothing does."""
        return True

    def update(self, statistics: Statistics) -> None:
        """Applies what a step learned without gradients; in a replica context."""

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Returns metrics of statistics, by name."""
        return {}

    def freeze(self, step: int) -> bool:
        """Lets stand still what learns no longer after `step` updates.

        Returns:
            Whether that changes what learns, so that a step compiled before it is out of date.
        """
        return False

    @property
    def learned_variables(self) -> list[Any]:
        """What gradients move: all trainable variables, but for those that stand still."""
        return self.trainable_variables
