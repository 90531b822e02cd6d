"""WMT'14 English-Czech translation."""

from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.wmt import WmtProblem
from t2t_vq.registry import register_problem


@register_problem
class TranslateEncs(WmtProblem):
    """English to Czech, WMT'14: newstest2013 and 2014; CzEng 1.0 by hand."""

    files_name = "translate_encs"
    dataset = "wmt14_translate/cs-en"
    languages = ("en", "cs")


@register_problem
class TranslateEncsRev(TranslateEncs):
    """Czech to English, WMT'14: newstest2013 and 2014; CzEng 1.0 by hand."""

    reversed = True


@register_problem
class TranslateEncsDistill(Distilled, TranslateEncs):
    """English to Czech, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""


@register_problem
class TranslateEncsRevDistill(Distilled, TranslateEncsRev):
    """Czech to English, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""
