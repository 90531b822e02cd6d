"""A trained model in the format that somebody asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from t2t_vq.errors import InvalidError
from t2t_vq.formats.exported import ENGINES, MAX_BLEU_LOSS, check_precision
from t2t_vq.paths import StrPath, expanded

if TYPE_CHECKING:
    from t2t_vq.models.vq_autoencoder import VqAutoencoder
    from t2t_vq.translator import Translator

FORMATS = ("saved_model", *ENGINES, "ctranslate2")


def export_translator(
    translator: Translator,
    export_dir: StrPath,
    format: str = "saved_model",
    precision: str = "float32",
    provenance: dict[str, Any] | None = None,
    text: tuple[Sequence[str], Sequence[str]] | None = None,
    max_bleu_loss: float | None = None,
    language: str = "",
) -> None:
    """Writes a translation model for serving.

    Args:
        translator: a `t2t_vq.translator.Translator`.
        export_dir: folder to write; new or empty.
        format: one of `FORMATS`.
        precision, provenance, text, language: of the formats openvino and onnx, see
            `t2t_vq.export.networks.export_networks`.
        max_bleu_loss: BLEU that int8 may lose against float32; by default 0.3.

    Raises:
        OSError: when the folder holds files, or cannot be written.
        ValueError: when the model cannot be exported so.

    Example:
        >>> translator = t2t_vq.load("runs/teacher").translator
        >>> export_translator(translator, "export/teacher", "ctranslate2")
    """
    check_format(format, precision, max_bleu_loss=max_bleu_loss)
    export_dir = expanded(export_dir)
    if format in ENGINES:
        from t2t_vq.export.networks import export_networks

        most = MAX_BLEU_LOSS if max_bleu_loss is None else max_bleu_loss
        arguments = (format, precision, provenance, text, most, language)
        export_networks(translator, export_dir, *arguments)
    elif format == "ctranslate2":
        from t2t_vq.export.ctranslate2 import export_ctranslate2

        export_ctranslate2(translator, export_dir)
    else:
        from t2t_vq.export.saved_model import export_saved_model

        export_saved_model(translator, export_dir)


def export_images(
    model: VqAutoencoder,
    export_dir: StrPath,
    format: str = "saved_model",
    precision: str = "float32",
    provenance: dict[str, Any] | None = None,
) -> Sequence[str]:
    """Writes an image model for serving.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
        export_dir, format, precision, provenance: as in `export_translator`.

    Returns:
        The names of the signatures of a SavedModel; none of another format.

    Raises:
        OSError: when the folder holds files, or cannot be written.
        ValueError: when the model cannot be exported so.

    Example:
        >>> names = export_images(t2t_vq.load("runs/images").model, "export/image_onnx", "onnx")
        >>> t2t_vq.load("export/image_onnx").sample(4).shape
        (4, 32, 32, 3)
    """
    check_format(format, precision, "images")
    export_dir = expanded(export_dir)
    if format in ENGINES:
        from t2t_vq.export.networks import export_networks

        export_networks(model, export_dir, format, precision, provenance)
        return ()

    from t2t_vq.export.image_saved_model import export_image_saved_model

    return export_image_saved_model(model, export_dir)


def check_format(
    format: str,
    precision: str = "float32",
    task: str = "translation",
    max_bleu_loss: float | None = None,
) -> None:
    """Refuses what is no format, or none of a task's, and a precision or loss that it has not.

    Args:
        format: one of `FORMATS`.
        precision: in which networks multiply.
        task: "translation" or "images".
        max_bleu_loss: BLEU that may be lost, or None.

    Raises:
        ValueError: then.
    """
    if format not in FORMATS:
        raise InvalidError(f"There is no format {format!r}. Choose one of {', '.join(FORMATS)}.")
    if format == "ctranslate2" and task == "images":
        raise InvalidError(
            "The format ctranslate2 is for translation, and this is a model of images. Choose "
            f"another: {', '.join(FORMATS[:-1])}."
        )
    if format in ENGINES:
        check_precision(format, precision, task)
    elif precision != "float32":
        raise InvalidError(
            f"A precision is for the formats {' and '.join(ENGINES)}; a {format} export is in "
            "float32. Leave it out, or choose another format."
        )
    if max_bleu_loss is not None and precision != "int8":
        raise InvalidError(
            "max_bleu_loss is for precision=int8, which loses some. Leave it out, or choose that."
        )
