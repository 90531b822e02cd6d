"""The codes that a model with a bottleneck translates through, from text and to text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from keras import ops

from t2t_vq.arguments import check_codes
from t2t_vq.data.lines import encode_lines
from t2t_vq.errors import InvalidError
from t2t_vq.line_translator import checked_lines
from t2t_vq.translator import padded

if TYPE_CHECKING:
    from t2t_vq.translator import Translator


class TranslationCodes:
    """Gives the codes of translations, and translations of codes.

    Args:
        translator: a `t2t_vq.translator.Translator` of a `TransformerNat`.

    Raises:
        ValueError: when its model has no codes.

    Example:
        >>> codes = TranslationCodes(t2t_vq.load("runs/mine").translator)
        >>> found = codes.predict(["The dog sleeps."])
        >>> translations = codes.decode(found, ["The dog sleeps."])
    """

    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self._model = translator.model
        bottleneck = getattr(self._model, "bottleneck", None)
        if bottleneck is None:
            raise InvalidError(
                f"The model {type(self._model).__name__} translates without codes. Take a run of "
                "transformer_nat."
            )
        self._num_codes, self._num_codebooks = bottleneck.num_codes, bottleneck.num_codebooks
        self._none = np.zeros((0, self._num_codebooks), np.int32)
        # Of tokens of a translation and of its latents, for each length of sources.
        self._most_tokens = [self._model.target_length(n) for n in translator.lengths]
        self._most_latents = [n >> self._model.compress_steps for n in self._most_tokens]

    def predict(self, lines: Iterable[str]) -> list[np.ndarray]:
        """Returns the codes that the model predicts for lines, as it does to translate them.

        Args:
            lines: list of strings.

        Returns:
            For each line int32 `[latents, num_codebooks]`, without latents for an empty line.
        """
        sources = self._translator.encode(lines)
        lengths = [self._translator.length_of([ids]) if len(ids) > 1 else None for ids in sources]
        return self._in_batches(self._predicted, sources, lengths, self._none)

    def encode(self, translations: Iterable[str]) -> list[np.ndarray]:
        """Returns the codes of given translations, which the decoder would rebuild these from.

        Args:
            translations: list of strings.

        Returns:
            As `predict`.

        Raises:
            ValueError: when one is longer than the model translates to.
        """
        targets = encode_lines(
            self._translator.tokenizer, checked_lines(translations), self._most_tokens[-1]
        )
        lengths = [
            self._fitting(f"translation of line {number}", len(ids), self._most_tokens, "tokens")
            if len(ids) > 1
            else None
            for number, ids in enumerate(targets, 1)
        ]
        return self._in_batches(self._encoded, targets, lengths, self._none)

    def decode(self, codes: Sequence[np.ndarray], lines: Iterable[str]) -> list[str]:
        """Returns the translations of lines that codes stand for.

        Args:
            codes: for each line `[latents, num_codebooks]`, integers.
            lines: list of strings.

        Returns:
            A list of strings.

        Raises:
            ValueError: when there are more of the ones than of the others, or codes do not fit.
        """
        sources = self._translator.encode(lines)
        codes = [self._checked(number, each) for number, each in enumerate(codes, 1)]
        if len(codes) != len(sources):
            raise InvalidError(
                f"There are codes for {len(codes)} lines, and {len(sources)} lines. Give codes for "
                "each line."
            )
        lengths = [
            max(
                self._translator.length_of([ids]),
                self._fitting(
                    f"code sequence of line {number}", len(each), self._most_latents, "latents"
                ),
            )
            if len(ids) > 1 and len(each)
            else None
            for number, (ids, each) in enumerate(zip(sources, codes, strict=True), 1)
        ]
        pairs = list(zip(sources, codes, strict=True))
        return self._translator.texts(self._in_batches(self._decoded, pairs, lengths, ()))

    def _in_batches(self, function, items, lengths, unused):
        """Returns what a function gives for items, in batches of a length; `unused` without one."""
        found = [unused] * len(items)
        order = sorted((i for i, n in enumerate(lengths) if n), key=lambda i: lengths[i])
        for batch in self._translator.batches(order, lengths):
            rows = function([items[i] for i in batch], lengths[batch[0]])
            for i, row in zip(batch, rows, strict=True):
                found[i] = row
        return found

    def _fitting(self, what, size, most, units):
        """Returns the translator's smallest length of which `most` is enough for a size."""
        for length, limit in zip(self._translator.lengths, most, strict=True):
            if size <= limit:
                return length
        raise InvalidError(
            f"The {what} is longer than the {most[-1]} {units} that the model takes. Give a "
            "shorter one."
        )

    def _checked(self, number, codes):
        codes = np.asarray(codes)
        is_whole = codes.dtype.kind in "iu" or not codes.size
        if codes.ndim != 2 or codes.shape[1] != self._num_codebooks or not is_whole:
            raise InvalidError(
                f"The codes of line {number} are {codes.dtype.name} {list(codes.shape)}, and this "
                f"model's are integers [latents, {self._num_codebooks}]. Give them so."
            )
        check_codes(codes, self._num_codes)
        return codes.astype(np.int32)

    def _predicted(self, sources, length):
        program = self._translator.program(self._search, length)
        rows = self._translator.rows_for(len(sources))
        found = np.asarray(program(padded(sources, rows, length)))[: len(sources)]
        return [self._trimmed(row) for row in found]

    def _encoded(self, targets, length):
        length = self._model.target_length(length)
        program = self._translator.program(self._symbols, length)
        rows = self._translator.rows_for(len(targets))
        found = np.asarray(program(padded(targets, rows, length)))[: len(targets)]
        return [self._trimmed(row) for row in found]

    def _decoded(self, pairs, length):
        sources, codes = zip(*pairs, strict=True)
        latents = self._most_latents[self._translator.lengths.index(length)]
        rows = self._translator.rows_for(len(pairs))
        symbols = np.full((rows, latents, self._num_codebooks), self._num_codes, np.int32)
        for row, each in enumerate(codes):
            symbols[row, : len(each)] = each
        symbols[len(pairs) :] = symbols[0]
        program = self._translator.program(self._tokens, length, latents * self._num_codebooks)
        found = program(padded(sources, rows, length), symbols.reshape(rows, -1))
        return np.asarray(found)[: len(pairs)]

    def _trimmed(self, symbols):
        is_end = symbols[:, 0] == self._num_codes
        return symbols[: int(np.argmax(is_end)) if is_end.any() else len(symbols)]

    def _search(self, source):
        search = self._translator.search
        if self._translator.rescorer is None and not search.refinements:
            # Nobody asks what the codes stand for.
            memory, mask = self._model.encode(source)
            length = self._model.target_length(source.shape[1]) >> self._model.compress_steps
            return self._model.search_latents(memory, mask, length, search)[:, 0]
        candidates, symbols = self._model.coded_candidates(source, search)
        return self._translator.chosen(source, candidates, symbols)

    def _symbols(self, target):
        return self._model.symbols_of(target)

    def _tokens(self, source, symbols):
        memory, mask = self._model.encode(source)
        latents = symbols.shape[1] // self._num_codebooks
        symbols = ops.reshape(symbols, (-1, latents, self._num_codebooks))
        return self._model.decode_latents(symbols, memory, mask)
