"""WMT'14 English-French translation."""

from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.wmt import WmtProblem
from t2t_vq.registry import register_problem


@register_problem
class TranslateEnfr(WmtProblem):
    """English to French, WMT'14: newstest2013 and 2014."""

    files_name = "translate_enfr"
    dataset = "wmt14_translate/fr-en"
    languages = ("en", "fr")


@register_problem
class TranslateEnfrRev(TranslateEnfr):
    """French to English, WMT'14: newstest2013 and 2014."""

    reversed = True


@register_problem
class TranslateEnfrDistill(Distilled, TranslateEnfr):
    """English to French, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""


@register_problem
class TranslateEnfrRevDistill(Distilled, TranslateEnfrRev):
    """French to English, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""
