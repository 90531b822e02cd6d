"""WMT'15 English-Finnish translation."""

from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.wmt import WmtProblem
from t2t_vq.registry import register_problem


@register_problem
class TranslateEnfi(WmtProblem):
    """English to Finnish, WMT'15: newsdev2015 and newstest2015."""

    files_name = "translate_enfi"
    dataset = "wmt15_translate/fi-en"
    languages = ("en", "fi")


@register_problem
class TranslateEnfiRev(TranslateEnfi):
    """Finnish to English, WMT'15: newsdev2015 and newstest2015."""

    reversed = True


@register_problem
class TranslateEnfiDistill(Distilled, TranslateEnfi):
    """English to Finnish, WMT'15 with a teacher's translations to train on (t2t-vq-distill)."""


@register_problem
class TranslateEnfiRevDistill(Distilled, TranslateEnfiRev):
    """Finnish to English, WMT'15 with a teacher's translations to train on (t2t-vq-distill)."""
