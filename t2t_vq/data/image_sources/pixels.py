"""What all forms share: the shape of an image, the report, and opening a picture file."""

import pathlib
from collections.abc import Sequence

import numpy as np

from t2t_vq.data import sources
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

SIZE = 32
SHAPE = (SIZE, SIZE, 3)


class Report(sources.Report):
    """Counts bad images by kind, and keeps the first of each kind with its file and number."""

    unit = "images"
    if_empty = f"Give RGB images of {SIZE} x {SIZE} pixels."
    if_bad = f"Are they RGB images of {SIZE} x {SIZE} pixels, with a label each?"


def read_picture(
    path: pathlib.Path, width: int, height: int, report: Report, count: int = 1
) -> np.ndarray | None:
    """Reads a picture file of any format that Pillow knows.

    Args:
        path: the file.
        width, height: the size it must have, in pixels.
        report: a `Report` that has seen the images in the file.
        count: how many images the file holds.

    Returns:
        uint8 `[height, width, 3]`, or None after reporting what is wrong.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            if picture.size != (width, height):
                found = "{} x {}".format(*picture.size)
                report.add(f"not {width} x {height} pixels", found, count=count)
                return None
            if picture.mode != "RGB":
                report.add("not RGB", f"Pillow's mode {picture.mode}", count=count)
                return None
            return np.asarray(picture)
    # What a damaged file raises differs from format to format.
    except Exception as error:
        text = str(error).replace(str(path), pathlib.Path(path).name)
        report.add("cannot be read", text, count=count)
        return None


def class_names(folder: StrPath) -> tuple[str, ...] | None:
    """Returns the lines of `classes.txt`, or None when there is no such file.

    Raises:
        ValueError: when it is not text, or a name is empty or there twice.
    """
    path = pathlib.Path(folder) / "classes.txt"
    if not path.is_file():
        return None
    try:
        names = tuple(path.read_text(encoding="utf-8-sig").split("\n"))
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path} is not UTF-8 ({error}). Save it as plain text.") from error
    names = tuple(name.strip() for name in names)
    names = names[:-1] if names[-1] == "" else names
    if not all(names) or len(set(names)) < len(names):
        raise InvalidError(f"{path} must hold one class name a line, each once.")
    return names


def in_range(label: int, classes: Sequence[str], report: Report, where: sources.Place) -> bool:
    """Returns whether a label is the number of a class; reports one that is not."""
    if 0 <= label < len(classes):
        return True
    report.add("label out of range", f"{label} is not in 0 to {len(classes) - 1}", where)
    return False
