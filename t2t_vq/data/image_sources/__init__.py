"""The user's own images, in one of three forms; each form is a class in a file of its own.

A folder holds sheets (`sheets`), NumPy files (`arrays`) or a folder of images a class
(`class_folders`), of 32 x 32 pixels in RGB, for the splits "train" and "test".
"""

import hashlib
import json
import pathlib
from typing import Any

from t2t_vq.data import sources
from t2t_vq.data.image_sources.arrays import Arrays
from t2t_vq.data.image_sources.class_folders import ClassFolders
from t2t_vq.data.image_sources.sheets import Sheets
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath

_FORMS = (Sheets, Arrays, ClassFolders)
_SPLITS = ("train", "test")
EXPECTED = "; or ".join(form.expected for form in _FORMS)


def find(source_dir: StrPath) -> Sheets | Arrays | ClassFolders:
    """Returns the images of a folder, as a `Sheets`, `Arrays` or `ClassFolders`.

    Raises:
        FileNotFoundError: when the folder is not there, or holds no images of a split.
        ValueError: when it holds images in more than one form.
    """
    folder = pathlib.Path(source_dir).expanduser()
    if not folder.is_dir():
        raise MissingError(f"--source_dir={source_dir} is not a folder.")
    forms = [form(folder) for form in _FORMS]
    found = [form for form in forms if any(form.paths(split) for split in _SPLITS)]
    if not found:
        raise MissingError(f"--source_dir={source_dir} has no images. Put there {EXPECTED}.")
    if len(found) > 1:
        kinds = " and ".join(form.kind for form in found)
        raise InvalidError(f"--source_dir={source_dir} holds images as {kinds}. Keep one of them.")
    (form,) = found
    for split in _SPLITS:
        if not form.paths(split):
            raise MissingError(
                f"--source_dir={source_dir} has no {split} images. Put there {form.expected}."
            )
    return form


def fingerprint(form: Sheets | Arrays | ClassFolders) -> dict[str, Any]:
    """Returns number, size and digest of the files of all splits, to notice changes.

    Args:
        form: what `find` returned.
    """
    paths = [path for split in _SPLITS for path in form.paths(split)] + form.notes()
    prints = sources.fingerprint(paths)
    digest = hashlib.sha256()
    for path, about in zip(paths, prints, strict=True):
        place = path.relative_to(form.folder).as_posix()
        digest.update(json.dumps([place, about["size"], about["sha256"]]).encode())
    return {
        "form": form.kind,
        "files": len(paths),
        "size": sum(about["size"] for about in prints),
        "sha256": digest.hexdigest(),
    }
