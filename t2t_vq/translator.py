"""A trained model as a function from lines of text to lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from t2t_vq import processors
from t2t_vq.backend.which import on_cpu
from t2t_vq.data.lines import encode_lines
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID
from t2t_vq.decoding.options import (
    BATCH_SIZE,
    GREEDY,
    check_choice,
    check_max_length,
    check_n_best,
    sources_together,
)
from t2t_vq.decoding.rescoring import best_candidate, lengths_before, ranked_candidates
from t2t_vq.decoding.shortest import at_shortest
from t2t_vq.errors import InvalidError
from t2t_vq.line_translator import LineTranslator, checked_lines

if TYPE_CHECKING:
    from t2t_vq.data.tokenizer import Tokenizer
    from t2t_vq.decoding.options import Search
    from t2t_vq.tensors import Tensor

# Sources are padded to one of these lengths, as each length is compiled once.
LENGTHS = (16, 32, 64, 128, 256, 512, 1024)


class Translator(LineTranslator):
    """Translates lines of text, in batches of lines of like length.

    On a CPU as many batches as it has cores are translated at once, since a batch, most of which is
    small steps one after the other, cannot keep all of them busy.

    Args:
        model: a `TranslationModel`.
        tokenizer: the `Tokenizer` it was trained with.
        max_length: longest source in tokens; longer ones are cut there and counted.
        search: a `t2t_vq.decoding.options.Search`. Default: greedy.
        rescorer: a `TranslationModel` of the same vocabulary; of the search's candidates, the one
            that it finds most likely is chosen. Without one, the first is.
        batch_size: most candidates decoded together. Default 64. A parallel decoder holds logits
            `[batch_size, target length, vocab]`, on a CPU as many times as it has cores.

    Attributes:
        num_cut: sources cut at `max_length` so far.

    Raises:
        TypeError: when the search is no `Search`.
        ValueError: when the search and the rescorer do not fit together, or `max_length` or the
            batch size is less than 1.

    Example:
        >>> trained = t2t_vq.load("runs/mine")
        >>> translator = Translator(trained.model, trained.translator.tokenizer, max_length=16)
        >>> translations = translator.translate(["The dog sleeps."])
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        max_length: int,
        search: Search = GREEDY,
        rescorer: Any | None = None,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        check_choice(search, rescorer is not None)
        check_max_length(max_length)
        lengths = [length for length in LENGTHS if length < max_length]
        lengths.append(next((n for n in LENGTHS if n >= max_length), LENGTHS[-1]))
        num_threads = processors.usable() if on_cpu() else 1
        super().__init__(tokenizer, lengths, sources_together(search, batch_size), num_threads)
        self.model = model
        self.search = search
        self.rescorer = rescorer
        self._row_sizes = sorted({1, min(8, self.batch_size), self.batch_size})
        self._compiled: dict[tuple, Callable] = {}

    def n_best(self, lines: Iterable[str], number: int) -> list[list[tuple[str, float]]]:
        """Returns the best translations of each line, best first, with their scores.

        The search's candidates are ranked by their likelihood under the rescorer, or without one
        under the model itself. Two of them may read alike.

        Args:
            lines: as `translate` takes them.
            number: of translations a line, at most the search's `num_candidates`.

        Returns:
            For each line a list of pairs of a translation and its score: its log-probability in
            nats over the length penalty `((5 + tokens) / 6) ** alpha`, its end counted. An empty
            line has one translation, itself, and the score 0.

        Raises:
            TypeError: for lines that are no strings.
            ValueError: when the search has fewer candidates.

        Example:
            >>> from t2t_vq.decoding.options import Search
            >>> translator = t2t_vq.load("runs/teacher", search=Search(beam_size=2)).translator
            >>> ((best, score), (second, lower)), = translator.n_best(["We are happy."], 2)
            >>> score >= lower
            True
        """
        check_n_best(number, self.search)
        found = self.of_each(self.encode(lines), self._rank_batches)
        return [self._best_of(row, number) if row else [("", 0.0)] for row in found]

    def score(
        self, lines: Iterable[str], translations: Iterable[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the log-probabilities of given translations under the model.

        A `transformer` gives them exactly, a `transformer_nat` from below: of the translation and
        its own codes together, see `TransformerNat.log_likelihood`. A pair of which a side is
        longer than the model takes is NaN; of the sources that is `lengths[-1]` tokens, of the
        translations what the model may translate these to.

        Args:
            lines: as `translate` takes them.
            translations: as many strings.

        Returns:
            `(log_probs, num_tokens)`: `[n]` float32 arrays, in nats, and of the numbers of tokens
            of the translations, their ends counted.

        Raises:
            TypeError: for lines or translations that are no strings.
            ValueError: when there are more of the ones than of the others.

        Example:
            >>> translator = t2t_vq.load("runs/teacher").translator
            >>> log_probs, num_tokens = translator.score(["We are happy."], ["Wir sind froh."])
            >>> log_probability_of_a_token = log_probs / num_tokens
        """
        lines, translations = checked_lines(lines), checked_lines(translations)
        if len(lines) != len(translations):
            raise InvalidError(
                f"There are {len(lines)} lines and {len(translations)} translations. Give one "
                "translation a line."
            )
        most = self.model.target_length(self.lengths[-1])
        sources = encode_lines(self.tokenizer, lines, self.lengths[-1])
        targets = encode_lines(self.tokenizer, translations, most)
        lengths = [self._pair_length(*pair) for pair in zip(sources, targets, strict=True)]
        order = sorted((i for i, n in enumerate(lengths) if n), key=lambda i: lengths[i])
        batches = list(self.batches(order, lengths))
        for length in sorted({lengths[batch[0]] for batch in batches}):
            self._scoring(length).get_concrete_function()

        def scored(batch):
            length, rows = lengths[batch[0]], self.rows_for(len(batch))
            source = padded([sources[i] for i in batch], rows, length)
            target = padded([targets[i] for i in batch], rows, self.model.target_length(length))
            return np.asarray(self._scoring(length)(source, target))[: len(batch)]

        log_probs = np.full(len(lines), np.nan, np.float32)
        for batch, found in zip(batches, self.in_threads(scored, batches), strict=True):
            log_probs[batch] = found
        num_tokens = np.array([len(ids) for ids in targets], np.float32)
        return log_probs, np.where(np.isnan(log_probs), np.nan, num_tokens)

    def compile_for(self, lines: Iterable[str]) -> None:
        cut_before = self.num_cut
        sources = self.encode(lines)
        lengths = [self.length_of([ids]) for ids in sources]
        shapes = set()
        order = sorted(range(len(sources)), key=lambda i: lengths[i])
        for batch in self.batches(order, lengths):
            shape = self.rows_for(len(batch)), lengths[batch[0]]
            if shape not in shapes:
                self.translate_batch([sources[i] for i in batch])
            shapes.add(shape)
        self.num_cut = cut_before

    def translate_batch(self, sources: Sequence[Sequence[int]]) -> np.ndarray:
        return np.asarray(self._call(self.compiled, sources))[: len(sources)]

    def compiled(self, length: int) -> Callable:
        """Returns the compiled `[rows, length]` -> `[rows, target length]` function."""
        return self.program(self._best, length)

    def _translate_batches(self, batches):
        self._trace(self.compiled, batches)
        return super()._translate_batches(batches)

    def _rank_batches(self, batches):
        self._trace(self._ranking, batches)
        return self.in_threads(self._rank_batch, batches)

    def _rank_batch(self, sources):
        tokens, scores = self._call(self._ranking, sources)
        return list(zip(np.asarray(tokens), np.asarray(scores), strict=True))[: len(sources)]

    def _best_of(self, row, number):
        tokens, scores = (part[:number] for part in row)
        return list(zip(self.texts(tokens), scores.tolist(), strict=True))

    def _ranking(self, length):
        return self.program(self._ranked, length)

    def _scoring(self, length):
        return self.program(self._log_likelihood, length, self.model.target_length(length))

    def _trace(self, compiled, batches):
        # Keras keeps its settings by thread, so nothing is traced in another.
        for length in sorted({self.length_of(batch) for batch in batches}):
            compiled(length).get_concrete_function()

    def _call(self, compiled, sources):
        length = self.length_of(sources)
        return compiled(length)(padded(sources, self.rows_for(len(sources)), length))

    def program(self, function: Callable, *lengths: int) -> Callable:
        """Returns a function of arrays `[rows, length]`, one for each of `lengths`, compiled."""
        import tensorflow as tf

        key = (function.__name__, *lengths)
        if key not in self._compiled:
            self._compiled[key] = tf.function(
                function,
                input_signature=[tf.TensorSpec([None, length], tf.int32) for length in lengths],
                jit_compile=True,
                autograph=False,
            )
        return self._compiled[key]

    def chosen(self, source: Tensor, candidates: Tensor, items: Tensor) -> Tensor:
        """Returns what belongs to the candidate that a source is translated to.

        Args:
            source: `[batch, length]` int32.
            candidates: `[batch, n, length]` int32, as the model's `candidates` gives them.
            items: `[batch, n, ...]`, of each candidate.

        Returns:
            `[batch, ...]`.
        """
        if self.rescorer is None:
            return items[:, 0]
        likelihoods = _log_likelihood(self.rescorer, source, candidates)
        return best_candidate(candidates, likelihoods, EOS_ID, self.search.alpha, items)

    @property
    def variables(self) -> list:
        """Everything that translating reads."""
        models = [self.model] if self.rescorer is None else [self.model, self.rescorer]
        return [variable for model in models for variable in model.variables]

    def _best(self, source):
        if self.rescorer is None:
            return self.model.translate(source, self.search)
        candidates = self.model.candidates(source, self.search)
        return self.chosen(source, candidates, candidates)

    def _ranked(self, source):
        candidates = self.model.candidates(source, self.search)
        scorer = self.model if self.rescorer is None else self.rescorer
        likelihoods = _log_likelihood(scorer, source, candidates)
        return ranked_candidates(candidates, likelihoods, EOS_ID, self.search.alpha)

    def _log_likelihood(self, source, target):
        return _log_likelihood(self.model, source, target[:, None])[:, 0]

    def _pair_length(self, source, target):
        """Returns the smallest of `lengths` that fits source and target, None if none does."""
        for length in self.lengths:
            if length >= len(source) and self.model.target_length(length) >= len(target):
                return length
        return None

    def rows_for(self, number: int) -> int:
        """Returns how many rows a batch of a number of sources is filled up to."""
        # Rounded up like lengths, for the sake of few compilations.
        return next(n for n in self._row_sizes if n >= number)


def _log_likelihood(model, source, candidates):
    """Returns `model.log_likelihood`, computed on no more positions than the candidates need."""
    length = candidates.shape[-1]
    with_end = ops.minimum(ops.max(lengths_before(candidates, EOS_ID)) + 1, length)
    return at_shortest(
        lambda shorter: model.log_likelihood(source, candidates[..., :shorter]), length, with_end
    )


def padded(sequences: Sequence[Sequence[int]], rows: int, length: int) -> np.ndarray:
    """Returns `[rows, length]` int32 of as many lists of tokens or fewer, filled with the first."""
    filled = np.full((rows, length), PAD_ID, np.int32)
    for row, ids in enumerate(sequences):
        filled[row, : len(ids)] = ids
    filled[len(sequences) :] = filled[0]
    return filled
