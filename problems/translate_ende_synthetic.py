"""English-German sentences that a small grammar writes: works offline, in minutes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from t2t_vq.data import synthetic_ende
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath
from t2t_vq.problems.translation import TranslationProblem
from t2t_vq.registry import register_problem

if TYPE_CHECKING:
    from t2t_vq.data.text_files import Report

_SAMPLE = 200


@register_problem
class TranslateEndeSynthetic(TranslationProblem):
    """English to German, sentences of a built-in grammar; needs no network.

    Attributes:
        num_train_pairs, num_dev_pairs, num_test_pairs: sizes of the splits.
    """

    files_name = "translate_ende_synthetic"
    num_train_pairs = 200_000
    num_dev_pairs = 500
    num_test_pairs = 1_000

    def source(self, source_dir: StrPath | None) -> Any:
        """Returns the sizes of the splits, and a digest that tells one grammar from another."""
        self._refuse(source_dir)
        sample = list(synthetic_ende.pairs("train", 0, _SAMPLE))
        digest = hashlib.sha256(repr(sample).encode("utf-8")).hexdigest()
        return {"grammar": "synthetic_ende", "sha256": digest, "pairs": self._sizes()}

    def pairs(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[str, str]]:
        """Yields the grammar's pairs."""
        self._refuse(source_dir)
        sentences = synthetic_ende.pairs(split, 0, self._sizes()[split])
        for number, pair in enumerate(sentences, 1):
            report.see(f"synthetic {split}", number)
            yield pair

    def vocab_size(self, num_pairs: int) -> int:
        """Returns a size at which nearly every word is one or two pieces."""
        return 1_500

    def _refuse(self, source_dir):
        if source_dir is not None:
            raise InvalidError(
                f"{self.name} writes its own text and reads no --source_dir. For your own text "
                "choose --problem=translate_ende_local"
            )

    def _sizes(self):
        return {
            "train": self.num_train_pairs,
            "dev": self.num_dev_pairs,
            "test": self.num_test_pairs,
        }


@register_problem
class TranslateEndeSyntheticRev(TranslateEndeSynthetic):
    """German to English, sentences of a built-in grammar; needs no network."""

    reversed = True
