"""Translation from parallel text: what all translation problems share."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from t2t_vq.data import batches, corpus_files, datagen, integrity, manifests
from t2t_vq.data.tokenizer import Tokenizer
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath
from t2t_vq.problems.problem import Problem

if TYPE_CHECKING:
    import tensorflow as tf

    from t2t_vq.data.text_files import Report

_SMALL = 250_000


class TranslationProblem(Problem):
    """Text in two languages with a joint vocabulary, in either direction.

    A subclass says where the text comes from: it must have `source` and `pairs`, and may have
    `splits`, if there is no test text, and `vocab_size`. The direction swaps sides when reading, so
    both share files and vocabulary.

    Attributes:
        languages: codes of the languages of the two sides, English and German by default.
        reversed: True translates from the second to the first.

    Example:
        >>> @t2t_vq.register_problem
        ... class TranslateMine(TranslationProblem):
        ...     "English to German, my text."
        ...
        ...     def source(self, source_dir):
        ...         return "first version"
        ...
        ...     def pairs(self, split, source_dir, report):
        ...         with open(f"my_text/{split}.tsv", encoding="utf-8") as lines:
        ...             for line in lines:
        ...                 yield tuple(line.strip().split("\\t"))
        >>> problem = t2t_vq.registry.problem("translate_mine")
        >>> problem.generate_data("t2t_vq_data")
        >>> problem.source_language, problem.target_language
        ('en', 'de')
    """

    task = "translation"
    stand_in = MappingProxyType({"vocab_size": 1_000})
    languages = ("en", "de")
    reversed = False
    manifest_form = staticmethod(manifests.TRANSLATION)

    @abc.abstractmethod
    def pairs(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[str, str]]:
        """Yields pairs of strings without tabs and line ends, the same each time.

        Blanks of other kinds, and several together, become one space, as in what is translated
        later; a pair with an empty side is left out and counted.

        Args:
            split: "train", "dev" or "test".
            source_dir: the folder given by the user, or None.
            report: `t2t_vq.data.text_files.Report`. Its use is optional: `report.see(file, line)`
                tells where a pair is, for messages; `report.add(kind, text)` tells of a line that
                is left out. Pairs that no `see` has told of are counted all the same.
        """

    @property
    def source_language(self) -> str:
        """Code of the language that is translated from."""
        return self.languages[self.reversed]

    @property
    def target_language(self) -> str:
        """Code of the language that is translated to."""
        return self.languages[not self.reversed]

    def vocab_size(self, num_pairs: int) -> int:
        """Returns the size of the vocabulary for so many training pairs.

        It is 8,000 for fewer than 250,000, else 32,000; a problem may choose another.
        """
        return 8_000 if num_pairs < _SMALL else 32_000

    def splits(self, source_dir: StrPath | None) -> Sequence[str]:
        """Returns the splits that there are: "train" and "dev", and "test" if there is one."""
        return ("train", "dev", "test")

    def is_generated(self, data_dir: StrPath) -> bool:
        """Returns whether `data_dir` holds the whole data of this problem."""
        return corpus_files.is_whole(data_dir, self.corpus_name)

    def prepare(self, data_dir: StrPath, source_dir: StrPath | None) -> None:
        """Writes vocabulary, records and clean text; goes on where an interrupted run stopped."""
        datagen.generate(
            data_dir,
            self.corpus_name,
            source=self.source(source_dir),
            splits=self.splits(source_dir),
            read_pairs=lambda split, report: self.pairs(split, source_dir, report),
            vocab_size=self.vocab_size,
        )

    def tokenizer(self, data_dir: StrPath) -> Tokenizer:
        """Returns the `Tokenizer` of the joint vocabulary.

        Raises:
            FileNotFoundError: when the data is not prepared.
            ValueError: when the vocabulary is missing or damaged.
        """
        manifest = self.manifest(data_dir)
        path = corpus_files.vocab_path(data_dir, self.corpus_name)
        content = integrity.read_bytes(path, manifest.get("files"))
        try:
            tokenizer = Tokenizer(content)
        except ValueError as error:
            raise InvalidError(integrity.not_as_written(path, "it is no vocabulary")) from error
        if tokenizer.vocab_size != manifest["vocab_size"]:
            wrong = f"it has {tokenizer.vocab_size:,} of {manifest['vocab_size']:,} pieces"
            raise InvalidError(integrity.not_as_written(path, wrong))
        return tokenizer

    def vocabulary_digest(self, data_dir: StrPath) -> str:
        """Returns a digest of the joint vocabulary."""
        return self.tokenizer(data_dir).digest

    def model_arguments(self, data_dir: StrPath) -> dict[str, Any]:
        """Returns the size of the vocabulary."""
        return {"vocab_size": self.tokenizer(data_dir).vocab_size}

    def text(self, data_dir: StrPath, split: str = "test") -> tuple[list[str], list[str]]:
        """Returns the sentences of a split, to translate and to compare with.

        Args:
            data_dir: folder of the prepared data.
            split: "dev" or "test".

        Returns:
            `(sources, references)`, two lists of strings.

        Raises:
            FileNotFoundError: when there is no such split.
            ValueError: when its file is missing or damaged.
        """
        manifest = self.manifest(data_dir)
        splits = manifest["splits"]
        if split == "train" or split not in splits:
            there = " and ".join(sorted(set(splits) - {"train"}))
            raise MissingError(
                f"{self.name} in {data_dir} has no {split} text; it has {there}. Add "
                f"the {split} text to the source and prepare it in another --data_dir, or choose "
                "another split."
            )
        path = corpus_files.text_path(data_dir, self.corpus_name, split)
        first, second = corpus_files.read_text(path, manifest.get("files"))
        if len(first) != splits[split]["pairs"]:
            wrong = f"it holds {len(first):,} of {splits[split]['pairs']:,} pairs"
            raise InvalidError(integrity.not_as_written(path, wrong))
        return (second, first) if self.reversed else (first, second)

    def buckets(self, data_dir: StrPath, *, max_length: int, num_buckets: int) -> tuple[int, ...]:
        """Returns the lengths that batches are padded to; see `batches.choose_buckets`."""
        histogram = self.manifest(data_dir)["splits"]["train"]["histogram"]
        return batches.choose_buckets(histogram, max_length, num_buckets)

    def train_batches(
        self,
        data_dir: StrPath,
        epoch: int,
        *,
        batch_tokens: int,
        max_length: int,
        num_buckets: int,
        seed: int,
        batch_multiple: int = 1,
    ) -> tf.data.Dataset:
        """Returns the training batches of one epoch, in an order set by `seed` and `epoch`.

        Args:
            data_dir: folder of the prepared data.
            epoch: number of the pass over the data, from 0.
            batch_tokens: padded target tokens in a batch.
            max_length: pairs with more tokens on a side are left out; a log line counts them.
            num_buckets: most lengths that batches are padded to.
            seed: of the order.
            batch_multiple: the number of rows is a multiple of this, say the replicas.

        Returns:
            A `tf.data.Dataset` of known cardinality; its elements are `{"source", "target"}`,
            `[rows, length]` int32, ending in 1 and padded with 0. The last batches of an epoch
            are filled up with rows of padding.

        Raises:
            FileNotFoundError: when the data is not prepared.
            ValueError: when all pairs are too long, or a record file is damaged.

        Example:
            >>> problem = t2t_vq.registry.problem("translate_ende_synthetic")
            >>> batches = problem.train_batches(
            ...     "t2t_vq_data", 0, batch_tokens=1024, max_length=64, num_buckets=2, seed=1)
            >>> sorted(next(iter(batches)))
            ['source', 'target']
        """
        return self._batches(
            data_dir,
            "train",
            max_length,
            num_buckets,
            batch_tokens=batch_tokens,
            batch_multiple=batch_multiple,
            rng=np.random.default_rng([seed, epoch]),
        )

    def batches(
        self,
        data_dir: StrPath,
        split: str = "dev",
        *,
        batch_tokens: int,
        max_length: int,
        num_buckets: int,
        batch_multiple: int = 1,
    ) -> tf.data.Dataset:
        """Returns the batches of one pass over a split, for a loss with the reference as input.

        They have the shapes of the training batches, so nothing is compiled again. Args and
        returns as in `train_batches`, in a fixed order; split is "train" or "dev".
        """
        return self._batches(
            data_dir,
            split,
            max_length,
            num_buckets,
            batch_tokens=batch_tokens,
            batch_multiple=batch_multiple,
        )

    def _batches(self, data_dir, split, max_length, num_buckets, **options):
        dataset = batches.epoch(
            data_dir,
            self.corpus_name,
            split,
            buckets=self.buckets(data_dir, max_length=max_length, num_buckets=num_buckets),
            max_length=max_length,
            **options,
        )
        if self.reversed:
            dataset = dataset.map(
                lambda batch: {"source": batch["target"], "target": batch["source"]}
            )
        return dataset
