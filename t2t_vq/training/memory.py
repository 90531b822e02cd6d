"""What training takes in memory at least, told before it is taken."""

import os
import pathlib

import tensorflow as tf

# Bytes of a weight with its gradient and the two moments of Adam, which are float32 throughout.
_WEIGHT = 4 * 4
# Of an activation.
_ACTIVATION = {"float32": 4, "mixed_bfloat16": 2}
# Where Linux tells a container how much it may have.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_GIB = 2**30


def check_memory(hparams, precision="float32"):
    """Refuses a model whose training this machine's memory does not hold.

    It counts the large matrices and the widest activations only, so what passes may still be too
    much. Nothing is refused where a GPU is in use, which has both in its own memory.

    Args:
        hparams: a dataclass of `t2t_vq.config`.
        precision: of the run, "float32" or "mixed_bfloat16".

    Raises:
        ValueError: when weights and batches take more than there is.
    """
    if tf.config.get_visible_devices("GPU"):
        return
    weights = _WEIGHT * hparams.least_weights()
    batch = _ACTIVATION[precision] * hparams.least_activations()
    if weights + batch > (there := machine_memory()):
        raise ValueError(
            f"Training this takes at least {_told(weights)} for the model and {_told(batch)} for a "
            f"batch, and the machine has {_told(there)} of memory. Choose fewer or narrower "
            "layers, fewer codes or smaller batches."
        )


def machine_memory():
    """Returns how many bytes of memory a process may have here."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in map(pathlib.Path, _LIMITS):
        limit = path.read_text().strip() if path.is_file() else ""
        if limit.isdecimal():
            found = min(found, int(limit))
    return found


def _told(number):
    return f"{number / _GIB:,.1f} GiB"
