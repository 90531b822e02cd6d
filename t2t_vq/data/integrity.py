"""What a manifest notes of files, size and SHA-256, and whether they still are so.

No reader then takes a damaged file for what was written. Data that was prepared by an earlier
version notes none.
"""

import concurrent.futures
import hashlib
import pathlib
from collections.abc import Sequence
from typing import Any

from t2t_vq import processors
from t2t_vq.data import sources
from t2t_vq.errors import InvalidError


def fingerprints(paths: Sequence[pathlib.Path]) -> dict[str, Any]:
    """Returns what a manifest notes of files: `{name: {"size", "sha256"}}`."""
    return {about.pop("name"): about for about in sources.fingerprint(paths)}


def read_bytes(path: pathlib.Path, files: dict[str, Any] | None) -> bytes:
    """Returns the content of a file, which must be as it was written.

    Args:
        path: the file.
        files: what the manifest notes of files, see `fingerprints`; None when it notes nothing.

    Raises:
        ValueError: when the file is missing or another; names it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InvalidError(not_as_written(path, "it is missing")) from None
    if files is not None:
        _check_content(path, len(content), hashlib.sha256(content).hexdigest(), files)
    return content


def check_files(paths: Sequence[pathlib.Path], files: dict[str, Any] | None) -> None:
    """Refuses files that are not those that the manifest notes.

    Args:
        paths: the files.
        files: what the manifest notes of files, see `fingerprints`; None when it notes nothing.

    Raises:
        ValueError: when a file is missing or another; names it.
    """
    if files is None:
        return
    with concurrent.futures.ThreadPoolExecutor(processors.usable()) as threads:
        for path, found in zip(paths, threads.map(_fingerprint, paths), strict=True):
            if found is None:
                raise InvalidError(not_as_written(path, "it is missing"))
            _check_content(path, found["size"], found["sha256"], files)


def _fingerprint(path):
    try:
        return fingerprints([path])[path.name]
    except FileNotFoundError:
        return None


def _check_content(path, size, sha256, files):
    check_size(path, size, files)
    if sha256 != files[path.name]["sha256"]:
        raise InvalidError(not_as_written(path, "its SHA-256 is another"))


def check_size(path: pathlib.Path, size: int, files: dict[str, Any] | None) -> None:
    """Refuses a file of another size than the manifest notes; takes what `check_files` takes.

    Raises:
        ValueError: then; names it.
    """
    if files is None:
        return
    if path.name not in files:
        raise InvalidError(not_as_written(path, "the manifest does not know it"))
    if size != files[path.name]["size"]:
        raise InvalidError(
            not_as_written(path, f"it has {size:,} of {files[path.name]['size']:,} bytes")
        )


def not_as_written(path: pathlib.Path, wrong: object) -> str:
    """Returns what to tell of a prepared file that is damaged, `wrong` saying how."""
    return (
        f"{path} is not as it was written ({wrong}). Delete what is left of it and run the "
        "command that prepared it again."
    )
