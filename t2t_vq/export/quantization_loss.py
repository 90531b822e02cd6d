"""What int8 loses against float32, measured on text."""

from collections.abc import Sequence
from typing import Any

from t2t_vq import runtime
from t2t_vq.errors import InvalidError
from t2t_vq.metrics.bleu import bleu
from t2t_vq.paths import StrPath

# Of a text, one line of so many calibrates int8, and the others are what it is scored on.
_CALIBRATING = 10


def split_text(
    text: tuple[Sequence[str], Sequence[str]] | None,
) -> tuple[Sequence[str], tuple[list[str], ...]]:
    """Returns lines to calibrate on, and the text to score on.

    Args:
        text: `(sources, references)`, two lists of strings.

    Returns:
        `(lines, (sources, references))`, without a line in common.

    Raises:
        ValueError: when there is too little text.
    """
    if not text or len(text[0]) < 2:
        raise InvalidError(
            "int8 is calibrated and scored on text, and there is too little. Give sources and "
            "references, those of the validation text say."
        )
    kept = [[line for number, line in enumerate(side) if number % _CALIBRATING] for side in text]
    return text[0][::_CALIBRATING], tuple(kept)


def measured_loss(
    reference: StrPath,
    folder: StrPath,
    text: tuple[list[str], ...],
    max_bleu_loss: float,
    language: str = "",
) -> dict[str, Any]:
    """Compares an export in int8 with the same in float32.

    Args:
        reference: folder of the export in float32.
        folder: of that in int8.
        text: `(sources, references)`, two lists of strings.
        max_bleu_loss: BLEU that may be lost.
        language: code of the references' language, if it is known.

    Returns:
        A dict of the number of `sentences`, `bleu_float32` and `bleu_int8`.

    Raises:
        ValueError: when more is lost.
    """
    sources, references = text
    before, after = (
        bleu(runtime.load(each).translate(sources), references, language).score
        for each in (reference, folder)
    )
    if not before - after <= max_bleu_loss:
        raise InvalidError(
            f"int8 has {after:.2f} BLEU on {len(sources):,} sentences and float32 {before:.2f}: it "
            f"loses {before - after:.2f}, more than {max_bleu_loss}. Export in another precision, "
            "or allow the loss with --max_bleu_loss."
        )
    return {"sentences": len(sources), "bleu_float32": before, "bleu_int8": after}
