"""Lines of text to lines of text, whatever translates the tokens; imports nothing heavy."""

from __future__ import annotations

import concurrent.futures
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from t2t_vq.data.lines import encode_lines
from t2t_vq.errors import WrongTypeError

if TYPE_CHECKING:
    import numpy as np

    from t2t_vq.data.tokenizer import Tokenizer
    from t2t_vq.decoding.options import Search


class LineTranslator:
    """Translates lines of text in batches of lines of like length; a subclass translates a batch.

    Args:
        tokenizer: a `t2t_vq.data.tokenizer.Tokenizer`.
        lengths: sources of up to each of these lengths make batches of their own; a source longer
            than the last is cut there.
        batch_size: most sources translated together.
        num_threads: batches translated at once.

    Attributes:
        num_cut: sources that were cut so far.
        watch: function that is told how many sources are done, batch by batch; None tells nobody.
        search: the `t2t_vq.decoding.options.Search` that the subclass translates with.
    """

    search: Search

    def __init__(
        self, tokenizer: Tokenizer, lengths: Iterable[int], batch_size: int, num_threads: int
    ) -> None:
        self.tokenizer = tokenizer
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.num_threads = num_threads
        self.num_cut = 0
        self.watch: Callable[[int], None] | None = None

    def translate(self, lines: Iterable[str]) -> list[str]:
        """Returns one translation a line, in order; an empty line gives an empty line.

        Args:
            lines: iterable of strings, in order. What in them is no character, half a surrogate
                pair say, counts as a replacement character.

        Raises:
            TypeError: for anything else.
        """
        return self.texts(self.translate_tokens(self.encode(lines)))

    def translate_tokens(self, sources: Sequence[Sequence[int]]) -> list:
        """Returns the target tokens of each source, in order; none of one that is its end alone.

        Args:
            sources: lists of source tokens, of `encode`.
        """
        return self.of_each(sources, self._translate_batches)

    def of_each(
        self, sources: Sequence[Sequence[int]], translate_batches: Callable[[list], Iterable]
    ) -> list:
        """Returns for each source its part of what a function gives for batches of them.

        Args:
            sources: lists of source tokens.
            translate_batches: function of a list of batches that gives for each its rows.

        Returns:
            A list; `()` for a source that is its end alone.
        """
        found = [()] * len(sources)
        order = sorted(
            (i for i, ids in enumerate(sources) if len(ids) > 1), key=lambda i: len(sources[i])
        )
        batches = list(self.batches(order, [self.length_of([ids]) for ids in sources]))
        translated = translate_batches([[sources[i] for i in batch] for batch in batches])
        for batch, rows in zip(batches, translated, strict=True):
            for i, row in zip(batch, rows, strict=True):
                found[i] = row
        return found

    def texts(self, batch: Iterable) -> list[str]:
        """Returns lines of text for sequences of target tokens."""
        texts = self.tokenizer.decode_batch(batch)
        # A vocabulary that spells unknown characters in bytes can spell line breaks too.
        return [re.sub(r"[\r\n]+", " ", text) for text in texts]

    def encode(self, lines: Iterable[str]) -> list[list[int]]:
        """Returns the source tokens of each line; counts those that it cuts in `num_cut`.

        Args:
            lines: as `translate` takes them.
        """
        longest, sources = self.lengths[-1], []
        for ids in encode_lines(self.tokenizer, checked_lines(lines), longest):
            if len(ids) > longest:
                self.num_cut += 1
                ids = [*ids[: longest - 1], self.tokenizer.eos_id]
            sources.append(ids)
        return sources

    def translate_batch(self, sources: Sequence[Sequence[int]]) -> np.ndarray:
        """Returns target tokens `[rows, length]` for lists of source tokens.

        Args:
            sources: at most `batch_size` lists, of `encode`, that fit the same length.
        """
        raise NotImplementedError

    def compile_for(self, lines: Iterable[str]) -> None:
        """Prepares what translating `lines` will need, so that it can be timed without.

        What it cuts does not count in `num_cut`.
        """
        raise NotImplementedError

    def length_of(self, sources: Sequence[Sequence[int]]) -> int:
        """Returns the smallest of `lengths` that lists of source tokens fit."""
        longest = max(map(len, sources))
        return next(length for length in self.lengths if length >= longest)

    def _translate_batches(self, batches):
        """Returns what `translate_batch` does, for each of a list of batches."""
        return self.in_threads(self.translate_batch, batches)

    def in_threads(self, function: Callable, batches: Iterable) -> list:
        """Returns what a function gives for each of a list of batches."""
        threads, is_waited_for = concurrent.futures.ThreadPoolExecutor(self.num_threads), True
        found = []
        try:
            for batch, result in zip(batches, threads.map(function, batches), strict=True):
                found.append(result)
                if self.watch:
                    self.watch(len(batch))
            return found
        except KeyboardInterrupt:
            # What has begun may compile for minutes, and cannot be stopped.
            is_waited_for = False
            raise
        finally:
            threads.shutdown(is_waited_for, cancel_futures=True)

    def _most_rows(self, num_sources):
        """Returns how many of so many sources are at most translated together."""
        return self.batch_size

    def batches(self, order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yields lists of indices, in order, whose `lengths` are the same."""
        batch: list[int] = []
        most = self._most_rows(len(order))
        for i in order:
            if batch and (lengths[i] != lengths[batch[0]] or len(batch) == most):
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch


def checked_lines(lines: Iterable[str]) -> list[str]:
    """Returns lines as a list of strings.

    Args:
        lines: any iterable of strings that has an order.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(lines, str | bytes):
        raise WrongTypeError("A list of lines is needed, and this is a single string. Give [line].")
    if isinstance(lines, set | frozenset | dict) or not isinstance(lines, Iterable):
        raise WrongTypeError(
            f"A list of lines is needed, and this is of type {type(lines).__name__}, which has no "
            "lines in order. Give a list of strings."
        )
    lines = list(lines)
    for number, line in enumerate(lines):
        if not isinstance(line, str):
            raise WrongTypeError(
                f"Item {number} of the lines is of type {type(line).__name__}. Give strings."
            )
    return lines
