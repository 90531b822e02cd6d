"""Translation of the user's own text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from t2t_vq.data import sources, text_files
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath
from t2t_vq.problems.translation import TranslationProblem

if TYPE_CHECKING:
    from t2t_vq.data.text_files import Report


class TextFolderProblem(TranslationProblem):
    """Text in the files of a folder, --source_dir; see `t2t_vq.data.text_files`.

    A subclass says in which `languages`, and registers itself.

    Example:
        >>> @t2t_vq.register_problem
        ... class TranslateDeen(TextFolderProblem):
        ...     "German to English, my text."
        ...     languages = ("de", "en")
        >>> t2t_vq.registry.problem("translate_deen").generate_data("t2t_vq_data", "my_text")
    """

    external = True

    def source(self, source_dir: StrPath | None) -> Any:
        """Returns names, sizes and digests of the files."""
        return {
            split: sources.fingerprint(self._find(source_dir, split))
            for split in self.splits(source_dir)
        }

    def prepare(self, data_dir: StrPath, source_dir: StrPath | None) -> None:
        """Writes the data, if all splits have as many lines in one language as in the other."""
        for split in self.splits(source_dir):
            text_files.check_sides(self._paths(source_dir, split))
        super().prepare(data_dir, source_dir)

    def splits(self, source_dir: StrPath | None) -> Sequence[str]:
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

    def pairs(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[str, str]]:
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
