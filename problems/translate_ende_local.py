"""English-German translation of the user's own text."""

from t2t_vq.problems.text_folder import TextFolderProblem
from t2t_vq.registry import register_problem


@register_problem
class TranslateEndeLocal(TextFolderProblem):
    """English to German, your own text in --source_dir (train.tsv, dev.tsv, test.tsv).

    Each file has English, tab, German on a line, further columns being ignored, or is a pair
    `train.en` and `train.de`; plain, `.gz` or `.xz`. The test text may be missing. For other
    languages there is `translate_local`.
    """

    files_name = "translate_ende_local"


@register_problem
class TranslateEndeLocalRev(TranslateEndeLocal):
    """German to English, your own text in --source_dir."""

    reversed = True
