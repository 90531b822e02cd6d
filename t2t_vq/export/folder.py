"""The folder that a model is exported to."""

import contextlib
import os
import pathlib
import tempfile

from t2t_vq import run as runs


def check_free(export_dir):
    """Refuses a folder that nothing can be exported to.

    Args:
        export_dir: a folder that is not there yet, or empty.

    Raises:
        ValueError: when TensorFlow would not find it again.
        FileExistsError: when it holds files.
        NotADirectoryError: when it is a file, or would be in one.
        PermissionError: when nothing may be written there.
    """
    runs.check_folder(export_dir, "--export_dir")
    folder = pathlib.Path(export_dir)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise NotADirectoryError(
            f"{export_dir} can be no folder, as {there} is a file. Choose another --export_dir."
        )
    if there == folder and any(folder.iterdir()):
        raise FileExistsError(
            f"{export_dir} is not empty. Choose another --export_dir or clear that one."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(
            f"{export_dir} cannot be written, as only others may write to {there}. Choose another "
            "--export_dir."
        )


@contextlib.contextmanager
def filling(export_dir):
    """Gives a temporary folder to write to; what it holds moves to `export_dir` when all went well.

    Args:
        export_dir: a folder that is not there yet, or empty. It stays so when something goes wrong.

    Raises:
        OSError: as `check_free` does.
    """
    check_free(export_dir)
    folder = pathlib.Path(export_dir)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Inside, as an empty folder may be a mounted disk, whose place nothing can take.
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            yield temporary
            for path in pathlib.Path(temporary).iterdir():
                os.replace(path, folder / path.name)
    except BaseException:
        if is_new:
            # It may hold what another process has exported in the meantime.
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
