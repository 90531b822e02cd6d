"""WMT'14 English-German translation through TensorFlow Datasets."""

from t2t_vq.data import text_files, tfds_builder
from t2t_vq.problems.translation import TranslationProblem
from t2t_vq.registry import register_problem

_DATASET = "wmt14_translate/de-en"
_ORIGIN = "http://www.statmt.org"
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
_READ_AT_ONCE = 1_000


@register_problem
class TranslateEnde(TranslationProblem):
    """English to German, WMT'14: 4.5 million pairs, newstest2013 and 2014.

    A copy that TensorFlow Datasets has prepared is looked for in --source_dir, or in
    `$TFDS_DATA_DIR` or `~/tensorflow_datasets`; without one it is downloaded.
    """

    files_name = "translate_ende"
    external = True

    def source(self, source_dir):
        """Returns the data set's version and the sizes of its splits."""
        builder = self._builder(source_dir)
        return {
            "dataset": _DATASET,
            "version": str(builder.version),
            "pairs": dict(zip(_SPLITS, tfds_builder.sizes(builder, _SPLITS.values()), strict=True)),
        }

    def pairs(self, split, source_dir, report):
        """Yields the good pairs of the data set."""
        builder = self._builder(source_dir)
        number = 0
        for batch in tfds_builder.batches(builder, _SPLITS[split], _READ_AT_ONCE):
            for sides in zip(batch["en"], batch["de"], strict=True):
                number += 1
                report.see(f"{_DATASET} {_SPLITS[split]}", number)
                pair = text_files.clean(sides, report)
                if pair:
                    yield pair

    def vocab_size(self, num_pairs):
        """Returns 32,000."""
        return 32_000

    def _builder(self, source_dir):
        return tfds_builder.builder(
            _DATASET,
            source_dir,
            origin=_ORIGIN,
            problem=self.name,
            offline="translate_ende_synthetic",
        )


@register_problem
class TranslateEndeRev(TranslateEnde):
    """German to English, WMT'14: 4.5 million pairs, newstest2013 and 2014."""

    reversed = True
