"""Token ids of sentences in record files: tf.train.Example, int64 lists source and target."""

import pathlib
import typing
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from t2t_vq import atomic
from t2t_vq.data import integrity
from t2t_vq.data.pipeline import without_autotuning
from t2t_vq.errors import InvalidError


def write_records(
    path: pathlib.Path, sources: Iterable[Sequence[int]], targets: Iterable[Sequence[int]]
) -> None:
    """Writes token ids, a list of int a sentence, as one TFRecord file, in one piece."""
    import tensorflow as tf

    with atomic.replacing(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for source, target in zip(sources, targets, strict=True):
            features = tf.train.Features(feature={"source": _ids(source), "target": _ids(target)})
            # The features are a map, whose order would otherwise change from process to process.
            writer.write(tf.train.Example(features=features).SerializeToString(deterministic=True))


def _ids(values):
    import tensorflow as tf

    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


class Sentences(typing.NamedTuple):
    """Token ids of many sentences, one after the other.

    Attributes:
        ids: `[tokens]`, unsigned 16-bit where the vocabulary allows.
        starts: `[sentences + 1]` int64; sentence i is `ids[starts[i]:starts[i + 1]]`.
    """

    ids: np.ndarray
    starts: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Lengths of the sentences, `[sentences]`."""
        return np.diff(self.starts)

    def sentence(self, i: int) -> np.ndarray:
        """Returns the ids of sentence i, `[length]`."""
        return self.ids[self.starts[i] : self.starts[i + 1]]


def read_records(
    paths: Sequence[pathlib.Path],
    vocab_size: int,
    shard_pairs: Sequence[int] | None = None,
    files: dict[str, Any] | None = None,
) -> tuple[Sentences, Sentences]:
    """Reads record files whole.

    Args:
        paths: files that `write_records` wrote.
        vocab_size: decides how many bytes an id takes.
        shard_pairs: pairs that each file was written with; None when that is not known.
        files: what the manifest notes of files, see `integrity.fingerprints`, or None.

    Returns:
        `(source, target)`, two `Sentences`.

    Raises:
        ValueError: when a file is missing, damaged, cut short or another; names it.
    """
    import tensorflow as tf

    features = {
        side: tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)
        for side in ("source", "target")
    }
    batches = without_autotuning(
        tf.data.TFRecordDataset([str(path) for path in paths], buffer_size=8 << 20)
        .batch(4096)
        .map(lambda records: tf.io.parse_example(records, features), tf.data.AUTOTUNE)
        .prefetch(2)
    )
    dtype = np.uint16 if vocab_size <= 1 << 16 else np.int32
    ids = {side: [np.zeros(0, dtype)] for side in features}
    lengths = {side: [np.zeros(1, np.int64)] for side in features}
    # A gigabyte takes one core a second at most, and is in memory then when it is read below.
    integrity.check_files(paths, files)
    try:
        for batch in batches:
            for side, ragged in batch.items():
                ids[side].append(ragged.values.numpy().astype(dtype))
                lengths[side].append(np.diff(ragged.row_splits.numpy()))
    except tf.errors.OpError:
        # TensorFlow does not say which file it was.
        check_shards(paths, shard_pairs)
        raise
    source, target = (
        Sentences(np.concatenate(ids[side]), np.cumsum(np.concatenate(lengths[side])))
        for side in ("source", "target")
    )
    if shard_pairs is not None and len(source.lengths) != sum(shard_pairs):
        check_shards(paths, shard_pairs)
    return source, target


def check_shards(paths: Sequence[pathlib.Path], shard_pairs: Sequence[int] | None = None) -> None:
    """Refuses record files that are not as they were written; reads each to its end.

    Args:
        paths: files that `write_records` wrote.
        shard_pairs: pairs that each file was written with; None when that is not known.

    Raises:
        ValueError: when a file is missing, damaged or cut short; names it.
    """
    import tensorflow as tf

    known: Sequence[int | None] = shard_pairs or [None] * len(paths)
    for path, pairs in zip(paths, known, strict=True):
        dataset = without_autotuning(tf.data.TFRecordDataset(str(path)))
        try:
            found = int(dataset.reduce(np.int64(0), lambda count, _: count + 1))
        except tf.errors.NotFoundError:
            wrong = "it is missing"
        except tf.errors.OpError:
            wrong = "it is damaged or cut short"
        else:
            if pairs in (None, found):
                continue
            wrong = f"it holds {found:,} of {pairs:,} pairs"
        raise InvalidError(integrity.not_as_written(path, wrong))
