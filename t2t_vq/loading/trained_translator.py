"""A translation model of a run."""

import functools

from t2t_vq.formats.exported import MAX_BLEU_LOSS
from t2t_vq.loading.loaded_translator import LoadedTranslator
from t2t_vq.loading.provenance import about_run
from t2t_vq.translation_codes import TranslationCodes


class TrainedTranslator(LoadedTranslator):
    """A translation model of a run, which can do more than translate.

    Args:
        path: folder of the run.
        run: its `t2t_vq.run.Run`.
        translator: a `t2t_vq.translator.Translator`.
        checkpoint: path of the checkpoint that the weights are of.

    Attributes:
        run: the `Run`.
        hparams: its hyper-parameters, a dataclass of `t2t_vq.config`.
        model: the Keras model.

    Example:
        model = t2t_vq.load("runs/mine")
        codes = model.encode(["The dog sleeps."])
        model.decode(codes, ["The dog sleeps."])  # ["Der Hund schläft."]
    """

    def __init__(self, path, run, translator, checkpoint):
        super().__init__(path, about_run(path, run, checkpoint), translator, run.data_dir)
        self.run = run

    @property
    def hparams(self):
        return self.run.hparams

    @property
    def model(self):
        return self.translator.model

    def n_best(self, lines, number):
        """Returns the best translations of each line; see `t2t_vq.translator.Translator.n_best`."""
        return self.translator.n_best(lines, number)

    def log_probabilities(self, lines, translations):
        """Scores given translations; see `t2t_vq.translator.Translator.score`."""
        return self.translator.score(lines, translations)

    @functools.cached_property
    def codes(self):
        """The `t2t_vq.translation_codes.TranslationCodes`; raises a ValueError without codes."""
        return TranslationCodes(self.translator)

    def encode(self, lines):
        """Returns the codes that the model predicts for lines, as it does to translate them.

        Those of given translations are `codes.encode(translations)`.

        Args:
            lines: list of strings.

        Returns:
            For each line int32 `[latents, num_codebooks]`.

        Raises:
            ValueError: when the model has no codes.
        """
        return self.codes.predict(lines)

    def decode(self, codes, lines):
        """Returns the translations that codes stand for.

        Args:
            codes: as `encode` gives them.
            lines: the lines that are translated, list of strings.

        Returns:
            A list of strings.

        Raises:
            ValueError: when the model has no codes, or codes do not fit it or the lines.
        """
        return self.codes.decode(codes, lines)

    def export(
        self, export_dir, format="saved_model", precision="float32", max_bleu_loss=MAX_BLEU_LOSS
    ):
        """Writes the model for serving.

        Args:
            export_dir: folder to write; new or empty.
            format: "saved_model", "openvino", "onnx" or "ctranslate2".
            precision: in which networks of OpenVINO and ONNX multiply.
            max_bleu_loss: BLEU that int8 may lose on the validation text.

        Raises:
            OSError: when the folder holds files, or cannot be written.
            ValueError: when the model cannot be exported so, or loses more.
        """
        from t2t_vq.export.models import export_translator

        text = self._text("dev") if precision == "int8" else None
        arguments = (format, precision, self.about, text, max_bleu_loss)
        export_translator(self.translator, export_dir, *arguments)
