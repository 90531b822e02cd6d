"""Parallel text in files: finding, reading, and counting what is wrong with it.

A split is one file of tab-separated columns (`train.tsv`: a sentence, tab, its translation; further
columns are ignored) or two files of equal length (`train.en` and `train.de`), plain or compressed
(`.gz`, `.xz`).
"""

import itertools
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from t2t_vq.data import sources, text_lines
from t2t_vq.data.lines import single_spaced
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath

SPLITS = ("train", "dev", "test")


class Report(sources.Report):
    """Counts bad lines by kind, and keeps the first of each kind with its file and line."""

    unit = "lines"
    if_empty = "Give a text with at least one pair of sentences."
    if_bad = "Is it a sentence, tab, its translation, in UTF-8?"


def find(source_dir: StrPath, split: str, languages: Sequence[str]) -> list[pathlib.Path]:
    """Returns the files of a split: `[tsv]`, one of each language, or `[]` when there is none.

    Args:
        source_dir: the folder to look in.
        split: "train", "dev" or "test".
        languages: the two codes that names of files end with.

    Raises:
        FileNotFoundError: when the folder is not there, or only one language is.
        ValueError: when the split is there in more than one form, or is no file.
    """
    found = _found(source_dir, split, languages)
    first, second = languages
    if bool(found[first]) != bool(found[second]):
        here, missing = (first, second) if found[first] else (second, first)
        raise MissingError(
            f"{source_dir} holds {found[here][0].name} but no {split}.{missing}. Add the other "
            "language."
        )
    return found["tsv"] or found[first] + found[second]


def _found(source_dir, split, languages):
    folder = pathlib.Path(source_dir).expanduser()
    if not folder.is_dir():
        raise MissingError(f"--source_dir={source_dir} is not a folder.")
    names = {
        kind: [folder / f"{split}.{kind}{end}" for end in text_lines.SUFFIXES]
        for kind in ("tsv", *languages)
    }
    found = {kind: [path for path in paths if path.is_file()] for kind, paths in names.items()}
    if any(len(paths) > 1 for paths in found.values()) or (
        found["tsv"] and any(found[language] for language in languages)
    ):
        names = ", ".join(path.name for paths in found.values() for path in paths)
        raise InvalidError(f"{folder} holds the {split} text more than once: {names}. Keep one.")
    if not (found["tsv"] or all(found[language] for language in languages)):
        for path in itertools.chain.from_iterable(names.values()):
            if os.path.lexists(path) and not path.is_file():
                raise InvalidError(
                    f"{path} is a folder or a link that leads nowhere. Put the text itself there."
                )
    return found


def expected(split: str, languages: Sequence[str]) -> str:
    """Returns the file names that `find` looks for, as a phrase."""
    sides = " and ".join(f"{split}.{language}" for language in languages)
    return f"{split}.tsv or {sides} (plain, .gz or .xz)"


def check_sides(paths: Sequence[pathlib.Path]) -> None:
    """Refuses two languages with different numbers of lines, as it is not known which go together.

    Args:
        paths: what `find` returned.

    Raises:
        ValueError: when the numbers differ, or a file cannot be read as text.
    """
    if len(paths) < 2:
        return
    first, second = (sum(1 for _ in text_lines.read(path)) for path in paths)
    if first != second:
        raise InvalidError(
            f"{paths[0]} has {first:,} lines and {paths[1]} has {second:,}, so that it is not "
            "known which belong together. Give both languages line by line."
        )


def read_pairs(paths: Sequence[pathlib.Path], report: Report) -> Iterator[tuple[str, str]]:
    """Yields the good pairs of sentences of a split, and reports the bad ones.

    Blanks of every kind become one space, and none is left at the ends.

    Args:
        paths: what `find` returned.
        report: a `Report`.

    Raises:
        ValueError: when a compressed file is damaged, a file is no text in UTF-8, or the languages
            have different numbers of lines.
    """
    reader = _read_columns if len(paths) == 1 else _read_sides
    for sides in reader(paths, report):
        pair: Any = clean(sides, report)
        if pair:
            yield pair


def read_side(
    source_dir: StrPath,
    split: str,
    side: int,
    report: Report,
    languages: Sequence[str],
) -> Iterator[str]:
    """Yields the good sentences of one language of a split, and reports the bad ones.

    The other language may be missing. Blanks are as in `read_pairs`.

    Args:
        source_dir: the folder that holds the split.
        split: "train", "dev" or "test".
        side: 0 for the first language, 1 for the second.
        report: a `Report`.
        languages: as in `find`.

    Raises:
        FileNotFoundError: when there is no such text.
        ValueError: when it is there in more than one form, a compressed file is damaged, or a file
            is no text in UTF-8.
    """
    found, language = _found(source_dir, split, languages), languages[side]
    if not (found["tsv"] or found[language]):
        raise MissingError(
            f"--source_dir={source_dir} has no {split} text in this language. Put {split}.tsv or "
            f"{split}.{language} (plain, .gz or .xz) there."
        )
    if found["tsv"]:
        lines = (columns[side] for columns in _read_columns(found["tsv"], report))
    else:
        lines = _read_lines(found[language], report)
    for line in lines:
        if sentences := clean([line], report):
            yield sentences[0]


def clean(sides: Sequence[bytes], report: Report) -> tuple[str, ...] | None:
    """Returns the sides of a line as clean strings, or None after reporting what is wrong.

    Args:
        sides: list of `bytes`.
        report: a `Report` that has seen the line.
    """
    try:
        sentences = tuple(single_spaced(side.decode("utf-8")) for side in sides)
    except UnicodeDecodeError:
        report.add("invalid UTF-8", b"\t".join(sides).decode("utf-8", "backslashreplace"))
        return None
    if not all(sentences):
        report.add("empty sentence", "\t".join(sentences))
        return None
    return sentences


def _read_columns(paths, report):
    (path,) = paths
    for number, line in text_lines.read(path):
        report.see(path.name, number)
        columns = line.split(b"\t")
        if len(columns) < 2:
            report.add("no tab", line.decode("utf-8", "backslashreplace"))
        else:
            yield columns[:2]


def _read_lines(paths, report):
    (path,) = paths
    for number, line in text_lines.read(path):
        report.see(path.name, number)
        yield line


def _read_sides(paths, report):
    for first, second in itertools.zip_longest(*map(text_lines.read, paths)):
        if first is None or second is None:
            check_sides(paths)
        number, line = first
        report.see(paths[0].name, number)
        yield line, second[1]
