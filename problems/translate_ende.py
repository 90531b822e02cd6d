"""WMT'14 English-German translation through TensorFlow Datasets."""

import os
import pathlib
import urllib.request

from t2t_vq.data import text_files
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

    def source(self, source_dir):
        """Returns the data set's version and the sizes of its splits."""
        builder = self._builder(source_dir)
        return {
            "dataset": _DATASET,
            "version": str(builder.version),
            "pairs": {
                split: builder.info.splits[name].num_examples for split, name in _SPLITS.items()
            },
        }

    def pairs(self, split, source_dir, report):
        """Yields the good pairs of the data set."""
        import tensorflow_datasets as tfds

        # One file after the other: the order stays the same from one read to the next.
        in_order = tfds.ReadConfig(interleave_cycle_length=1)
        builder = self._builder(source_dir)
        dataset = builder.as_dataset(_SPLITS[split], shuffle_files=False, read_config=in_order)
        number = 0
        for batch in dataset.batch(_READ_AT_ONCE).as_numpy_iterator():
            for sides in zip(batch["en"], batch["de"], strict=True):
                number += 1
                report.see(f"{_DATASET} {_SPLITS[split]}", number)
                pair = text_files.clean_pair(sides, report)
                if pair:
                    yield pair

    def vocab_size(self, num_pairs):
        """Returns 32,000."""
        return 32_000

    def _builder(self, source_dir):
        import tensorflow_datasets as tfds

        folder = pathlib.Path(
            source_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
        ).expanduser()
        prepared = [
            info.parent
            for info in folder.glob(f"{_DATASET}/*/dataset_info.json")
            if info.parent.name.replace(".", "").isdigit()
        ]
        if prepared:
            newest = max(prepared, key=lambda path: [int(part) for part in path.name.split(".")])
            return tfds.builder_from_directory(newest)
        builder = tfds.builder(_DATASET, data_dir=folder)
        try:
            # TensorFlow Datasets would try for minutes before it gave up.
            urllib.request.urlopen(_ORIGIN, timeout=20).close()
            builder.download_and_prepare()
        except OSError as error:
            raise FileNotFoundError(
                f"{self.name} needs the data set {_DATASET} of TensorFlow Datasets: {folder} holds "
                f"no prepared copy, and it cannot be downloaded ({error}). Name the folder of a "
                "copy with --source_dir, or work offline with --problem=translate_ende_synthetic"
            ) from error
        return builder


@register_problem
class TranslateEndeRev(TranslateEnde):
    """German to English, WMT'14: 4.5 million pairs, newstest2013 and 2014."""

    reversed = True
