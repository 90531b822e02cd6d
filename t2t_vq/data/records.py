"""The files of a prepared translation corpus: names, atomic writing, reading back.

For a corpus called NAME a data folder holds

    NAME.vocab.model                      joint SentencePiece vocabulary
    NAME-train-00000-of-00020.tfrecord    token ids: tf.train.Example, int64 lists source, target
    NAME-dev-00000-of-00001.tfrecord      the same for the validation split
    NAME-dev.tsv, NAME-test.tsv           clean text: a sentence, tab, its translation
    NAME.json                             the manifest, written last: with it, all the rest is whole

The manifest notes size and SHA-256 of each of them, so that no reader takes a damaged one for what
was written; data that was prepared by an earlier version notes none.
"""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import platform
import re
import tempfile
import typing
import uuid

import numpy as np

from t2t_vq import locks, processors
from t2t_vq.data import manifests, sources
from t2t_vq.data.pipeline import without_autotuning
from t2t_vq.errors import InvalidError

# Of a file's name, what a temporary one beside it begins with: file systems limit names.
_NAME = 50


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
    """Returns whether the manifest and every file that it tells of are there.

    Raises:
        ValueError: when the manifest is damaged, or a file has another size than it notes.
    """
    manifest = manifests.read(manifest_path(data_dir, name), manifests.TRANSLATION)
    if manifest is None:
        return False
    paths = _corpus_paths(data_dir, name, manifest)
    if not all(path.exists() for path in paths):
        return False
    for path in paths:
        _check_size(path, path.stat().st_size, manifest.get("files"))
    return True


def _corpus_paths(data_dir, name, manifest):
    return [
        vocab_path(data_dir, name),
        *(text_path(data_dir, name, split) for split in manifest["splits"] if split != "train"),
        *(
            path
            for split, about in manifest["splits"].items()
            for path in shard_paths(data_dir, name, split, about.get("shards", 0))
        ),
    ]


def fingerprints(paths):
    """Returns what a manifest notes of files: `{name: {"size", "sha256"}}`."""
    return {about.pop("name"): about for about in sources.fingerprint(paths)}


def check_writable(data_dir):
    """Refuses a folder that cannot be written to, before any work is done for it; makes none.

    Raises:
        OSError: when it cannot be written, or could not be made.
    """
    folder = pathlib.Path(data_dir).absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise type(error)(
            f"{data_dir} cannot be written to ({error.strerror}: {there}). Choose another "
            "--data_dir."
        ) from error


@contextlib.contextmanager
def replacing(path):
    """Gives a temporary path to write to; it takes the place of `path` when all went well."""
    _clear_leftovers(path)
    # A name that nobody has: neither a file of the user's nor whoever else writes `path`.
    temporary = path.with_name(
        f"{path.name[:_NAME]}.{_host()}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp"
    )
    try:
        temporary.touch()
        # Shows that it is being written where the number of this process says nothing: in another
        # container of the same name.
        with locks.locked(temporary):
            yield temporary
            # Without this, a power cut could leave the new name on empty blocks.
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _host():
    # Processes of other machines, whose numbers say nothing here, may share the folder.
    return platform.node().replace(".", "-") or "localhost"


def _clear_leftovers(path):
    """Deletes what processes of this machine that were killed had half written for `path`."""
    name, host = re.escape(path.name[:_NAME]), re.escape(_host())
    pattern = re.compile(rf"{name}\.{host}\.([0-9]{{1,9}})\.[0-9a-f]{{8}}\.tmp")
    for other in path.parent.glob("*.tmp"):
        match = pattern.fullmatch(other.name)
        if match and not _lives(int(match[1])):
            # Where it may not be deleted, whoever may will do so.
            with contextlib.suppress(OSError), locks.locked(other) as is_ours:
                if is_ours:
                    other.unlink()


def _lives(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_bytes(path, data):
    """Writes a file in one piece: a reader sees the old one or the whole new one."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path, values):
    """Writes plain values as JSON, in one piece."""
    text = json.dumps(values, indent=1, ensure_ascii=False)
    # Bytes of a file's name that are no UTF-8 are written as JSON writes them.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def read_bytes(path, files):
    """Returns the content of a file, which must be as it was written.

    Args:
        path: the file.
        files: what the manifest notes of files, see `fingerprints`; None when it notes nothing.

    Raises:
        ValueError: when the file is missing or another; names it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InvalidError(not_as_written(path, "it is missing")) from None
    if files is not None:
        _check_content(path, len(content), hashlib.sha256(content).hexdigest(), files)
    return content


def _check_size(path, size, files):
    if files is None:
        return
    if path.name not in files:
        raise InvalidError(not_as_written(path, "the manifest does not know it"))
    if size != files[path.name]["size"]:
        raise InvalidError(
            not_as_written(path, f"it has {size:,} of {files[path.name]['size']:,} bytes")
        )


def _check_content(path, size, sha256, files):
    _check_size(path, size, files)
    if sha256 != files[path.name]["sha256"]:
        raise InvalidError(not_as_written(path, "its SHA-256 is another"))


def not_as_written(path, wrong):
    """Returns what to tell of a prepared file that is damaged, `wrong` saying how."""
    return (
        f"{path} is not as it was written ({wrong}). Delete what is left of it and run the "
        "command that prepared it again."
    )


def write_text(path, pairs):
    """Writes pairs of clean strings as tab-separated text, in one piece."""
    lines = (f"{first}\t{second}\n" for first, second in pairs)
    write_bytes(path, "".join(lines).encode("utf-8"))


def read_text(path, files=None):
    """Returns what `write_text` wrote, as two lists of strings.

    Args:
        path: the file.
        files: what the manifest notes of files, see `fingerprints`; None when it notes nothing.

    Raises:
        ValueError: when the file is missing or has been changed since.
    """
    try:
        text = read_bytes(path, files).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(not_as_written(path, error)) from error
    *lines, rest = text.split("\n")
    if rest:
        raise InvalidError(not_as_written(path, "its last line has no end"))
    pairs = [line.split("\t") for line in lines]
    for number, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            wrong = f"line {number} has {len(pair)} columns, not a sentence and its translation"
            raise InvalidError(not_as_written(path, wrong))
    return [first for first, _ in pairs], [second for _, second in pairs]


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


def read_records(paths, vocab_size, shard_pairs=None, files=None):
    """Reads record files whole.

    Args:
        paths: files that `write_records` wrote.
        vocab_size: decides how many bytes an id takes.
        shard_pairs: pairs that each file was written with; None when that is not known.
        files: what the manifest notes of files, see `fingerprints`; None when it notes nothing.

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
    check_files(paths, files)
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


def check_files(paths, files):
    """Refuses files that are not those that the manifest notes.

    Args:
        paths: the files.
        files: what the manifest notes of files, see `fingerprints`; None when it notes nothing.

    Raises:
        ValueError: when a file is missing or another; names it.
    """
    if files is None:
        return
    with concurrent.futures.ThreadPoolExecutor(processors.usable()) as threads:
        for path, found in zip(paths, threads.map(_fingerprint, paths), strict=True):
            if found is None:
                raise InvalidError(not_as_written(path, "it is missing"))
            _check_content(path, found["size"], found["sha256"], files)


def _fingerprint(path):
    try:
        return fingerprints([path])[path.name]
    except FileNotFoundError:
        return None


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
            wrong = "it is missing"
        except tf.errors.OpError:
            wrong = "it is damaged or cut short"
        else:
            if pairs in (None, found):
                continue
            wrong = f"it holds {found:,} of {pairs:,} pairs"
        raise InvalidError(not_as_written(path, wrong))
