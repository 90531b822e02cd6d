"""The files of prepared images: names, atomic writing, reading back.

For images called NAME a data folder holds, for each split of "train", "dev" and "test",

    NAME-train-images.npy   uint8 [images, height, width, channels]
    NAME-train-labels.npy   int32 [images], numbers of classes
    NAME.json               the manifest, written last: with it, all the rest is whole
"""

import pathlib
import zlib

import numpy as np

from t2t_vq import atomic
from t2t_vq.data import integrity, manifests
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath

SPLITS = ("train", "dev", "test")
_PARTS = ("images", "labels")


def path(data_dir: StrPath, name: str, split: str, part: str) -> pathlib.Path:
    """Returns the path of the "images" or "labels" of a split."""
    return pathlib.Path(data_dir) / f"{name}-{split}-{part}.npy"


def is_whole(data_dir: StrPath, name: str) -> bool:
    """Returns whether the manifest and every file that it tells of are there.

    Raises:
        ValueError: when the manifest is damaged, or a file holds less than it tells, or other
            kinds of values.
    """
    manifest = manifests.read(manifests.path(data_dir, name), manifests.IMAGES)
    if manifest is None:
        return False
    files = [file for split in SPLITS for file in _files(data_dir, name, split, manifest)]
    if not all(file.exists() for file, _, _ in files):
        return False
    for file, dtype, shape in files:
        # Compares head and size, and reads no values. Not every file system maps shared pages.
        _load(file, dtype, shape, mmap_mode="c")
    return True


def _files(data_dir, name, split, manifest):
    """Returns path, type and shape of the images and of the labels of a split."""
    count = manifest["splits"][split]["images"]
    kinds = (np.uint8, (count, *manifest["image_shape"])), (np.int32, (count,))
    return [
        (path(data_dir, name, split, part), *kind) for part, kind in zip(_PARTS, kinds, strict=True)
    ]


def write(
    data_dir: StrPath, name: str, split: str, images: np.ndarray, labels: np.ndarray
) -> dict[str, int]:
    """Writes a split, each file in one piece.

    Returns:
        What `read` checks the files by: their checksums, `{"images": ..., "labels": ...}`.
    """
    checksums = {}
    for part, array in zip(_PARTS, (images, labels), strict=True):
        # A file that keeps another order of axes in memory would be slower to take images from.
        array = np.ascontiguousarray(array)
        with (
            atomic.replacing(path(data_dir, name, split, part)) as temporary,
            open(temporary, "wb") as file,
        ):
            # As `np.save`, which tells no more of a full disk than that it wrote too little.
            head = np.lib.format.header_data_from_array_1_0(array)
            np.lib.format.write_array_header_1_0(file, head)
            file.write(array.data.cast("B"))
        checksums[part] = zlib.crc32(array.data)
    return checksums


def read(data_dir: StrPath, name: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images and labels of a split, as `write` was given them.

    Raises:
        FileNotFoundError: when there is no manifest.
        ValueError: when there is no such split, or a file is missing, damaged or cut short;
            names it.
    """
    if split not in SPLITS:
        raise InvalidError(f"{name} has no split {split!r}. Choose one of {', '.join(SPLITS)}.")
    manifest = manifests.read(manifests.path(data_dir, name), manifests.IMAGES)
    if manifest is None:
        raise MissingError(f"{data_dir} holds no images of {name}. Prepare them first.")
    checksums = manifest["splits"][split]["crc32"]
    arrays = []
    for part, file in zip(_PARTS, _files(data_dir, name, split, manifest), strict=True):
        array = _load(*file)
        # The checksum is one of the values; what kind of values they are, a file's head says.
        if zlib.crc32(array) != checksums[part]:
            raise InvalidError(integrity.not_as_written(file[0], "its checksum is another"))
        arrays.append(array)
    return tuple(arrays)


def _load(file, dtype, shape, mmap_mode=None):
    """Returns the array in a file, which must be of a type and shape."""
    try:
        array = np.load(file, mmap_mode, allow_pickle=False)
    except FileNotFoundError:
        wrong = "it is missing"
    # What a damaged head raises depends on where the damage is.
    except Exception as error:
        wrong = error
    else:
        if (array.dtype, array.shape) == (dtype, shape):
            return array
        wrong = f"it holds {array.dtype} {list(array.shape)}"
    raise InvalidError(integrity.not_as_written(file, wrong))
