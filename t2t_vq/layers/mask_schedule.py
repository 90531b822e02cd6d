"""How often the parallel decoder sees latents instead of true target embeddings."""

import math

from keras import ops

from t2t_vq.tensors import Tensor

_FLOOR = 0.01


def latent_share(step: Tensor, startup_steps: int) -> Tensor:
    """Returns the share of positions that take latents at a training step.

    A linear rise over `startup_steps`, times an exponential rise over a quarter of them, both from
    1 %; from `startup_steps` on it is 1, as in decoding.

    Args:
        step: scalar, the training step.
        startup_steps: length of the schedule; 0 gives 1 always.

    Returns:
        A scalar in (0, 1], float32.

    Reference:
        the schedule of Tensor2Tensor's `transformer_nat`, 50,000 steps there.

    Example:
        >>> print(round(float(latent_share(10_000, 50_000)), 3))
        0.083
    """
    if not startup_steps:
        return ops.ones(())
    step = ops.cast(step, "float32")
    linear = ops.minimum(step / startup_steps, 1.0) * (1 - _FLOOR) + _FLOOR
    quarter = startup_steps / 4
    left = ops.maximum(quarter - step, 0.0) / quarter
    return linear * ops.exp(math.log(_FLOOR) * left)
