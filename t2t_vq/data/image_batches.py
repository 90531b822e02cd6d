"""Batches of images, which are held in memory: 150 MB for CIFAR-10.

So an epoch is a full permutation, and its batches are a pure function of (seed, epoch).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from absl import logging

from t2t_vq.data import image_records, manifests, pipeline
from t2t_vq.data.batches import rows_in
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    import tensorflow as tf


def epoch(
    data_dir: StrPath,
    name: str,
    split: str,
    *,
    batch_size: int,
    batch_multiple: int = 1,
    rng: np.random.Generator | None = None,
) -> tf.data.Dataset:
    """Returns the batches of one pass over a split.

    The dataset has a known cardinality, and `.skip(n)` goes on where a killed run stopped.

    Args:
        data_dir: the folder of the prepared images.
        name: what their files are called.
        split: "train", "dev" or "test".
        batch_size: images in a batch.
        batch_multiple: the number of rows is a multiple of this, at most `batch_size` if it can.
        rng: `numpy.random.Generator` that shuffles the images. Then there are whole batches only,
            and what does not fill one is left out of the pass. None keeps the order and every
            image: the last batch is smaller, whatever `batch_multiple` is.

    Returns:
        A `tf.data.Dataset` of `{"image", "label"}`: uint8 `[rows, height, width, channels]` and
        int32 `[rows]`.

    Raises:
        ValueError: when there are fewer images than a batch needs, or a file is damaged.
    """
    import tensorflow as tf

    modified = manifests.path(data_dir, name).stat().st_mtime_ns
    images, labels = _tensors(str(data_dir), name, split, modified)
    count, rows = len(labels), rows_in(1, batch_size, batch_multiple)
    if rng is None:
        order, batches = np.arange(count), -(-count // rows)
    else:
        order, batches = rng.permutation(count), count // rows
        if not batches:
            raise InvalidError(
                f"{name} has {count:,} {split} images, fewer than a batch of {rows:,}. Choose a "
                "smaller batch size."
            )
        _log_left_out(name, split, count % rows, count, rows)
    with tf.device("CPU:0"):
        order = tf.convert_to_tensor(order)

    def assemble(i):
        chosen = order[i * rows : (i + 1) * rows]
        return {"image": tf.gather(images, chosen), "label": tf.gather(labels, chosen)}

    return pipeline.numbered(assemble, batches)


# The splits of one problem; the time tells images that were prepared again.
@functools.lru_cache(maxsize=len(image_records.SPLITS))
def _tensors(data_dir, name, split, modified):
    """Returns images and labels as tensors on the CPU, where the input pipeline works."""
    import tensorflow as tf

    # Constants of the graph would be limited to two gigabytes; captured tensors are not.
    with tf.device("CPU:0"):
        return tuple(map(tf.convert_to_tensor, image_records.read(data_dir, name, split)))


@functools.cache
def _log_left_out(name, split, left_out, total, rows):
    if left_out:
        logging.info(
            "%s %s: each epoch leaves out %s of %s images, others each time, which do not fill a "
            "batch of %s.",
            *(name, split, f"{left_out:,}", f"{total:,}", f"{rows:,}"),
        )
