"""Options that may change with the number of updates, such as a temperature."""

import keras
from keras import ops


def at_step(value, step):
    """Returns what an option is after `step` updates, a number or a float32 scalar.

    Args:
        value: a number, or a schedule of Keras, such as
            `keras.optimizers.schedules.PolynomialDecay(4.0, 10_000, end_learning_rate=0.5)`.
        step: integer scalar tensor.
    """
    if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        return ops.cast(value(step), "float32")
    return value


def serialize(value):
    """Returns a number as it is and a schedule as a dict, for `get_config`."""
    return value if isinstance(value, int | float) else keras.saving.serialize_keras_object(value)


def deserialize(value):
    """Returns what `serialize` was given."""
    return keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else value
