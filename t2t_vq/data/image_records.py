"""The files of prepared images: names, atomic writing, reading back.

For images called NAME a data folder holds, for each split of "train", "dev" and "test",

    NAME-train-images.npy   uint8 [images, height, width, channels]
    NAME-train-labels.npy   int32 [images], numbers of classes
    NAME.json               the manifest, written last: with it, all the rest is whole
"""

import functools
import pathlib
import zlib

import numpy as np

from t2t_vq.data import records

SPLITS = ("train", "dev", "test")
_PARTS = ("images", "labels")


def path(data_dir, name, split, part):
    """Returns the path of the "images" or "labels" of a split."""
    return pathlib.Path(data_dir) / f"{name}-{split}-{part}.npy"


def is_whole(data_dir, name):
    """Returns whether the manifest and every file that it tells of are there."""
    manifest = records.read_json(records.manifest_path(data_dir, name))
    return manifest is not None and all(
        path(data_dir, name, split, part).exists()
        for split in manifest["splits"]
        for part in _PARTS
    )


def write(data_dir, name, split, images, labels):
    """Writes a split, each file in one piece.

    Returns:
        What `read` checks the files by: their checksums, `{"images": ..., "labels": ...}`.
    """
    checksums = {}
    for part, array in zip(_PARTS, (images, labels), strict=True):
        with (
            records.replacing(path(data_dir, name, split, part)) as temporary,
            open(temporary, "wb") as file,
        ):
            np.save(file, array)
        checksums[part] = zlib.crc32(array)
    return checksums


def read(data_dir, name, split):
    """Returns the images and labels of a split, as `write` was given them.

    They are held in memory, so that they are read once.

    Raises:
        ValueError: when a file is missing, damaged or cut short; names it.
    """
    manifest = records.manifest_path(data_dir, name)
    return _read(str(data_dir), name, split, manifest.stat().st_mtime_ns)


# The splits of one problem; the time tells images that were prepared again.
@functools.lru_cache(maxsize=len(SPLITS))
def _read(data_dir, name, split, modified):
    manifest = records.read_json(records.manifest_path(data_dir, name))
    checksums = manifest["splits"][split]["crc32"]
    arrays = []
    for part in _PARTS:
        file = path(data_dir, name, split, part)
        try:
            arrays.append(np.load(file, allow_pickle=False))
            wrong = zlib.crc32(arrays[-1]) != checksums[part] and "its checksum is wrong"
        except FileNotFoundError:
            wrong = "it is missing"
        except (OSError, EOFError, ValueError) as error:
            wrong = error
        if wrong:
            raise ValueError(
                f"{file} is not as it was written ({wrong}). Delete what is left of it and run "
                "the command that prepared it again."
            )
        arrays[-1].flags.writeable = False
    return tuple(arrays)
