"""Translation of the user's own text."""

from t2t_vq.data import sources, text_files
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.problems.translation import TranslationProblem


class TextFolderProblem(TranslationProblem):
    """Text in the files of a folder, --source_dir; see `t2t_vq.data.text_files`.

    A subclass says in which `languages`, and registers itself.
    """

    external = True

    def source(self, source_dir):
        """Returns names, sizes and digests of the files."""
        return {
            split: sources.fingerprint(self._find(source_dir, split))
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
            expected = text_files.expected("train", self.languages)
            raise InvalidError(
                f"{self.name} needs your own text: --source_dir, a folder with {expected}, the "
                "same for dev, and, if you like, for test."
            )
        for split in ("train", "dev"):
            self._paths(source_dir, split)
        return tuple(split for split in text_files.SPLITS if self._find(source_dir, split))

    def pairs(self, split, source_dir, report):
        """Yields the good pairs of the split's files."""
        return text_files.read_pairs(self._paths(source_dir, split), report)

    def _find(self, source_dir, split):
        return text_files.find(source_dir, split, self.languages)

    def _paths(self, source_dir, split):
        paths = self._find(source_dir, split)
        if not paths:
            raise MissingError(
                f"--source_dir={source_dir} has no {split} text. "
                f"Put {text_files.expected(split, self.languages)} there."
            )
        return paths
