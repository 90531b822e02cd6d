"""A translator as a SavedModel from strings to strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf
import tensorflow_text

from t2t_vq.data.lines import BLANKS, CHARACTERS
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID
from t2t_vq.export import reproducible, serving_warmup
from t2t_vq.export.folder import filling
from t2t_vq.export.pieces import SIZES, filled_up, in_pieces
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.translator import Translator


class TranslationModule(tf.Module):
    """Tokenises, translates and detokenises inside one TensorFlow graph.

    It does what its `Translator` does, line for line: sources are grouped by length, padded to the
    same lengths, cut at the same longest one, and an empty line stays empty. A group is made up of
    pieces of few sizes, for which each length is compiled.

    Args:
        translator: a `t2t_vq.translator.Translator`.
    """

    def __init__(self, translator: Translator) -> None:
        super().__init__()
        self._lengths = translator.lengths
        most = translator.batch_size
        self._sizes = [*(size for size in SIZES if size < most), most]
        self._tokenizer = tensorflow_text.SentencepieceTokenizer(
            translator.tokenizer.model_bytes, add_eos=True
        )
        self._functions = [translator.compiled(length) for length in self._lengths]
        # TensorFlow's walk over a Keras model misses layers in lists.
        self._model_variables = [variable.value for variable in translator.variables]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def translate(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Translates `[batch]` strings; returns `{"translation": [batch] strings}`."""
        sources = self.tokenize(text)
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

    @tf.function(input_signature=[])
    def warm_up(self) -> dict[str, tf.Tensor]:
        """Compiles for all shapes; returns `{"tokens": [shapes] int32}`, how many each gives."""
        counts = []
        for length, function in zip(self._lengths, self._functions, strict=True):
            for rows in self._sizes:
                sources = tf.pad(tf.fill([rows, 1], EOS_ID), [[0, 0], [0, length - 1]])
                counts.append(tf.reduce_sum(tf.cast(function(sources) != PAD_ID, tf.int32)))
        return {"tokens": tf.stack(counts)}

    def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of lines, ragged; of long lines no more than are needed, or few more."""
        # Else each byte that is no UTF-8 would be a token, and not each group that decoding takes
        # for one character.
        readable = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
        lines = tf.strings.regex_replace(readable, BLANKS, " ")
        # The memory that tokens take is many times that of their text.
        sizes = tf.strings.length(lines, unit="UTF8_CHAR")
        shown = tf.minimum(sizes, CHARACTERS * self._lengths[-1])
        rest = tf.strings.substr(lines, shown, sizes, unit="UTF8_CHAR")
        beginnings = tf.strings.join(
            [
                tf.strings.substr(lines, tf.zeros_like(shown), shown, unit="UTF8_CHAR"),
                tf.strings.regex_replace(rest, "(?s) .*", ""),
            ]
        )
        sources = self._tokenizer.tokenize(beginnings)
        # Some characters have no ids.
        too_few = (sources.row_lengths() <= self._lengths[-1]) & (beginnings != lines)
        return tf.cond(
            tf.reduce_any(too_few),
            lambda: self._tokenizer.tokenize(tf.where(too_few, lines, beginnings)),
            lambda: sources,
        )

    def _translate_group(self, sources, fits, length, function, translations):
        def translated(rows, size):
            padded = filled_up(self._pad(tf.gather(sources, rows), length), size)
            return self._detokenize(function(padded))

        return in_pieces(translated, tf.where(fits)[:, 0], self._sizes, translations)

    def _pad(self, sources, length):
        """Returns `[rows, length]`."""
        is_cut = sources.row_lengths() > length
        kept = tf.cast(sources[:, : length - 1], tf.int32)
        rest = tf.where(
            is_cut[:, None],
            EOS_ID,
            sources[:, length - 1 : length].to_tensor(PAD_ID, shape=[None, 1]),
        )
        return tf.concat([kept.to_tensor(PAD_ID, shape=[None, length - 1]), rest], axis=1)

    def _detokenize(self, tokens):
        ended = tf.cumsum(tf.cast(tokens == EOS_ID, tf.int32), axis=1) > 0
        kept = tf.ragged.boolean_mask(tokens, ~ended & (tokens != PAD_ID))
        return tf.strings.regex_replace(self._tokenizer.detokenize(kept), r"[\r\n]+", " ")


def export_saved_model(translator: Translator, export_dir: StrPath) -> None:
    """Writes a SavedModel whose `serving_default` translates a batch of strings.

    A process that serves it needs TensorFlow and `tensorflow_text`, not this package. What it runs
    is compiled where it runs, once for each of few numbers of rows and of the translator's lengths.
    The signature `warm_up` compiles all of them, and TensorFlow Serving calls it by itself.

    Args:
        translator: a `t2t_vq.translator.Translator`.
        export_dir: a folder that is not there yet, or empty.

    Raises:
        FileExistsError: when `export_dir` holds files.

    Example:
        >>> export_saved_model(t2t_vq.load("runs/mine").translator, "export/saved_model")
        >>> # In another process:
        >>> import tensorflow as tf, tensorflow_text
        >>> model = tf.saved_model.load("export/saved_model")
        >>> serve = model.signatures["serving_default"]
        >>> serve(text=tf.constant([""]))["translation"].numpy().tolist()
        [b'']
    """
    module = TranslationModule(translator)
    signatures = {"serving_default": module.translate, "warm_up": module.warm_up}
    with filling(export_dir) as folder:
        reproducible.save(module, folder, signatures)
        serving_warmup.write(folder, "warm_up")
