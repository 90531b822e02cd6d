"""Locks on folders and files, which end with the process that holds them."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from t2t_vq.paths import StrPath


@contextlib.contextmanager
def locked(path: StrPath) -> Iterator[bool]:
    """Locks a folder or a file, unless another process has; gives whether none has.

    Where the file system has no locks, that cannot be told, and none has.

    Example:
        >>> with locked(".") as is_ours:
        ...     print(is_ours)
        True
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor):
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
