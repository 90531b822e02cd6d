"""A trained model as a function from lines of text to lines of text."""

import concurrent.futures
import os
import re

import numpy as np
from keras import ops

from t2t_vq import em
from t2t_vq.data.tokenizer import EOS_ID
from t2t_vq.decoding.options import BATCH_SIZE, GREEDY, check_choice
from t2t_vq.decoding.rescoring import best_candidate, lengths_before
from t2t_vq.decoding.shortest import at_shortest

# Sources are padded to one of these lengths, as each length is compiled once.
LENGTHS = (16, 32, 64, 128, 256, 512, 1024)


class Translator:
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
        ValueError: when the search and the rescorer do not fit together.

    Example:
        translator = Translator(model, tokenizer, max_length=64)
        translator.translate(["The dog sleeps."])  # ["Der Hund schläft."]
    """

    def __init__(
        self, model, tokenizer, max_length, search=GREEDY, rescorer=None, batch_size=BATCH_SIZE
    ):
        check_choice(search, rescorer is not None)
        self.model = model
        self.tokenizer = tokenizer
        self.search = search
        self.rescorer = rescorer
        self.batch_size = max(1, batch_size // search.num_candidates)
        self.lengths = [length for length in LENGTHS if length < max_length]
        self.lengths.append(next((n for n in LENGTHS if n >= max_length), LENGTHS[-1]))
        self.num_cut = 0
        self._compiled = {}

    def translate(self, lines):
        """Returns one translation a line, in order; an empty line gives an empty line.

        Args:
            lines: list of strings.
        """
        sources = self.encode(lines)
        translations = [""] * len(lines)
        # A line of blanks is its end alone: there is nothing to translate.
        order = sorted(
            (i for i, ids in enumerate(sources) if len(ids) > 1), key=lambda i: len(sources[i])
        )
        batches = list(self._batches(order, sources))
        found = self._translate_batches([[sources[i] for i in batch] for batch in batches])
        for batch, tokens in zip(batches, found, strict=True):
            for i, text in zip(batch, self.tokenizer.decode_batch(tokens), strict=True):
                # A vocabulary that spells unknown characters in bytes can spell line breaks too.
                translations[i] = re.sub(r"[\r\n]+", " ", text)
        return translations

    def _translate_batches(self, batches):
        """Returns what `translate_ids` does, for each of a list of batches."""
        for length in {self._shape(batch)[1] for batch in batches}:
            # Keras keeps its settings by thread, so nothing is traced in another.
            self.compiled(length).get_concrete_function()
        num_threads = (os.cpu_count() or 1) if em.on_cpu() else 1
        threads = concurrent.futures.ThreadPoolExecutor(num_threads)
        try:
            return list(threads.map(self.translate_ids, batches))
        finally:
            # Who interrupts this waits for what has begun, not for all the rest.
            threads.shutdown(cancel_futures=True)

    def encode(self, lines):
        """Returns the source tokens of each line; counts those that it cuts in `num_cut`.

        Args:
            lines: list of strings.
        """
        longest, sources = self.lengths[-1], []
        for ids in self.tokenizer.encode_batch(lines):
            if len(ids) > longest:
                self.num_cut += 1
                ids = [*ids[: longest - 1], self.tokenizer.eos_id]
            sources.append(ids)
        return sources

    def compile_for(self, lines):
        """Compiles what translating `lines` will need, so that it can be timed without."""
        sources = self.encode(lines)
        order = sorted(range(len(lines)), key=lambda i: len(sources[i]))
        shapes = set()
        for batch in self._batches(order, sources):
            shape = self._shape([sources[i] for i in batch])
            if shape not in shapes:
                self.translate_ids([sources[i] for i in batch])
            shapes.add(shape)
        self.num_cut = 0

    def translate_ids(self, sources):
        """Returns target tokens `[rows, length]` for lists of source tokens.

        Args:
            sources: at most `batch_size` lists, of `encode`.
        """
        rows, length = self._shape(sources)
        padded = np.zeros((rows, length), np.int32)
        for row, ids in enumerate(sources):
            padded[row, : len(ids)] = ids
        padded[len(sources) :] = padded[0]
        return np.asarray(self.compiled(length)(padded))[: len(sources)]

    def compiled(self, length):
        """Returns the compiled `[rows, length]` -> `[rows, target length]` function."""
        import tensorflow as tf

        if length not in self._compiled:
            self._compiled[length] = tf.function(
                self._best,
                input_signature=[tf.TensorSpec([None, length], tf.int32)],
                jit_compile=True,
                autograph=False,
            )
        return self._compiled[length]

    @property
    def variables(self):
        """Everything that translating reads."""
        models = [self.model] if self.rescorer is None else [self.model, self.rescorer]
        return [variable for model in models for variable in model.variables]

    def _best(self, source):
        if self.rescorer is None:
            return self.model.translate(source, self.search)
        candidates = self.model.candidates(source, self.search)
        length = candidates.shape[-1]
        with_end = ops.minimum(ops.max(lengths_before(candidates, EOS_ID)) + 1, length)
        likelihoods = at_shortest(
            lambda shorter: self.rescorer.log_likelihood(source, candidates[..., :shorter]),
            length,
            with_end,
        )
        return best_candidate(candidates, likelihoods, EOS_ID, self.search.alpha)

    def _shape(self, sources):
        # Rows are rounded up like lengths, for the sake of few compilations.
        sizes = sorted({1, min(8, self.batch_size), self.batch_size})
        rows = next(n for n in sizes if n >= len(sources))
        return rows, next(n for n in self.lengths if n >= max(map(len, sources)))

    def _batches(self, order, sources):
        batch, limit = [], 0
        for i in order:
            length = next(n for n in self.lengths if n >= len(sources[i]))
            if batch and (length != limit or len(batch) == self.batch_size):
                yield batch
                batch = []
            batch.append(i)
            limit = length
        if batch:
            yield batch
