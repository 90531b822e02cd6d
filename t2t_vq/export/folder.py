"""The folder that a model is exported to."""

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

from t2t_vq import locks
from t2t_vq import run as runs
from t2t_vq.errors import NoFolderError, OccupiedError, UnwritableError
from t2t_vq.formats import exported
from t2t_vq.paths import StrPath

# Of the folders that hold what is half written.
_PREFIX = ".t2t-vq-export-"
# What an export is known by: networks, a SavedModel, a model of CTranslate2.
_MARKS = (exported.FILE, "saved_model.pb", "model.bin")


def check_free(export_dir: StrPath) -> None:
    """Refuses a folder that nothing can be exported to.

    Args:
        export_dir: a folder that is not there yet, or empty but for what an export left there that
            was killed.

    Raises:
        ValueError: when TensorFlow would not find it again.
        FileExistsError: when it holds files, or something is being exported to it.
        NotADirectoryError: when it is a file, or would be in one.
        PermissionError: when nothing may be written there.
    """
    runs.check_folder(export_dir, "--export_dir")
    folder = pathlib.Path(export_dir)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise NoFolderError(
            f"{export_dir} can be no folder, as {there} is a file. Choose another --export_dir."
        )
    if there == folder:
        _check_empty(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        raise UnwritableError(
            f"{export_dir} cannot be written, as only others may write to {there}. Choose another "
            "--export_dir."
        )


def _check_empty(folder):
    names = sorted(path.name for path in folder.iterdir())
    others = [name for name in names if not name.startswith(_PREFIX)]
    if others:
        shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        raise OccupiedError(
            f"{folder} is not empty. Choose another --export_dir, or clear that one of what is in "
            f"the way: {shown}."
        )
    for name in names:
        with locks.locked(folder / name) as is_ours:
            if not is_ours:
                raise OccupiedError(
                    f"Something is being exported to {folder} now. Wait for its end, or choose "
                    "another --export_dir."
                )


def _is_mark(path):
    return path.name in _MARKS


@contextlib.contextmanager
def filling(export_dir: StrPath) -> Iterator[str]:
    """Gives a temporary folder to write to; what it holds moves to `export_dir` when all went well.

    What an export is known by comes last, so that a folder in which not all has arrived, as the
    process was killed meanwhile, is taken for none.

    Args:
        export_dir: as `check_free` takes it. It stays as it was when something goes wrong, but for
            what a killed export left, which is cleared.

    Raises:
        OSError: as `check_free` does.
    """
    check_free(export_dir)
    folder = pathlib.Path(export_dir)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # What came since it was looked at is not ours to delete.
        for leftover in folder.glob(f"{_PREFIX}*"):
            with locks.locked(leftover) as is_ours:
                if is_ours:
                    shutil.rmtree(leftover)
        # Inside, as an empty folder may be a mounted disk, whose place nothing can take. A lock
        # tells what is being written from what was left.
        with (
            tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as temporary,
            locks.locked(temporary),
        ):
            yield temporary
            for path in sorted(pathlib.Path(temporary).iterdir(), key=_is_mark):
                os.replace(path, folder / path.name)
    except BaseException:
        if is_new:
            # It may hold what another process has exported in the meantime.
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
