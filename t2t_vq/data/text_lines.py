"""Lines of text files as people have them: compressed, with any line ends, in UTF-8 or refused."""

import codecs
import gzip
import io
import lzma
import pathlib
import zlib
from collections.abc import Callable, Iterator

from t2t_vq.errors import InvalidError

_OPENERS: dict[str, Callable] = {".gz": gzip.open, ".xz": lzma.open}
SUFFIXES = ("", *_OPENERS)
# What shows the kind of a file. UTF-32 comes first, as its mark begins with that of UTF-16.
_START = 1 << 20
_KINDS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ": "xz",
    b"BZh9": "bzip2",
    b"PK\x03\x04": "zip",
}


def read(path: pathlib.Path) -> Iterator[tuple[int, bytes]]:
    """Yields the lines of a text file, which end as on Linux, Windows or old Macs.

    Args:
        path: `pathlib.Path` of a file in UTF-8, plain, `.gz` or `.xz`.

    Yields:
        `(number, line)`, from 1, as bytes without line ends and byte order mark.

    Raises:
        ValueError: when a compressed file is damaged, or the file is no text in UTF-8 or mixes line
            ends; single bad lines are left to the reader.
    """
    opener = _OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rb") as file:
            start = file.read(_START)
            _check_kind(path, start)
            file.seek(0)
            lines = file
            if _is_of_old_mac(path, start):
                # Latin-1 has a character for every byte, so that all come back as they were.
                text = io.TextIOWrapper(file, encoding="latin-1", newline="")
                lines = (line.encode("latin-1") for line in text)
            for number, line in enumerate(lines, 1):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                yield number, line.rstrip(b"\r\n")
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise InvalidError(
            f"{path} is damaged or not what its name says ({error}). Compress it again."
        ) from error


def _is_of_old_mac(path, start):
    """Returns whether lines end in carriage returns, which else may stand inside of some.

    At the very end there may be a line feed too, as editors add one.
    """
    feeds = start.count(b"\n")
    returns = start.count(b"\r") - start.count(b"\r\n")
    if returns <= feeds:
        return False
    if start.find(b"\n", 0, -1) >= 0:
        raise InvalidError(
            f"{path} mixes line ends: it begins with {feeds:,} line feeds and {returns:,} carriage "
            "returns without one. Give all lines the same end, for example with mac2unix."
        )
    return True


def _check_kind(path, start):
    """Refuses what is no text in UTF-8 from its first bytes on."""
    for mark, kind in _KINDS.items():
        if start.startswith(mark):
            raise InvalidError(f"{path} looks like {kind}. {_advice(kind)}")
    # Half of the bytes of a Western text in UTF-16 are zeros; other text has none.
    if 4 * start.count(0) > len(start):
        kind = "UTF-16LE" if start[1::2].count(0) > start[::2].count(0) else "UTF-16BE"
        raise InvalidError(f"{path} looks like {kind}, or is no text. {_advice(kind)}")
    lines = start.splitlines()
    foreign = [line for line in lines[: len(lines) - (len(start) == _START)] if not line.isascii()]
    wrong = sum(not _is_utf8(line) for line in foreign)
    # Single lines may be bad. Where most letters beyond ASCII are, it is the file.
    if 2 * wrong > len(foreign) and 100 * wrong > len(lines):
        raise InvalidError(
            f"{path} is not UTF-8: {wrong:,} of its first {len(lines):,} lines are not. It is "
            f"perhaps Latin-1. {_advice('WINDOWS-1252')}"
        )


def _advice(kind):
    if kind.startswith(("UTF", "WINDOWS")):
        return f"Convert it to UTF-8, for example with iconv -f {kind} -t UTF-8."
    return "Give it as plain text in UTF-8, or compressed once and called .gz or .xz."


def _is_utf8(line):
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
