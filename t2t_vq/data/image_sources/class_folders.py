"""Images as files, in a folder for each class."""

import pathlib
from collections.abc import Iterator

import numpy as np

from t2t_vq.data.image_sources import pixels
from t2t_vq.errors import MissingError


class ClassFolders:
    """`train/CLASS/FILE` and `test/CLASS/FILE`, in any format that Pillow reads.

    The classes are the folders in `train`, in alphabetical order. Hidden files are left alone.

    Args:
        folder: `pathlib.Path` of the folder.
    """

    kind = "a folder of images a class"
    expected = "a folder of image files for each class (train/CLASS/*.png, test/CLASS/*.png)"

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def paths(self, split: str) -> list[pathlib.Path]:
        """Returns the image files of a split, class after class; `[]` when there are none."""
        return [path for path in self._entries(split) if path.is_file()]

    def notes(self) -> list[pathlib.Path]:
        """Returns no files: the folders say which classes there are."""
        return []

    def classes(self) -> tuple[str, ...]:
        """Returns the class names.

        Raises:
            FileNotFoundError: when there are none.
        """
        names = tuple(path.name for path in _visible(self.folder / "train") if path.is_dir())
        if not names:
            raise MissingError(
                f"{self.folder / 'train'} has no folders. Put there {self.expected}."
            )
        return names

    def images(self, split: str, report: pixels.Report) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields `(images, labels)` of one image each, without the bad ones."""
        numbers = {name: number for number, name in enumerate(self.classes())}
        for path in self._entries(split):
            report.see(path.relative_to(self.folder).as_posix())
            name = path.parent.name
            if not path.is_file():
                report.add("not a file", "a folder" if path.is_dir() else path.name)
            elif path.parent == self.folder / split:
                report.add("in no folder of a class", path.name)
            elif name not in numbers:
                report.add("no such class in train", name)
            else:
                image = pixels.read_picture(path, pixels.SIZE, pixels.SIZE, report)
                if image is not None:
                    yield image[None], np.array([numbers[name]], np.int32)

    def _entries(self, split):
        return [
            path
            for folder in _visible(self.folder / split)
            for path in (_visible(folder) if folder.is_dir() else [folder])
        ]


def _visible(folder):
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
