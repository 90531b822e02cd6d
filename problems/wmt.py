"""Translation of news, as the yearly Conference on Machine Translation (WMT) sets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from t2t_vq.data import text_files, tfds_builder
from t2t_vq.paths import StrPath
from t2t_vq.problems.translation import TranslationProblem

if TYPE_CHECKING:
    from t2t_vq.data.text_files import Report

_ORIGIN = "http://www.statmt.org"
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
_READ_AT_ONCE = 1_000


class WmtProblem(TranslationProblem):
    """A pair of languages of WMT, through TensorFlow Datasets.

    A copy that TensorFlow Datasets has prepared is looked for in --source_dir, or in
    `$TFDS_DATA_DIR` or `~/tensorflow_datasets`; without one it is downloaded.

    A subclass says in which `languages`, and registers itself.

    Attributes:
        dataset: name of the data set and its configuration.
    """

    dataset = None
    external = True

    def source(self, source_dir: StrPath | None) -> Any:
        """Returns the data set's version and the sizes of its splits."""
        builder = self._builder(source_dir)
        return {
            "dataset": self.dataset,
            "version": str(builder.version),
            "pairs": dict(zip(_SPLITS, tfds_builder.sizes(builder, _SPLITS.values()), strict=True)),
        }

    def pairs(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[str, str]]:
        """Yields the good pairs of the data set."""
        builder = self._builder(source_dir)
        number = 0
        for batch in tfds_builder.batches(builder, _SPLITS[split], _READ_AT_ONCE):
            for sides in zip(*(batch[language] for language in self.languages), strict=True):
                number += 1
                report.see(f"{self.dataset} {_SPLITS[split]}", number)
                pair: Any = text_files.clean(sides, report)
                if pair:
                    yield pair

    def vocab_size(self, num_pairs: int) -> int:
        """Returns 32,000."""
        return 32_000

    def _builder(self, source_dir):
        return tfds_builder.builder(
            self.dataset,
            source_dir,
            origin=_ORIGIN,
            problem=self.name,
            offline="translate_ende_synthetic",
        )
