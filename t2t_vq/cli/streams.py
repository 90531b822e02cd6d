"""The streams of lines that commands read and write: files, pipes, or standard input and output."""

import contextlib
import itertools
import os
import pathlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from absl import flags as absl_flags

from t2t_vq import atomic
from t2t_vq.data.lines import in_parts
from t2t_vq.errors import InvalidError, MissingError

FLAGS = absl_flags.FLAGS
# Lines worked on together: enough for full batches of like length, few enough to hold.
_LINES, _BYTES = 16_384, 1 << 24


def check_input(name: str) -> None:
    """Refuses a flag that names no file to read.

    Args:
        name: of the flag.

    Raises:
        FileNotFoundError: when there is no such file.
    """
    path: Any = FLAGS[name].value
    if os.path.isdir(path):
        raise MissingError(f"{path} is a folder, and a file to read is needed; correct --{name}.")
    if path != "-" and not os.path.exists(path):
        raise MissingError(f"There is no file {path} to read; correct --{name}.")


def check_output(name: str, inputs: Iterable[str]) -> None:
    """Refuses a flag that names no file to write, or one of those that are read.

    Args:
        name: of the flag.
        inputs: names of the flags of what is read.

    Raises:
        FileNotFoundError: when there is no place for such a file.
        ValueError: when what is read would be written over.
    """
    path: Any = FLAGS[name].value
    is_standard = _is_standard_output(path)
    if not is_standard and (os.path.isdir(path) or not os.path.isdir(os.path.dirname(path) or ".")):
        wrong = "is a folder" if os.path.isdir(path) else "would be in a folder that is missing"
        raise MissingError(f"{path} {wrong}, so it can be no file; correct --{name}.")
    for each in inputs:
        source: Any = FLAGS[each].value
        if source == "-" or not os.path.isfile(source):
            continue
        if _is_standard_output(source) if is_standard else _is_same_file(source, path):
            raise InvalidError(
                f"{source} is read, and would be written over. Give --{name} another file."
            )


def _is_same_file(path, other):
    return os.path.exists(other) and os.path.samefile(path, other)


def _is_standard_output(path):
    """Returns whether that is standard output, as - or by a name of it such as /dev/stdout."""
    if path == "-":
        return True
    try:
        there = os.fstat(sys.stdout.fileno())
    # Where it was closed, there is none.
    except (AttributeError, OSError):
        return False
    return os.path.isfile(path) and os.path.samestat(os.stat(path), there)


@contextlib.contextmanager
def reader(path: str) -> Iterator[BinaryIO]:
    """Opens a file, or standard input for -, as a binary stream."""
    if path == "-":
        yield sys.stdin.buffer
    else:
        with open(path, "rb") as stream:
            yield stream


@contextlib.contextmanager
def writer(path: str) -> Iterator[BinaryIO]:
    """Opens a file, or standard output for - and its own names, as a binary stream.

    Another file appears, or takes the place of an older one, when all is written.
    """
    if _is_standard_output(path):
        yield sys.stdout.buffer
        return
    if os.path.exists(path) and not os.path.isfile(path):
        # A device or a pipe, which no file must take the place of.
        with open(path, "wb") as stream:
            yield stream
        return
    # What a link points to is written, and the link stays.
    with (
        atomic.replacing(pathlib.Path(os.path.realpath(path))) as temporary,
        open(temporary, "wb") as stream,
    ):
        yield stream


def chunks(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Yields the lines of a binary stream, without their line feeds, in lists of bounded size.

    A line ends at a line feed and nowhere else, so that files stay aligned.
    """
    return in_parts((line.removesuffix(b"\n") for line in stream), _LINES, _BYTES)


def chunks_of_pairs(
    streams: Sequence[BinaryIO], names: Sequence[str]
) -> Iterator[list[tuple[bytes, bytes]]]:
    """Yields the lines of two binary streams in lists of pairs, as `chunks` does.

    Args:
        streams: the two.
        names: that they are called by.

    Raises:
        ValueError: when one has more lines than the other; after the lines that both have.
    """
    return in_parts(_pairs(streams, names), _LINES, _BYTES, lambda pair: sum(map(len, pair)))


def _pairs(streams, names):
    for number, pair in enumerate(itertools.zip_longest(*streams)):
        for line, name, other in zip(pair, names, reversed(names), strict=True):
            if line is None:
                raise InvalidError(
                    f"{name} ends after {number:,} of the lines of {other}. Give two files of as "
                    "many lines, one the translation of the other, line by line."
                )
        yield tuple(line.removesuffix(b"\n") for line in pair)


def decoded(lines: Sequence[bytes]) -> tuple[list[str], int]:
    """Returns the text of lines of bytes, and how many of them are no UTF-8."""
    texts = [line.decode("utf-8", "replace") for line in lines]
    # With a replacement character of its own a line may be valid.
    invalid = sum(
        "\ufffd" in text and text.encode("utf-8") != line
        for text, line in zip(texts, lines, strict=True)
    )
    return texts, invalid


def tell_replaced(invalid: int) -> None:
    """Tells, on standard error, of lines that are no UTF-8, if there are any."""
    if invalid:
        print(f"Lines with bytes that are no UTF-8, replaced: {invalid:,}.", file=sys.stderr)
