"""What of a line of text is tokenised: its words, one space apart, and no more than is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from t2t_vq.data.tokenizer import Tokenizer

# What `str.split` takes for a blank, as a regular expression that Python and RE2 read alike.
BLANKS = "[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
# A beginning of so many characters for each token that is needed mostly has them.
CHARACTERS = 16
# Tokenised together: the tokens of a character take a hundred times the memory that it does.
_BATCH_CHARACTERS = 1 << 20
_BLANK = re.compile(BLANKS)

T = TypeVar("T")


def single_spaced(text: str) -> str:
    """Returns text whose runs of blanks, of every kind, are one space, with none at the ends.

    Example:
        >>> single_spaced(" The\\x0bdog\\u2028 sleeps.")
        'The dog sleeps.'
    """
    return " ".join(text.split())


def encode_lines(tokenizer: Tokenizer, lines: list[str], length: int) -> list[list[int]]:
    """Returns the ids of lines, of those that have more than `length` the first `length + 1`.

    No piece of a vocabulary reaches over a blank, so that what comes before one has the same ids
    whatever follows. Of a long line only a beginning is tokenised, up to a blank behind which
    nothing is needed.

    Args:
        tokenizer: a `t2t_vq.data.tokenizer.Tokenizer`.
        lines: list of strings. What in them is no character, half a surrogate pair say, counts as a
            replacement character.
        length: most ids that are of use, the end counted.

    Returns:
        A list of ids for each line.
    """
    found = []
    for part in in_parts(lines, len(lines), _BATCH_CHARACTERS):
        beginnings = [_beginning(line, CHARACTERS * length) for line in part]
        batch = tokenizer.encode_batch([_prepared(text) for text in beginnings])
        for line, beginning, ids in zip(part, beginnings, batch, strict=True):
            # Some characters have no ids, so that a beginning may have too few.
            while len(ids) <= length and len(beginning) < len(line):
                beginning = _beginning(line, 2 * len(beginning))
                ids = tokenizer.encode(_prepared(beginning))
            found.append(ids[: length + 1])
    return found


def in_parts(
    texts: Iterable[T], most: int, most_size: int, size: Callable[[Any], int] = len
) -> Iterator[list[T]]:
    """Yields an iterable of texts, strings or bytes, in lists of bounded size.

    Args:
        texts: the iterable.
        most: texts in a list.
        most_size: characters or bytes in a list of more than one.
        size: function that gives the size of a text; by default their number in it.

    Example:
        >>> list(in_parts(["a", "bc", "def", "g"], 3, 3))
        [['a', 'bc'], ['def'], ['g']]
    """
    part: list[T] = []
    total = 0
    for text in texts:
        if part and (len(part) == most or total + size(text) > most_size):
            yield part
            part, total = [], 0
        part.append(text)
        total += size(text)
    if part:
        yield part


def _beginning(line, size):
    """Returns a line up to the first blank behind `size` characters, or all of it."""
    blank = _BLANK.search(line, size)
    return line[: blank.start()] if blank else line


def _prepared(line):
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = line.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return single_spaced(line)
