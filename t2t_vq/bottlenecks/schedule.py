"""Options that may change with the number of updates, such as a temperature."""

from typing import TypeAlias

import keras
from keras import ops

from t2t_vq.tensors import Tensor

# A number, or one that changes with the number of updates.
Scheduled: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


def at_step(value: Scheduled, step: Tensor) -> Tensor:
    """Returns what an option is after `step` updates, a float32 scalar tensor.

    Args:
        value: a number, or a schedule of Keras, such as
            `keras.optimizers.schedules.PolynomialDecay(4.0, 10_000, end_learning_rate=0.5)`.
        step: integer scalar tensor.

    Example:
        >>> falling = keras.optimizers.schedules.PolynomialDecay(4.0, 10, end_learning_rate=1.0)
        >>> float(at_step(falling, ops.array(20))), float(at_step(0.5, ops.array(20)))
        (1.0, 0.5)
    """
    if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        value = value(step)
    return ops.convert_to_tensor(value, "float32")
