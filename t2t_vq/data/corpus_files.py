"""The files of a prepared translation corpus: their names, whether all are there, its text.

For a corpus called NAME a data folder holds

    NAME.vocab.model                      joint SentencePiece vocabulary
    NAME-train-00000-of-00020.tfrecord    token ids, see `t2t_vq.data.records`
    NAME-dev-00000-of-00001.tfrecord      the same for the validation split
    NAME-dev.tsv, NAME-test.tsv           clean text: a sentence, tab, its translation
    NAME.json                             the manifest, written last: with it, all the rest is whole

The manifest notes size and SHA-256 of each of them, see `t2t_vq.data.integrity`.
"""

import pathlib
from collections.abc import Iterable
from typing import Any

from t2t_vq import atomic
from t2t_vq.data import integrity, manifests
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath


def vocab_path(data_dir: StrPath, name: str) -> pathlib.Path:
    """Returns the path of the vocabulary."""
    return pathlib.Path(data_dir) / f"{name}.vocab.model"


def text_path(data_dir: StrPath, name: str, split: str) -> pathlib.Path:
    """Returns the path of a split's text."""
    return pathlib.Path(data_dir) / f"{name}-{split}.tsv"


def shard_paths(data_dir: StrPath, name: str, split: str, shards: int) -> list[pathlib.Path]:
    """Returns the paths of a split's records."""
    folder = pathlib.Path(data_dir)
    return [folder / f"{name}-{split}-{i:05}-of-{shards:05}.tfrecord" for i in range(shards)]


def is_whole(data_dir: StrPath, name: str) -> bool:
    """Returns whether the manifest and every file that it tells of are there.

    Raises:
        ValueError: when the manifest is damaged, or a file has another size than it notes.
    """
    manifest = manifests.read(manifests.path(data_dir, name), manifests.TRANSLATION)
    if manifest is None:
        return False
    paths = _corpus_paths(data_dir, name, manifest)
    if not all(path.exists() for path in paths):
        return False
    for path in paths:
        integrity.check_size(path, path.stat().st_size, manifest.get("files"))
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


def write_text(path: pathlib.Path, pairs: Iterable[tuple[str, str]]) -> None:
    """Writes pairs of clean strings as tab-separated text, in one piece."""
    lines = (f"{first}\t{second}\n" for first, second in pairs)
    atomic.write_bytes(path, "".join(lines).encode("utf-8"))


def read_text(
    path: pathlib.Path, files: dict[str, Any] | None = None
) -> tuple[list[str], list[str]]:
    """Returns what `write_text` wrote, as two lists of strings.

    Args:
        path: the file.
        files: what the manifest notes of files, see `integrity.fingerprints`, or None.

    Raises:
        ValueError: when the file is missing or has been changed since.
    """
    try:
        text = integrity.read_bytes(path, files).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(integrity.not_as_written(path, error)) from error
    *lines, rest = text.split("\n")
    if rest:
        raise InvalidError(integrity.not_as_written(path, "its last line has no end"))
    pairs = [line.split("\t") for line in lines]
    for number, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            wrong = f"line {number} has {len(pair)} columns, not a sentence and its translation"
            raise InvalidError(integrity.not_as_written(path, wrong))
    return [first for first, _ in pairs], [second for _, second in pairs]
