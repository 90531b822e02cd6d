"""Locks on folders and files, which end with the process that holds them."""

import contextlib
import fcntl
import os


@contextlib.contextmanager
def locked(path):
    """Locks a folder or a file, unless another process has; gives whether none has.

    Where the file system has no locks, that cannot be told, and none has.

    Example:
        with locked("runs/mine") as is_ours:
            ...
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
