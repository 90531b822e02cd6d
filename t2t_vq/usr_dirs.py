"""The folders whose code a person has had imported on this machine.

A run may come from anybody, and names the folder of the code that it was trained with. That is
imported only after the person named the same folder: with --usr_dir, now or before.
"""

import contextlib
import hashlib
import os
import pathlib

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

# In this process.
_NAMED: set[pathlib.Path] = set()


def note(usr_dir: StrPath) -> None:
    """Notes that a person has named a folder."""
    folder = pathlib.Path(usr_dir).expanduser().resolve()
    _NAMED.add(folder)
    # Where nothing can be written, or it is noted already; without a home there is no place for it.
    with contextlib.suppress(OSError, RuntimeError):
        path = _note_of(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            file.write(os.fsencode(folder))


def check_named(usr_dir: StrPath, output_dir: StrPath) -> None:
    """Refuses a folder that no person has named on this machine.

    Args:
        usr_dir: the folder.
        output_dir: of the run that wants it imported.

    Raises:
        ValueError: then; says how to name it.
    """
    folder = pathlib.Path(usr_dir).resolve()
    if folder not in _NAMED and not _is_noted(folder):
        raise InvalidError(
            f"The run in {output_dir} was trained with code in {usr_dir}, which nobody has named "
            "on this machine, so it is not imported. Look at that code, and if you trust it name "
            f"it: --usr_dir={usr_dir}"
        )


def named_now() -> bool:
    """Returns whether a person has named a folder in this process."""
    return bool(_NAMED)


def _is_noted(folder):
    try:
        return os.path.exists(_note_of(folder))
    except RuntimeError:
        return False


def _note_of(folder):
    """Returns the file that tells by being there that a folder was named; it holds the name."""
    base = pathlib.Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    return base / "t2t_vq" / "usr_dirs" / hashlib.sha256(os.fsencode(folder)).hexdigest()
