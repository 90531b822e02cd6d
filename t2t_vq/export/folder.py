"""The folder that a model is exported to."""

import contextlib
import os
import pathlib
import tempfile


@contextlib.contextmanager
def filling(export_dir):
    """Gives a temporary folder to write to; what it holds moves to `export_dir` when all went well.

    Args:
        export_dir: a folder that is not there yet, or empty.

    Raises:
        FileExistsError: when `export_dir` holds files.
    """
    folder = pathlib.Path(export_dir)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            f"{export_dir} is not empty. Choose another --export_dir or clear that one."
        )
    folder.mkdir(parents=True, exist_ok=True)
    # Inside, as an empty folder may be a mounted disk, whose place nothing can take.
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        yield temporary
        for path in pathlib.Path(temporary).iterdir():
            os.replace(path, folder / path.name)
