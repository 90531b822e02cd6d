"""Files that are written in one piece: a reader sees the old one or the whole new one."""

import contextlib
import json
import os
import pathlib
import platform
import re
import tempfile
import uuid
from collections.abc import Iterator
from typing import Any

from t2t_vq import locks
from t2t_vq.errors import UnwritableError
from t2t_vq.paths import StrPath

# Of a file's name, what a temporary one beside it begins with: file systems limit names.
_NAME = 50


def check_writable(path: StrPath, flag: str) -> None:
    """Refuses a folder that cannot be written to, before any work is done for it; makes none.

    Args:
        path: the folder, which need not be there yet.
        flag: that names it, for the message.

    Raises:
        OSError: when it cannot be written, or could not be made.
    """
    folder = pathlib.Path(path).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise UnwritableError(
            f"{path} cannot be written to ({error.strerror}: {there}). Choose another {flag}."
        ) from error


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a temporary path to write to; it takes the place of `path` when all went well."""
    _clear_leftovers(path)
    # A name that nobody has: neither a file of the user's nor whoever else writes `path`.
    temporary = path.with_name(
        f"{path.name[:_NAME]}.{_host()}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp"
    )
    try:
        temporary.touch()
        # Shows that it is being written where the number of this process says nothing: in another
        # container of the same name.
        with locks.locked(temporary):
            yield temporary
            # Without this, a power cut could leave the new name on empty blocks.
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _host():
    # Processes of other machines, whose numbers say nothing here, may share the folder.
    return platform.node().replace(".", "-") or "localhost"


def _clear_leftovers(path):
    """Deletes what processes of this machine that were killed had half written for `path`."""
    name, host = re.escape(path.name[:_NAME]), re.escape(_host())
    pattern = re.compile(rf"{name}\.{host}\.([0-9]{{1,9}})\.[0-9a-f]{{8}}\.tmp")
    for other in path.parent.glob("*.tmp"):
        match = pattern.fullmatch(other.name)
        if match and not _lives(int(match[1])):
            # Where it may not be deleted, whoever may will do so.
            with contextlib.suppress(OSError), locks.locked(other) as is_ours:
                if is_ours:
                    other.unlink()


def _lives(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_bytes(path: pathlib.Path, data: bytes) -> None:
    """Writes a file in one piece: a reader sees the old one or the whole new one."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: pathlib.Path, values: Any) -> None:
    """Writes plain values as JSON, in one piece."""
    text = json.dumps(values, indent=1, ensure_ascii=False)
    # Bytes of a file's name that are no UTF-8 are written as JSON writes them.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))
