"""The processors that there are to work with."""

import os


def usable() -> int:
    """Returns how many processors this process may use.

    A batch system or `taskset` may leave it fewer than the machine has.

    Example:
        >>> usable() > 0
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
