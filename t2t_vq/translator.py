"""A trained model as a function from lines of text to lines of text."""

import numpy as np
from keras import ops

from t2t_vq import em, processors
from t2t_vq.data.tokenizer import EOS_ID
from t2t_vq.decoding.options import BATCH_SIZE, GREEDY, check_choice, sources_together
from t2t_vq.decoding.rescoring import best_candidate, lengths_before
from t2t_vq.decoding.shortest import at_shortest
from t2t_vq.line_translator import LineTranslator

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
        ValueError: when the search and the rescorer do not fit together, or the batch size is less
            than 1.

    Example:
        translator = Translator(model, tokenizer, max_length=64)
        translator.translate(["The dog sleeps."])  # ["Der Hund schläft."]
    """

    def __init__(
        self, model, tokenizer, max_length, search=GREEDY, rescorer=None, batch_size=BATCH_SIZE
    ):
        check_choice(search, rescorer is not None)
        lengths = [length for length in LENGTHS if length < max_length]
        lengths.append(next((n for n in LENGTHS if n >= max_length), LENGTHS[-1]))
        num_threads = processors.usable() if em.on_cpu() else 1
        super().__init__(tokenizer, lengths, sources_together(search, batch_size), num_threads)
        self.model = model
        self.search = search
        self.rescorer = rescorer
        self._compiled = {}

    def _translate_batches(self, batches):
        for length in {self._shape(batch)[1] for batch in batches}:
            # Keras keeps its settings by thread, so nothing is traced in another.
            self.compiled(length).get_concrete_function()
        return super()._translate_batches(batches)

    def compile_for(self, lines):
        sources = self.encode(lines)
        order = sorted(range(len(lines)), key=lambda i: len(sources[i]))
        shapes = set()
        for batch in self._batches(order, sources):
            shape = self._shape([sources[i] for i in batch])
            if shape not in shapes:
                self.translate_batch([sources[i] for i in batch])
            shapes.add(shape)
        self.num_cut = 0

    def translate_batch(self, sources):
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
        return rows, self.length_of(sources)
