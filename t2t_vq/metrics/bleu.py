"""Corpus BLEU and chrF, by sacreBLEU."""

import typing

from sacrebleu.metrics import BLEU, CHRF


class Score(typing.NamedTuple):
    """A score and the signature that says how it was computed."""

    score: float
    signature: str


def bleu(hypotheses, references):
    """Returns corpus BLEU, 0 to 100, of detokenised lines.

    Args:
        hypotheses, references: lists of strings, as long as each other.

    Returns:
        A `Score`.

    Reference: "A Call for Clarity in Reporting BLEU Scores" (arXiv 1804.08771).

    Example:
        bleu(["Der Hund schläft heute ."], ["Der Hund schläft heute ."]).score  # 100.0
    """
    return _score(BLEU(), hypotheses, references)


def chrf(hypotheses, references):
    """Returns corpus chrF, 0 to 100, as `bleu` does."""
    return _score(CHRF(), hypotheses, references)


def _score(metric, hypotheses, references):
    if len(hypotheses) != len(references):
        raise ValueError(
            f"There are {len(hypotheses)} translations and {len(references)} references. "
            "Give one reference a translation."
        )
    result = metric.corpus_score(hypotheses, [references])
    return Score(result.score, str(metric.get_signature()))
