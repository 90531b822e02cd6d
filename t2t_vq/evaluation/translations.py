"""Scores of translations."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from t2t_vq.line_translator import checked_lines
from t2t_vq.metrics.bleu import bleu, check_one_each, chrf

if TYPE_CHECKING:
    from t2t_vq.line_translator import LineTranslator


def score_translations(
    translator: LineTranslator, sources: list[str], references: list[str], language: str = ""
) -> dict[str, Any]:
    """Translates and scores.

    Args:
        translator: a `t2t_vq.line_translator.LineTranslator`, of a run or of an export.
        sources, references: lists of strings, as long as each other, with one at least.
        language: code of the references' language, if it is known; see `t2t_vq.metrics.bleu.bleu`.

    Returns:
        A dict of `bleu`, `chrf`, their signatures, `sentences`, `sources_cut` (those longer than
        the model takes), and `sentences_per_second`, from text to text, compilation left out.

    Raises:
        TypeError: for anything else than strings.
        ValueError: when there are none, or more of the ones than of the others.

    Example:
        >>> translator = t2t_vq.load("export/fast").translator
        >>> score_translations(translator, ["The dog sleeps."], ["Der Hund schläft."])["sentences"]
        1
    """
    sources, references = checked_lines(sources), checked_lines(references)
    check_one_each("sources", sources, references)
    translator.compile_for(sources)
    cut_before = translator.num_cut
    start = time.perf_counter()
    translations = translator.translate(sources)
    seconds = time.perf_counter() - start
    result: dict[str, Any] = {
        "sentences": len(sources),
        "sources_cut": translator.num_cut - cut_before,
        "sentences_per_second": len(sources) / seconds,
    }
    scores = {"bleu": bleu(translations, references, language)}
    scores["chrf"] = chrf(translations, references)
    for name, found in scores.items():
        result[name], result[f"{name}_signature"] = found.score, found.signature
    return result
