"""What training takes in memory at least, told before it is taken."""

import os
import pathlib

# Bytes of a number, and of a weight with its gradient and the two moments of Adam.
_NUMBER = 4
_WEIGHT = 4 * _NUMBER
# Where Linux tells a container how much it may have.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_GIB = 2**30


def check_memory(hparams):
    """Refuses a model that cannot be trained in this machine's memory.

    It counts the large matrices and the widest activations only, so what passes may still be too
    much, and what is refused cannot be trained here.

    Args:
        hparams: a dataclass of `t2t_vq.config`.

    Raises:
        ValueError: when weights and batches take more than there is.
    """
    weights, batch = _WEIGHT * hparams.least_weights(), _NUMBER * hparams.least_activations()
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
