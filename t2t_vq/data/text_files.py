"""Parallel text in files: finding, reading, and counting what is wrong with it.

A split is one file of tab-separated columns (`train.tsv`, English, tab, German; further columns
are ignored) or two files of equal length (`train.en` and `train.de`), plain or compressed
(`.gz`, `.xz`).
"""

import gzip
import itertools
import lzma
import pathlib

from t2t_vq.data import sources
from t2t_vq.data.lines import single_spaced

SPLITS = ("train", "dev", "test")
_LANGUAGES = ("en", "de")
_OPENERS = {".gz": gzip.open, ".xz": lzma.open}
_SUFFIXES = ("", *_OPENERS)


class Report(sources.Report):
    """Counts bad lines by kind, and keeps the first of each kind with its file and line."""

    unit = "lines"
    if_empty = "Give a text with at least one pair of sentences."
    if_bad = "Is it English, tab, German in UTF-8?"


def find(source_dir, split):
    """Returns the files of a split: `[tsv]`, `[english, german]`, or `[]` when there is none.

    Args:
        source_dir: the folder to look in.
        split: "train", "dev" or "test".

    Raises:
        FileNotFoundError: when the folder is not there, or only one language is.
        ValueError: when the split is there in more than one form.
    """
    found = _found(source_dir, split)
    if bool(found["en"]) != bool(found["de"]):
        here, missing = ("en", "de") if found["en"] else ("de", "en")
        raise FileNotFoundError(
            f"{source_dir} holds {found[here][0].name} but no {split}.{missing}. Add the other "
            "language."
        )
    return found["tsv"] or found["en"] + found["de"]


def _found(source_dir, split):
    folder = pathlib.Path(source_dir).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"--source_dir={source_dir} is not a folder.")
    found = {
        kind: [path for end in _SUFFIXES if (path := folder / f"{split}.{kind}{end}").is_file()]
        for kind in ("tsv", *_LANGUAGES)
    }
    if any(len(paths) > 1 for paths in found.values()) or (
        found["tsv"] and (found["en"] or found["de"])
    ):
        names = ", ".join(path.name for paths in found.values() for path in paths)
        raise ValueError(f"{folder} holds the {split} text more than once: {names}. Keep one.")
    return found


def expected(split):
    """Returns the file names that `find` looks for, as a phrase."""
    return f"{split}.tsv or {split}.en and {split}.de (plain, .gz or .xz)"


def read_pairs(paths, report):
    """Yields the good `(english, german)` pairs of a split, and reports the bad ones.

    Blanks of every kind become one space, and none is left at the ends.

    Args:
        paths: what `find` returned.
        report: a `Report`.

    Raises:
        ValueError: when a compressed file is damaged.
    """
    reader = _read_columns if len(paths) == 1 else _read_sides
    for sides in reader(paths, report):
        pair = clean(sides, report)
        if pair:
            yield pair


def read_side(source_dir, split, side, report):
    """Yields the good sentences of one language of a split, and reports the bad ones.

    The other language may be missing. Blanks are as in `read_pairs`.

    Args:
        source_dir: the folder that holds the split.
        split: "train", "dev" or "test".
        side: 0 for English, 1 for German.
        report: a `Report`.

    Raises:
        FileNotFoundError: when there is no such text.
        ValueError: when it is there in more than one form, or a compressed file is damaged.
    """
    found, language = _found(source_dir, split), _LANGUAGES[side]
    if not (found["tsv"] or found[language]):
        raise FileNotFoundError(
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


def clean(sides, report):
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
    for number, line in _lines(path):
        report.see(path.name, number)
        columns = line.split(b"\t")
        if len(columns) < 2:
            report.add("no tab", line.decode("utf-8", "backslashreplace"))
        else:
            yield columns[:2]


def _read_lines(paths, report):
    (path,) = paths
    for number, line in _lines(path):
        report.see(path.name, number)
        yield line


def _read_sides(paths, report):
    english_path, german_path = paths
    for english, german in itertools.zip_longest(_lines(english_path), _lines(german_path)):
        path = german_path if english is None else english_path
        number, line = english or german
        report.see(path.name, number)
        if english is None or german is None:
            report.add("no line in the other language", line.decode("utf-8", "backslashreplace"))
        else:
            yield english[1], german[1]


def _lines(path):
    """Yields `(number, line)`, from 1, as bytes without line ends and byte order mark."""
    opener = _OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rb") as file:
            for number, line in enumerate(file, 1):
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                yield number, line.rstrip(b"\r\n")
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise ValueError(
            f"{path} is damaged or not what its name says ({error}). Compress it again."
        ) from error
