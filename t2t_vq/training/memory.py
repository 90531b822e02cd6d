"""What training takes in memory at least, told before it is taken."""

from __future__ import annotations

import math
import os
import pathlib
from typing import TYPE_CHECKING

import tensorflow as tf

from t2t_vq.errors import InvalidError

if TYPE_CHECKING:
    from t2t_vq.models.model import Model
    from t2t_vq.run import Run

# Bytes of a weight, and of one that is trained with its gradient and the two moments of Adam.
_WEIGHT = 4
_TRAINED = 4 * _WEIGHT
_ACTIVATION = {"float32": 4, "mixed_bfloat16": 2}
# Where Linux tells a container how much it may have.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_GIB = 2**30


def check_memory(run: Run, model: Model | None) -> None:
    """Refuses a training that this machine's memory does not hold.

    It counts the weights and the widest activations only, so what passes may still be too much.
    Nothing is refused where a GPU is in use, which has both in its own memory.

    Args:
        run: a `t2t_vq.run.Run`.
        model: what its `try_model` gives.

    Raises:
        ValueError: when weights and batches take more than there is.
    """
    if tf.config.get_visible_devices("GPU"):
        return
    weights = 0
    if model is not None:
        trained, others = model.trainable_variables, model.non_trainable_variables
        weights = _TRAINED * _numbers(trained) + _WEIGHT * _numbers(others)
    batch = _ACTIVATION[run.precision] * run.hparams.least_activations()
    if weights + batch > (there := machine_memory()):
        raise InvalidError(
            f"Training this takes at least {_told(weights)} for the model and {_told(batch)} for a "
            f"batch, and the machine has {_told(there)} of memory. Choose fewer or narrower "
            "layers, fewer codes or smaller batches."
        )


def _numbers(variables):
    return sum(math.prod(variable.shape) for variable in variables)


def machine_memory() -> int:
    """Returns how many bytes of memory a process may have here."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in map(pathlib.Path, _LIMITS):
        limit = path.read_text().strip() if path.is_file() else ""
        if limit.isdecimal():
            found = min(found, int(limit))
    return found


def _told(number):
    return f"{number / _GIB:,.1f} GiB"
