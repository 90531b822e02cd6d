"""WMT'14 English-Russian translation."""

from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.wmt import WmtProblem
from t2t_vq.registry import register_problem


@register_problem
class TranslateEnru(WmtProblem):
    """English to Russian, WMT'14: newstest2013 and 2014; Yandex's corpus by hand."""

    files_name = "translate_enru"
    dataset = "wmt14_translate/ru-en"
    languages = ("en", "ru")


@register_problem
class TranslateEnruRev(TranslateEnru):
    """Russian to English, WMT'14: newstest2013 and 2014; Yandex's corpus by hand."""

    reversed = True


@register_problem
class TranslateEnruDistill(Distilled, TranslateEnru):
    """English to Russian, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""


@register_problem
class TranslateEnruRevDistill(Distilled, TranslateEnruRev):
    """Russian to English, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""
