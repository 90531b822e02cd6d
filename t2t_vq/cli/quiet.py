"""TensorFlow without what its C++ code writes while it starts."""

import contextlib
import glob
import os
import sys
import tempfile

from t2t_vq import import_hooks


def import_tensorflow_quietly() -> None:
    """Makes the first import of TensorFlow write nothing to standard error.

    Before its logging is set up no log level counts, so whatever is written to the file descriptor
    meanwhile is held back. It is shown when the import raises, and, where there is an NVIDIA
    device, its lines about errors are, as they may say why TensorFlow does not use it. Where there
    is no place to hold it, or nobody to hold it from, nothing is held back.
    """
    import_hooks.around("tensorflow", _quiet)


@contextlib.contextmanager
def _quiet(module_name):
    with contextlib.ExitStack() as stack:
        held = None
        with contextlib.suppress(OSError):
            held = stack.enter_context(tempfile.TemporaryFile()) if sys.stderr else None
        if held is None:
            yield
            return
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        is_whole = False
        try:
            yield
            # The rest is written when devices are looked for.
            sys.modules[module_name].config.list_physical_devices()
            is_whole = True
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not is_whole or (line.startswith(b"E") and glob.glob("/dev/nvidia*")):
                    os.write(2, line)
