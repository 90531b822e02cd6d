"""The files of prepared images: names, atomic writing, reading back.

For images called NAME a data folder holds, for each split of "train", "dev" and "test",

    NAME-train-images.npy   uint8 [images, height, width, channels]
    NAME-train-labels.npy   int32 [images], numbers of classes
    NAME.json               the manifest, written last: with it, all the rest is whole
"""

import pathlib
import zlib

import numpy as np

from t2t_vq.data import manifests, records

SPLITS = ("train", "dev", "test")
_PARTS = ("images", "labels")


def path(data_dir, name, split, part):
    """Returns the path of the "images" or "labels" of a split."""
    return pathlib.Path(data_dir) / f"{name}-{split}-{part}.npy"


def is_whole(data_dir, name):
    """Returns whether the manifest and every file that it tells of are there.

    Raises:
        ValueError: when the manifest is damaged.
    """
    manifest = manifests.read(records.manifest_path(data_dir, name), manifests.IMAGES)
    return manifest is not None and all(
        path(data_dir, name, split, part).exists() for split in SPLITS for part in _PARTS
    )


def write(data_dir, name, split, images, labels):
    """Writes a split, each file in one piece.

    Returns:
        What `read` checks the files by: their checksums, `{"images": ..., "labels": ...}`.
    """
    checksums = {}
    for part, array in zip(_PARTS, (images, labels), strict=True):
        # A file that keeps another order of axes in memory would be slower to take images from.
        array = np.ascontiguousarray(array)
        with (
            records.replacing(path(data_dir, name, split, part)) as temporary,
            open(temporary, "wb") as file,
        ):
            np.save(file, array)
        checksums[part] = zlib.crc32(array)
    return checksums


def read(data_dir, name, split):
    """Returns the images and labels of a split, as `write` was given them.

    Raises:
        FileNotFoundError: when there is no manifest.
        ValueError: when there is no such split, or a file is missing, damaged or cut short;
            names it.
    """
    if split not in SPLITS:
        raise ValueError(f"{name} has no split {split!r}. Choose one of {', '.join(SPLITS)}.")
    manifest = manifests.read(records.manifest_path(data_dir, name), manifests.IMAGES)
    about = manifest["splits"][split]
    count = about["images"]
    # The checksum is one of the values; what kind of values they are, a file's head says.
    kinds = (np.uint8, (count, *manifest["image_shape"])), (np.int32, (count,))
    return tuple(
        _read(path(data_dir, name, split, part), about["crc32"][part], *kind)
        for part, kind in zip(_PARTS, kinds, strict=True)
    )


def _read(file, checksum, dtype, shape):
    try:
        array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        wrong = "it is missing"
    # What a damaged head raises depends on where the damage is.
    except Exception as error:
        wrong = error
    else:
        if (array.dtype, array.shape) != (dtype, shape):
            wrong = f"it holds {array.dtype} {list(array.shape)}"
        elif zlib.crc32(array) != checksum:
            wrong = "its checksum is another"
        else:
            return array
    raise ValueError(records.not_as_written(file, wrong))
