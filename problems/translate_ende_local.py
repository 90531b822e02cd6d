"""English-German translation of the user's own text."""

from t2t_vq.data import sources, text_files
from t2t_vq.problems.translation import TranslationProblem
from t2t_vq.registry import register_problem


@register_problem
class TranslateEndeLocal(TranslationProblem):
    """English to German, your own text in --source_dir (train.tsv, dev.tsv, test.tsv).

    Each file has English, tab, German on a line, further columns being ignored, or is a pair
    `train.en` and `train.de`; plain, `.gz` or `.xz`. The test text may be missing.

    Nothing in it depends on the languages: other two are trained on as well, the source in the
    first column and the target in the second, with a `data_dir` of their own.
    """

    files_name = "translate_ende_local"
    external = True

    def source(self, source_dir):
        """Returns names, sizes and digests of the files."""
        return {
            split: sources.fingerprint(text_files.find(source_dir, split))
            for split in self.splits(source_dir)
        }

    def prepare(self, data_dir, source_dir):
        """Writes the data, if all splits have as many lines in one language as in the other."""
        for split in self.splits(source_dir):
            text_files.check_sides(self._paths(source_dir, split))
        super().prepare(data_dir, source_dir)

    def splits(self, source_dir):
        """Returns the splits whose files are there; train and dev have to be."""
        if source_dir is None:
            raise ValueError(
                f"{self.name} needs your own text: --source_dir, a folder with "
                f"{text_files.expected('train')}, the same for dev, and, if you like, for test."
            )
        for split in ("train", "dev"):
            self._paths(source_dir, split)
        return tuple(split for split in text_files.SPLITS if text_files.find(source_dir, split))

    def pairs(self, split, source_dir, report):
        """Yields the good pairs of the split's files."""
        return text_files.read_pairs(self._paths(source_dir, split), report)

    def _paths(self, source_dir, split):
        paths = text_files.find(source_dir, split)
        if not paths:
            raise FileNotFoundError(
                f"--source_dir={source_dir} has no {split} text. "
                f"Put {text_files.expected(split)} there."
            )
        return paths


@register_problem
class TranslateEndeLocalRev(TranslateEndeLocal):
    """German to English, your own text in --source_dir."""

    reversed = True
