"""English-German translation as a teacher translates: what `t2t-vq-distill` has made."""

from t2t_vq.problems.distilled import Distilled
from t2t_vq.problems.translate_ende import TranslateEnde, TranslateEndeRev
from t2t_vq.problems.translate_ende_local import TranslateEndeLocal, TranslateEndeLocalRev
from t2t_vq.problems.translate_ende_synthetic import (
    TranslateEndeSynthetic,
    TranslateEndeSyntheticRev,
)
from t2t_vq.registry import register_problem


@register_problem
class TranslateEndeDistill(Distilled, TranslateEnde):
    """English to German, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""


@register_problem
class TranslateEndeRevDistill(Distilled, TranslateEndeRev):
    """German to English, WMT'14 with a teacher's translations to train on (t2t-vq-distill)."""


@register_problem
class TranslateEndeLocalDistill(Distilled, TranslateEndeLocal):
    """English to German, your text with a teacher's translations (t2t-vq-distill)."""


@register_problem
class TranslateEndeLocalRevDistill(Distilled, TranslateEndeLocalRev):
    """German to English, your text with a teacher's translations (t2t-vq-distill)."""


@register_problem
class TranslateEndeSyntheticDistill(Distilled, TranslateEndeSynthetic):
    """English to German, the built-in grammar with a teacher's translations (t2t-vq-distill)."""


@register_problem
class TranslateEndeSyntheticRevDistill(Distilled, TranslateEndeSyntheticRev):
    """German to English, the built-in grammar with a teacher's translations (t2t-vq-distill)."""
