"""Options that may change with the number of updates, such as a temperature."""

import keras
from keras import ops


def at_step(value, step):
    """Returns what an option is after `step` updates, a float32 scalar tensor.

    Args:
        value: a number, or a schedule of Keras, such as
            `keras.optimizers.schedules.PolynomialDecay(4.0, 10_000, end_learning_rate=0.5)`.
        step: integer scalar tensor.
    """
    if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        value = value(step)
    return ops.convert_to_tensor(value, "float32")
