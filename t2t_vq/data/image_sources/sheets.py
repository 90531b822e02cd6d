"""Images as sheets: 25 rows by 40 columns of images in a picture file, labels in a text file."""

import math
import pathlib
import re
from collections.abc import Iterator

import numpy as np

from t2t_vq.data.image_sources import pixels
from t2t_vq.errors import InvalidError, MissingError

_ROWS, _COLUMNS = 25, 40
_ON_SHEET = _ROWS * _COLUMNS


class Sheets:
    """`train_00.webp`, `train_01.webp` ... with `train_labels.txt`; the same for "test".

    Sheet n holds images 1,000 n to 1,000 n + 999 of its split, row by row; the labels are whole
    numbers, one a line, and `classes.txt` names the classes.

    Args:
        folder: `pathlib.Path` of the folder.
    """

    kind = "sheets"
    expected = (
        f"sheets of {_ROWS} rows by {_COLUMNS} images (train_00.webp ..., test_00.webp ...) with "
        "train_labels.txt, test_labels.txt and classes.txt"
    )

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def paths(self, split: str) -> list[pathlib.Path]:
        """Returns the sheets of a split in order, `[]` when there are none.

        Raises:
            ValueError: when two files have the same number.
        """
        return list(self._numbered(split).values())

    def notes(self) -> list[pathlib.Path]:
        """Returns the files that belong to all sheets: labels and class names.

        Raises:
            FileNotFoundError: when one is missing.
        """
        paths = [self._label_path("train"), self._label_path("test"), self.folder / "classes.txt"]
        for path in paths:
            if not path.is_file():
                raise MissingError(f"{path} is missing. Put there {self.expected}.")
        return paths

    def classes(self) -> tuple[str, ...]:
        """Returns the class names."""
        return pixels.class_names(self.folder) or ()

    def images(self, split: str, report: pixels.Report) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields `(images, labels)` of each sheet, without the bad ones."""
        sheets, classes = self._numbered(split), self.classes()
        labels = self._labels(split)
        labelled = range(math.ceil(len(labels) / _ON_SHEET))
        # Nothing is missing where there are neither labels nor a file, so any number may follow.
        for number in sorted({*labelled, *sheets}):
            first = number * _ON_SHEET
            if number not in sheets:
                lost = min(_ON_SHEET, len(labels) - first)
                report.see(f"{split}_{number:02}", count=lost)
                report.add("sheet is missing", f"labels {first + 1} on", count=lost)
                continue
            path = sheets[number]
            report.see(path.name, count=_ON_SHEET)
            sheet = pixels.read_picture(
                path, _COLUMNS * pixels.SIZE, _ROWS * pixels.SIZE, report, _ON_SHEET
            )
            if sheet is not None:
                good, kept = self._labelled(
                    split, labels[first : first + _ON_SHEET], first, classes, report
                )
                yield _cut(sheet)[good], kept

    def _labelled(self, split, lines, first, classes, report):
        """Returns which images of a sheet have a good label, and these labels."""
        good, labels = [], []
        for place in range(_ON_SHEET):
            where = (self._label_path(split).name, first + place + 1)
            if place >= len(lines):
                report.add("no label", f"the labels end at line {first + len(lines)}", where)
            elif not re.fullmatch(r"[+-]?\d+", lines[place]):
                report.add("label is not a whole number", lines[place], where)
            elif pixels.in_range(int(lines[place]), classes, report, where):
                good.append(place)
                labels.append(int(lines[place]))
        return good, np.array(labels, np.int32)

    def _labels(self, split):
        text = self._label_path(split).read_text(encoding="utf-8-sig", errors="backslashreplace")
        return [line.strip() for line in text.rstrip().split("\n")] if text.strip() else []

    def _label_path(self, split):
        return self.folder / f"{split}_labels.txt"

    def _numbered(self, split):
        found = {}
        for path in sorted(self.folder.iterdir()):
            match = path.is_file() and re.fullmatch(rf"{split}_(\d+)\.\w+", path.name)
            if match and int(match[1]) in found:
                twice = found[int(match[1])].name
                raise InvalidError(f"{self.folder} holds a sheet twice: {twice}, {path.name}.")
            if match:
                found[int(match[1])] = path
        return dict(sorted(found.items()))


def _cut(sheet):
    """Cuts `[25 * 32, 40 * 32, 3]` into `[1000, 32, 32, 3]`, row by row."""
    grid = sheet.reshape(_ROWS, pixels.SIZE, _COLUMNS, pixels.SIZE, 3)
    return grid.transpose(0, 2, 1, 3, 4).reshape(_ON_SHEET, *pixels.SHAPE)
