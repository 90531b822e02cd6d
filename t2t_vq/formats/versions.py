"""The rule of what one version of this package reads of what another wrote.

Every file that outlives a version notes its format, a number that is raised when a reader of an
older one could misread it. What notes none was written by version 0.1.0, and is of format 0. A
version reads all formats up to its own.
"""

from typing import Any

from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

FIELD = "format"


class NewerFormatError(InvalidError):
    """What a newer version of this package wrote."""


def check(path: StrPath, content: Any, known: int, instead: str | None = None) -> int:
    """Refuses a file that a newer version wrote.

    Args:
        path: the file, or the folder that it describes.
        content: what it holds, as JSON; what is no object notes no format.
        known: the newest format that this version reads.
        instead: what else than installing a newer version may help, the end of a sentence.

    Returns:
        The format of the file.

    Raises:
        NewerFormatError: when it is newer.
        ValueError: when it is no number.
    """
    found = content.get(FIELD, 0) if isinstance(content, dict) else 0
    # JSON's true and false are integers to Python.
    if type(found) is not int or found < 0:
        raise InvalidError(f"{FIELD} is not a whole number from 0")
    if found > known:
        raise NewerFormatError(
            f"{path} is of format {found}, and this version of t2t_vq reads formats up to {known}. "
            f"Install a newer t2t_vq{f', or {instead}' if instead else ''}."
        )
    return found
