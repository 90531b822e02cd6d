"""The files of a prepared translation corpus: names, atomic writing, reading back.

For a corpus called NAME a data folder holds

    NAME.vocab.model                      joint SentencePiece vocabulary
    NAME-train-00000-of-00020.tfrecord    token ids: tf.train.Example, int64 lists source, target
    NAME-dev-00000-of-00001.tfrecord      the same for the validation split
    NAME-dev.tsv, NAME-test.tsv           clean text, English, tab, German
    NAME.json                             the manifest, written last: with it, all the rest is whole
"""

import contextlib
import json
import os
import pathlib
import typing
import uuid

import numpy as np

from t2t_vq.data.pipeline import without_autotuning


def vocab_path(data_dir, name):
    """Returns the path of the vocabulary."""
    return pathlib.Path(data_dir) / f"{name}.vocab.model"


def manifest_path(data_dir, name):
    """Returns the path of the manifest."""
    return pathlib.Path(data_dir) / f"{name}.json"


def partial_path(data_dir, name):
    """Returns the path of the notes of what is done, which the manifest replaces."""
    return pathlib.Path(data_dir) / f"{name}.partial.json"


def text_path(data_dir, name, split):
    """Returns the path of a split's text."""
    return pathlib.Path(data_dir) / f"{name}-{split}.tsv"


def shard_paths(data_dir, name, split, shards):
    """Returns the paths of a split's records."""
    folder = pathlib.Path(data_dir)
    return [folder / f"{name}-{split}-{i:05}-of-{shards:05}.tfrecord" for i in range(shards)]


def is_whole(data_dir, name):
    """Returns whether the manifest and every record file that it tells of are there."""
    manifest = read_json(manifest_path(data_dir, name))
    return manifest is not None and all(
        path.exists()
        for split, about in manifest["splits"].items()
        for path in shard_paths(data_dir, name, split, about.get("shards", 0))
    )


@contextlib.contextmanager
def replacing(path):
    """Gives a temporary path to write to; it takes the place of `path` when all went well."""
    # A name that nobody has: neither a file of the user's nor another process that writes `path`.
    temporary = path.with_name(f"{path.name[:50]}.{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        # Without this, a power cut could leave the new name on empty blocks.
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path, data):
    """Writes a file in one piece: a reader sees the old one or the whole new one."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path, values):
    """Writes plain values as JSON, in one piece."""
    write_bytes(path, json.dumps(values, indent=1, ensure_ascii=False).encode("utf-8"))


def read_json(path):
    """Returns the plain values in `path`, or None when there is no such file.

    Raises:
        ValueError: when the file is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged ({error}). Delete it and prepare the data again."
        ) from error


def write_text(path, pairs):
    """Writes pairs of clean strings as tab-separated text, in one piece."""
    lines = (f"{english}\t{german}\n" for english, german in pairs)
    write_bytes(path, "".join(lines).encode("utf-8"))


def read_text(path):
    """Returns what `write_text` wrote, as two lists of strings.

    Raises:
        ValueError: when the file has been changed since.
    """
    pairs = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    for number, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            raise ValueError(
                f"{path}, line {number}: there are {len(pair)} columns and not two, an English and "
                "a German one. The file is not as it was prepared; prepare the data anew."
            )
    return [english for english, _ in pairs], [german for _, german in pairs]


def write_records(path, sources, targets):
    """Writes token ids, a list of int a sentence, as one TFRecord file, in one piece."""
    import tensorflow as tf

    with replacing(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
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
    def lengths(self):
        """Lengths of the sentences, `[sentences]`."""
        return np.diff(self.starts)

    def sentence(self, i):
        """Returns the ids of sentence i, `[length]`."""
        return self.ids[self.starts[i] : self.starts[i + 1]]


def read_records(paths, vocab_size, shard_pairs=None):
    """Reads record files whole.

    Args:
        paths: files that `write_records` wrote.
        vocab_size: decides how many bytes an id takes.
        shard_pairs: pairs that each file was written with; None when that is not known.

    Returns:
        `(source, target)`, two `Sentences`.

    Raises:
        ValueError: when a file is missing, damaged or cut short; names it.
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
    try:
        for batch in batches:
            for side, ragged in batch.items():
                ids[side].append(ragged.values.numpy().astype(dtype))
                lengths[side].append(np.diff(ragged.row_splits.numpy()))
    except tf.errors.OpError:
        # TensorFlow does not say which file it was.
        check_shards(paths, shard_pairs)
        raise
    sides = tuple(
        Sentences(np.concatenate(ids[side]), np.cumsum(np.concatenate(lengths[side])))
        for side in ("source", "target")
    )
    if shard_pairs is not None and len(sides[0].lengths) != sum(shard_pairs):
        check_shards(paths, shard_pairs)
    return sides


def check_shards(paths, shard_pairs=None):
    """Refuses record files that are not as they were written; reads each to its end.

    Args:
        paths: files that `write_records` wrote.
        shard_pairs: pairs that each file was written with; None when that is not known.

    Raises:
        ValueError: when a file is missing, damaged or cut short; names it.
    """
    import tensorflow as tf

    for path, pairs in zip(paths, shard_pairs or [None] * len(paths), strict=True):
        dataset = without_autotuning(tf.data.TFRecordDataset(str(path)))
        try:
            found = int(dataset.reduce(np.int64(0), lambda count, _: count + 1))
        except tf.errors.NotFoundError:
            wrong = "is missing"
        except tf.errors.OpError:
            wrong = "is damaged or cut short"
        else:
            if pairs in (None, found):
                continue
            wrong = f"is cut short: it holds {found:,} of {pairs:,} pairs"
        raise ValueError(
            f"{path} {wrong}. Delete what is left of it and run the command that prepared it again."
        )
