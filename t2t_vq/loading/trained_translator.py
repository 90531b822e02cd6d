"""A translation model of a run."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from t2t_vq.loading.loaded_translator import LoadedTranslator
from t2t_vq.loading.provenance import about_run
from t2t_vq.paths import StrPath
from t2t_vq.translation_codes import TranslationCodes

if TYPE_CHECKING:
    import numpy as np

    from t2t_vq.config import HParams
    from t2t_vq.run import Run
    from t2t_vq.translator import Translator


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
        >>> model = t2t_vq.load("runs/mine")
        >>> lines = ["The dog sleeps."]
        >>> codes = model.encode(lines)
        >>> codes[0].ndim, codes[0].dtype
        (2, dtype('int32'))
        >>> translations = model.decode(codes, lines)
    """

    translator: Translator
    checkpoint: str

    def __init__(self, path: StrPath, run: Run, translator: Translator, checkpoint: str) -> None:
        super().__init__(path, about_run(path, run, checkpoint), translator, run.data_dir)
        self.run = run
        self.checkpoint = str(checkpoint)

    @property
    def hparams(self) -> HParams:
        return self.run.hparams

    @property
    def model(self) -> Any:
        return self.translator.model

    def n_best(self, lines: Iterable[str], number: int) -> list[list[tuple[str, float]]]:
        """Returns the best translations of each line; see `t2t_vq.translator.Translator.n_best`."""
        return self.translator.n_best(lines, number)

    def log_probabilities(
        self, lines: Iterable[str], translations: Iterable[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores given translations; see `t2t_vq.translator.Translator.score`."""
        return self.translator.score(lines, translations)

    @functools.cached_property
    def codes(self) -> TranslationCodes:
        """The `t2t_vq.translation_codes.TranslationCodes`; raises a ValueError without codes."""
        return TranslationCodes(self.translator)

    def encode(self, lines: Iterable[str]) -> list[np.ndarray]:
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

    def decode(self, codes: list[np.ndarray], lines: Iterable[str]) -> list[str]:
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
        self,
        export_dir: StrPath,
        format: str = "saved_model",
        precision: str = "float32",
        max_bleu_loss: float | None = None,
    ) -> None:
        """Writes the model for serving.

        Args:
            export_dir: folder to write; new or empty.
            format: "saved_model", "openvino", "onnx" or "ctranslate2".
            precision: in which networks of OpenVINO and ONNX multiply.
            max_bleu_loss: BLEU that int8 may lose on the validation text; by default 0.3.

        Raises:
            OSError: when the folder holds files, or cannot be written.
            ValueError: when the model cannot be exported so, or loses more.

        Example:
            >>> t2t_vq.load("runs/mine").export("export/my_translator", "onnx")
            >>> t2t_vq.load("export/my_translator").translate([""])
            ['']
        """
        from t2t_vq.export.models import export_translator

        text = self._text("dev") if precision == "int8" else None
        language = self._problem().target_language
        arguments = (format, precision, self.about, text, max_bleu_loss, language)
        export_translator(self.translator, export_dir, *arguments)
