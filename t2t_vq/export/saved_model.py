"""A translator as a SavedModel from strings to strings."""

import tensorflow as tf
import tensorflow_text

from t2t_vq.data.tokenizer import EOS_ID, PAD_ID
from t2t_vq.export.folder import filling


class TranslationModule(tf.Module):
    """Tokenises, translates and detokenises inside one TensorFlow graph.

    It does what its `Translator` does, line for line: sources are grouped by length, padded to the
    same lengths, cut at the same longest one, and an empty line stays empty.

    Args:
        translator: a `t2t_vq.translator.Translator`.
    """

    def __init__(self, translator):
        super().__init__()
        self._lengths = translator.lengths
        self._tokenizer = tensorflow_text.SentencepieceTokenizer(
            translator.tokenizer.model_bytes, add_eos=True
        )
        self._functions = [translator.compiled(length) for length in self._lengths]
        # TensorFlow's walk over a Keras model misses layers in lists.
        self._model_variables = [variable.value for variable in translator.variables]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def translate(self, text):
        """Translates `[batch]` strings; returns `{"translation": [batch] strings}`."""
        sources = self._tokenizer.tokenize(text)
        source_lengths = sources.row_lengths()
        translations = tf.zeros_like(text)
        # A line of blanks is its end alone, and belongs to no group.
        shorter = 1
        for length, function in zip(self._lengths, self._functions, strict=True):
            last = length == self._lengths[-1]
            fits = (source_lengths > shorter) & (last or (source_lengths <= length))
            translations = self._translate_group(sources, fits, length, function, translations)
            shorter = length
        return {"translation": translations}

    def _translate_group(self, sources, fits, length, function, translations):
        rows = tf.where(fits)[:, 0]

        def group():
            texts = self._detokenize(function(self._pad(tf.gather(sources, rows), length)))
            return tf.tensor_scatter_nd_update(
                translations, rows[:, None], texts[: tf.shape(rows)[0]]
            )

        return tf.cond(tf.size(rows) > 0, group, lambda: translations)

    def _pad(self, sources, length):
        """Returns `[rows, length]`, rows a power of two, so that few shapes are compiled."""
        is_cut = sources.row_lengths() > length
        kept = tf.cast(sources[:, : length - 1], tf.int32)
        rest = tf.where(
            is_cut[:, None],
            EOS_ID,
            sources[:, length - 1 : length].to_tensor(PAD_ID, shape=[None, 1]),
        )
        padded = tf.concat([kept.to_tensor(PAD_ID, shape=[None, length - 1]), rest], axis=1)
        rows = tf.shape(padded)[0]
        powers = tf.constant([1 << exponent for exponent in range(31)])
        wanted = powers[tf.searchsorted(powers, rows[None])[0]]
        return tf.concat([padded, tf.repeat(padded[:1], wanted - rows, axis=0)], axis=0)

    def _detokenize(self, tokens):
        ended = tf.cumsum(tf.cast(tokens == EOS_ID, tf.int32), axis=1) > 0
        kept = tf.ragged.boolean_mask(tokens, ~ended & (tokens != PAD_ID))
        return tf.strings.regex_replace(self._tokenizer.detokenize(kept), r"[\r\n]+", " ")


def export_saved_model(translator, export_dir):
    """Writes a SavedModel whose `serving_default` translates a batch of strings.

    A process that serves it needs TensorFlow and `tensorflow_text`, not this package.

    Args:
        translator: a `t2t_vq.translator.Translator`.
        export_dir: a folder that is not there yet, or empty.

    Raises:
        FileExistsError: when `export_dir` holds files.

    Example:
        export_saved_model(translator, "export/1")
        # In another process:
        import tensorflow as tf, tensorflow_text
        serve = tf.saved_model.load("export/1").signatures["serving_default"]
        serve(text=tf.constant(["The dog sleeps."]))["translation"]
    """
    module = TranslationModule(translator)
    with filling(export_dir) as folder:
        tf.saved_model.save(module, folder, signatures={"serving_default": module.translate})
