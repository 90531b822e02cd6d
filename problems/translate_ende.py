"""WMT'14 English-German translation."""

from t2t_vq.problems.wmt import WmtProblem
from t2t_vq.registry import register_problem


@register_problem
class TranslateEnde(WmtProblem):
    """English to German, WMT'14: 4.5 million pairs, newstest2013 and 2014."""

    files_name = "translate_ende"
    dataset = "wmt14_translate/de-en"


@register_problem
class TranslateEndeRev(TranslateEnde):
    """German to English, WMT'14: 4.5 million pairs, newstest2013 and 2014."""

    reversed = True
