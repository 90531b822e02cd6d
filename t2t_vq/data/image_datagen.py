"""Prepares images: three splits as arrays, and a manifest.

The validation split is 1,000 images held out of the training images, one in ten where there are
fewer than 10,000, drawn with a fixed seed. An interrupted run begins again: reading takes seconds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from absl import logging

from t2t_vq import atomic
from t2t_vq.data import image_records, manifests, sources
from t2t_vq.data.image_sources.pixels import Report
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath
from t2t_vq.progress import Progress

_MOST_HELD_OUT = 1_000
_HOLD_OUT_SEED = 0


def generate(
    data_dir: StrPath,
    name: str,
    *,
    source: Any,
    classes: Sequence[str],
    read_images: Callable[[str, Report], Iterable[tuple[np.ndarray, np.ndarray]]],
) -> dict[str, Any]:
    """Writes the files that `t2t_vq.data.image_records` describes.

    Args:
        data_dir: the folder to write to.
        name: what the files are called.
        source: what the images are made from, as plain values; kept in the manifest.
        classes: names of the classes, strings.
        read_images: function of a split, "train" or "test", and a `Report` to an iterator over
            good `(images, labels)`: uint8 `[rows, height, width, channels]` and integers `[rows]`.
            What it does not note in the report is counted all the same.

    Returns:
        The manifest, a dictionary.

    Raises:
        OSError: when the folder cannot be written to.
        ValueError: when a split is mostly bad, too small or holds what are no images, source or
            classes are nothing that a manifest holds, or files that are there are of another
            source.
    """
    atomic.check_writable(data_dir, "--data_dir")
    source, classes = sources.as_noted(source), _checked_classes(name, classes)
    path = manifests.path(data_dir, name)
    if found := manifests.read(path, manifests.IMAGES):
        sources.check_source(path, found["source"], source)
    (train, train_report), (test, test_report) = (
        _read(name, split, read_images, len(classes)) for split in ("train", "test")
    )
    if test[0].shape[1:] != train[0].shape[1:]:
        shapes = " and ".join(str(list(images.shape[1:])) for images in (train[0], test[0]))
        raise InvalidError(
            f"The images of {name} for training and testing are of different shapes, {shapes}. "
            "Give images of one shape."
        )
    kept, held_out = hold_out(len(train[0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    # There is one only when other files have gone missing, and until they are back it is untrue.
    path.unlink(missing_ok=True)
    splits = {
        "train": _write(data_dir, name, "train", *(part[kept] for part in train)),
        "dev": _write(data_dir, name, "dev", *(part[held_out] for part in train)),
        "test": _write(data_dir, name, "test", *test),
    }
    # Validation has no report of its own: its images are reported with those for training.
    splits["train"]["report"] = train_report.to_dict()
    splits["test"]["report"] = test_report.to_dict()
    manifest = {
        "name": name,
        "source": source,
        "image_shape": list(train[0].shape[1:]),
        "classes": classes,
        "splits": splits,
    }
    _log(splits)
    return manifests.write(path, manifest)


def _checked_classes(name, classes):
    """Returns the names of classes as a list; refuses what the manifest would be damaged by."""
    try:
        # A string would become a list of its letters.
        names = classes if isinstance(classes, str) else list(classes)
        manifests.CLASSES(names, "classes")
    except (TypeError, ValueError) as error:
        raise InvalidError(
            f"The classes of {name} are not a list of names ({error}). The problem's `classes` "
            "must give a string for each, at least one."
        ) from error
    return names


def _read(name, split, read_images, num_classes):
    """Returns `(images, labels)` of a split, and the `Report`."""
    place = f"{name} {split}"
    report = Report()
    report.where = (place, None)
    progress = Progress(f"Reading the {split} images")
    chunks, count, found = [], 0, read_images(split, report)
    sources.check_reader(place, found, "images")
    for number, chunk in enumerate(found, 1):
        shape = chunks[0][0].shape[1:] if chunks else None
        chunks.append(_checked(chunk, f"{place}, chunk {number:,}", shape, num_classes))
        count += len(chunks[-1][0])
        report.see_at_least(count, place)
        progress.add(len(chunks[-1][0]))
    report.see_at_least(count, place)
    progress.finish()
    report.check(f"The {split} part", count)
    return [np.concatenate(parts) for parts in zip(*chunks, strict=True)], report


def _checked(chunk, place, shape, num_classes):
    """Returns a chunk, its labels as int32; refuses what are no images with labels."""
    if not (isinstance(chunk, (tuple, list)) and len(chunk) == 2):
        raise InvalidError(
            f"{place} is not a pair of arrays, images and labels. The problem's `images` must give "
            "such pairs."
        )
    images, labels = map(np.asarray, chunk)
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[1:] != (shape or images.shape[1:])
        or 0 in images.shape[1:]
        or not np.issubdtype(labels.dtype, np.integer)
        or labels.shape != images.shape[:1]
    ):
        raise InvalidError(
            f"{place} has images of {images.dtype} {list(images.shape)} and labels of "
            f"{labels.dtype} {list(labels.shape)}. The problem's `images` must give uint8 [rows, "
            "height, width, channels], all of one shape, and integers [rows]."
        )
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if len(wrong):
        raise InvalidError(
            f"{place} has the label {wrong[0]}, which is not in 0 to {num_classes - 1}, the "
            "numbers of the classes. The problem's `images` must leave such an image out."
        )
    return images, labels.astype(np.int32)


def _write(data_dir, name, split, images, labels):
    checksums = image_records.write(data_dir, name, split, images, labels)
    return {"images": len(images), "crc32": checksums}


def _log(splits):
    for split, about in splits.items():
        logging.info("%s: %s images.", split, f"{about['images']:,}")
        if "report" in about:
            for sentence in Report.from_dict(about["report"]).summary():
                logging.warning("%s: %s", split, sentence)


def hold_out(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Chooses the validation images.

    Args:
        count: number of training images.

    Returns:
        `(kept, held out)`, two increasing arrays of numbers below `count`.

    Raises:
        ValueError: when there are fewer than two.
    """
    if count < 2:
        raise InvalidError(
            f"The train images are {count} good one: too few, because validation holds out some. "
            "Give at least two."
        )
    order = np.random.default_rng(_HOLD_OUT_SEED).permutation(count)
    size = min(_MOST_HELD_OUT, max(1, count // 10))
    return np.sort(order[size:]), np.sort(order[:size])
