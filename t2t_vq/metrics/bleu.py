"""Corpus BLEU and chrF, by sacreBLEU."""

import re
import typing
from collections.abc import Iterable, Sequence

from sacrebleu.metrics import BLEU, CHRF

from t2t_vq.errors import InvalidError, WrongTypeError


class Score(typing.NamedTuple):
    """A score and the signature that says how it was computed."""

    score: float
    signature: str


# Languages written without blanks between words, by how their lines are taken apart.
_TOKENIZERS = {
    **dict.fromkeys(("zh", "zho", "yue", "cmn"), "zh"),
    **dict.fromkeys(("ja", "jpn", "th", "tha", "lo", "lao", "km", "khm", "my", "mya"), "char"),
}


def bleu(hypotheses: Iterable[str], references: Iterable[str], language: str = "") -> Score:
    """Returns corpus BLEU, 0 to 100, of detokenised lines.

    Lines are taken apart as WMT's 13a does. Where words stand without blanks between them, it is
    by characters: those of Chinese alone (sacreBLEU's zh), and all of Japanese, Thai, Lao, Khmer
    and Burmese (char). The signature tells which.

    Args:
        hypotheses, references: lists of strings, as long as each other, with one at least.
        language: code of their language, if it is known.

    Returns:
        A `Score`.

    Raises:
        TypeError: for anything else than strings.
        ValueError: when there are none, or more of the ones than of the others.

    Reference:
        "A Call for Clarity in Reporting BLEU Scores" (arXiv 1804.08771).

    Example:
        >>> print(round(bleu(["Der Hund schläft heute ."], ["Der Hund schläft heute ."]).score, 4))
        100.0
    """
    main = re.split("[-_@]", language)[0].lower()
    return _score(BLEU(tokenize=_TOKENIZERS.get(main)), hypotheses, references)


def chrf(hypotheses: Iterable[str], references: Iterable[str]) -> Score:
    """Returns corpus chrF, 0 to 100, as `bleu` does.

    Example:
        >>> print(round(chrf(["Der Hund schläft."], ["Der Hund schläft."]).score, 4))
        100.0
    """
    return _score(CHRF(), hypotheses, references)


def _score(metric, hypotheses, references):
    hypotheses, references = _lines("translations", hypotheses), _lines("references", references)
    check_one_each("translations", hypotheses, references)
    result = metric.corpus_score(hypotheses, [references])
    return Score(result.score, str(metric.get_signature()))


def check_one_each(name: str, lines: Sequence[str], references: Sequence[str]) -> None:
    """Refuses what is not one reference each, or nothing at all.

    Args:
        name: that `lines` are called by.
        lines: sources, or translations of them.
        references: of them.

    Raises:
        ValueError: then.
    """
    if len(lines) != len(references):
        raise InvalidError(
            f"There are {len(lines)} {name} and {len(references)} references. Give one reference "
            "each."
        )
    if not lines:
        raise InvalidError(f"There are no {name} to score. Give one at least.")


def _lines(name, lines):
    is_list = not isinstance(lines, str | bytes) and isinstance(lines, Iterable)
    lines = list(lines) if is_list else [None]
    if not all(isinstance(line, str) for line in lines):
        raise WrongTypeError(f"The {name} are no list of strings. Give one string a sentence.")
    return lines
