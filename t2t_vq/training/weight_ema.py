"""The moving average of the weights in their place, for as long as something looks at it."""

import contextlib

import tensorflow as tf


@contextlib.contextmanager
def averaged_weights(model, optimizer):
    """Gives the model its averaged weights, and afterwards those that training goes on with.

    The average is the optimizer's: of the trainable weights after every update, where the weights
    after the first count in full, so that none of it is left from zero. What does not train by
    gradient stays as it is: a codebook that learns by expectation-maximisation is a moving average
    already.

    Args:
        model: built.
        optimizer: a Keras optimizer, built; without `use_ema` the model keeps its weights.

    Example:
        with averaged_weights(model, optimizer):
            evaluator.evaluate(step)
    """
    if not optimizer.use_ema:
        yield
        return
    variables = model.trainable_variables
    plain = [tf.identity(variable.value) for variable in variables]
    optimizer.finalize_variable_values(variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, plain, strict=True):
            variable.assign(value)
