"""Images as NumPy files."""

import pathlib
from collections.abc import Iterator

import numpy as np

from t2t_vq.data.image_sources import pixels
from t2t_vq.errors import InvalidError

# The classes of CIFAR-10, when no file names others.
_NUM_CLASSES = 10
_ARRAYS = ("images", "labels")


class Arrays:
    """`train.npz` and `test.npz`, each with the arrays `images` and `labels`.

    Images are uint8 `[N, 32, 32, 3]`, labels whole numbers `[N]`. `classes.txt` may name the
    classes, one a line; without it there are ten, 0 to 9.

    Args:
        folder: `pathlib.Path` of the folder.
    """

    kind = "NumPy files"
    expected = (
        "train.npz and test.npz with the arrays images (uint8 [N, 32, 32, 3]) and labels "
        "(integers [N])"
    )

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def paths(self, split: str) -> list[pathlib.Path]:
        """Returns the file of a split, a list; `[]` when there is none."""
        path = self.folder / f"{split}.npz"
        return [path] if path.is_file() else []

    def notes(self) -> list[pathlib.Path]:
        """Returns the files that belong to all splits: class names, if they are there."""
        path = self.folder / "classes.txt"
        return [path] if path.is_file() else []

    def classes(self) -> tuple[str, ...]:
        """Returns the class names."""
        return pixels.class_names(self.folder) or tuple(map(str, range(_NUM_CLASSES)))

    def images(self, split: str, report: pixels.Report) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields `(images, labels)` once, without the bad ones.

        Raises:
            ValueError: when the file is damaged, or its arrays are not as they should be.
        """
        (path,) = self.paths(split)
        images, labels = self._read(path)
        report.see(path.name, count=len(images))
        classes = self.classes()
        good = [
            pixels.in_range(int(label), classes, report, (path.name, number))
            for number, label in enumerate(labels)
        ]
        yield images[good], labels[good].astype(np.int32)

    def _read(self, path):
        try:
            with np.load(path, allow_pickle=False) as file:
                found = {name: file[name] for name in _ARRAYS if name in file.files}
        # What a damaged file raises depends on where the damage is.
        except Exception as error:
            raise InvalidError(
                f"{path} is damaged or not what its name says ({error}). Write it again with "
                "numpy.savez."
            ) from error
        for name in _ARRAYS:
            if name not in found:
                raise InvalidError(f"{path} has no array {name}. Put there {self.expected}.")
        images, labels = found.values()
        if (
            images.dtype != np.uint8
            or images.shape[1:] != pixels.SHAPE
            or not np.issubdtype(labels.dtype, np.integer)
            or labels.shape != images.shape[:1]
        ):
            raise InvalidError(
                f"{path} holds images of {images.dtype} {list(images.shape)} and labels of "
                f"{labels.dtype} {list(labels.shape)}. Put there {self.expected}."
            )
        return images, labels
