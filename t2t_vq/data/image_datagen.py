"""Prepares images: three splits as arrays, and a manifest.

The validation split is 1,000 images held out of the training images, one in ten where there are
fewer than 10,000, drawn with a fixed seed. An interrupted run begins again: reading takes seconds.
"""

import pathlib

import numpy as np
from absl import logging

from t2t_vq.data import image_records, records
from t2t_vq.data.image_sources.pixels import Report
from t2t_vq.data.progress import Progress

_MOST_HELD_OUT = 1_000
_HOLD_OUT_SEED = 0


def generate(data_dir, name, *, source, classes, read_images):
    """Writes the files that `t2t_vq.data.image_records` describes.

    Args:
        data_dir: the folder to write to.
        name: what the files are called.
        source: what the images are made from, as plain values; kept in the manifest.
        classes: names of the classes.
        read_images: function of a split, "train" or "test", and a `Report` to an iterator over
            good `(images, labels)`: uint8 `[rows, height, width, channels]` and int32 `[rows]`.

    Returns:
        The manifest, a dictionary.

    Raises:
        ValueError: when a split is mostly bad, or too small.
    """
    (train, train_report), (test, test_report) = (
        _read(split, read_images) for split in ("train", "test")
    )
    kept, held_out = hold_out(len(train[0]))
    data_dir = pathlib.Path(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    # There is one only when other files have gone missing, and until they are back it is untrue.
    records.manifest_path(data_dir, name).unlink(missing_ok=True)
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
        "classes": list(classes),
        "splits": splits,
    }
    _log(splits)
    records.write_json(records.manifest_path(data_dir, name), manifest)
    return manifest


def _read(split, read_images):
    """Returns `(images, labels)` of a split, and the `Report`."""
    report = Report()
    progress = Progress(f"Reading the {split} images")
    chunks = []
    for chunk in read_images(split, report):
        chunks.append(chunk)
        progress.add(len(chunk[0]))
    progress.finish()
    report.check(f"The {split} part")
    return [np.concatenate(parts) for parts in zip(*chunks, strict=True)], report


def _write(data_dir, name, split, images, labels):
    checksums = image_records.write(data_dir, name, split, images, labels)
    return {"images": len(images), "crc32": checksums}


def _log(splits):
    for split, about in splits.items():
        logging.info("%s: %s images.", split, f"{about['images']:,}")
        if "report" in about:
            for sentence in Report.from_dict(about["report"]).summary():
                logging.warning("%s: %s", split, sentence)


def hold_out(count):
    """Chooses the validation images.

    Args:
        count: number of training images.

    Returns:
        `(kept, held out)`, two increasing arrays of numbers below `count`.

    Raises:
        ValueError: when there are fewer than two.
    """
    if count < 2:
        raise ValueError(
            f"The train images are {count} good one: too few, because validation holds out some. "
            "Give at least two."
        )
    order = np.random.default_rng(_HOLD_OUT_SEED).permutation(count)
    size = min(_MOST_HELD_OUT, max(1, count // 10))
    return np.sort(order[size:]), np.sort(order[:size])
