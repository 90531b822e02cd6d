"""Images with labels: what all image problems share."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from t2t_vq.data import image_batches, image_datagen, image_records, manifests
from t2t_vq.paths import StrPath
from t2t_vq.problems.problem import Problem

if TYPE_CHECKING:
    import tensorflow as tf

    from t2t_vq.data.image_sources.pixels import Report


class ImageProblem(Problem):
    """Images of one shape, each of a class.

    A subclass says where the images come from: it must have `source`, `classes` and `images`.
    Validation, "dev", is 1,000 of the training images, the same each time; see `image_datagen`.

    Example:
        >>> @t2t_vq.register_problem
        ... class ImageMine(ImageProblem):
        ...     "Noise in grey, 28 x 28 pixels."
        ...
        ...     def source(self, source_dir):
        ...         return "first version"
        ...
        ...     def classes(self, source_dir):
        ...         return ["cat", "dog"]
        ...
        ...     def images(self, split, source_dir, report):
        ...         draw = np.random.default_rng(len(split)).integers
        ...         yield draw(256, size=(20, 28, 28, 1), dtype="uint8"), np.arange(20) % 2
        >>> problem = t2t_vq.registry.problem("image_mine")
        >>> problem.generate_data("t2t_vq_data")
        >>> problem.model_arguments("t2t_vq_data")
        {'image_shape': (28, 28, 1), 'num_classes': 2}
    """

    task = "images"
    manifest_form = staticmethod(manifests.IMAGES)

    @abc.abstractmethod
    def classes(self, source_dir: StrPath | None) -> Sequence[str]:
        """Returns the names of the classes, strings, in the order of their numbers."""

    @abc.abstractmethod
    def images(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields good images in chunks, the same each time.

        Args:
            split: "train" or "test".
            source_dir: the folder given by the user, or None.
            report: `t2t_vq.data.image_sources.pixels.Report`. Its use is optional:
                `report.see(file, number, count)` tells where images are, for messages;
                `report.add(kind, text)` tells of one that is left out. Images that no `see` has
                told of are counted all the same.

        Yields:
            `(images, labels)`: uint8 `[rows, height, width, channels]` and integers `[rows]`, the
            numbers of the classes.
        """

    def is_generated(self, data_dir: StrPath) -> bool:
        """Returns whether `data_dir` holds the whole data of this problem."""
        return image_records.is_whole(data_dir, self.corpus_name)

    def prepare(self, data_dir: StrPath, source_dir: StrPath | None) -> None:
        """Writes images and labels of all splits; an interrupted run begins again."""
        image_datagen.generate(
            data_dir,
            self.corpus_name,
            source=self.source(source_dir),
            classes=self.classes(source_dir),
            read_images=lambda split, report: self.images(split, source_dir, report),
        )

    def model_arguments(self, data_dir: StrPath) -> dict[str, Any]:
        """Returns what a model must know of the data: `image_shape` and `num_classes`."""
        manifest = self.manifest(data_dir)
        return {
            "image_shape": tuple(manifest["image_shape"]),
            "num_classes": len(manifest["classes"]),
        }

    def arrays(self, data_dir: StrPath, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
        """Returns all of a split: images, uint8 `[n, height, width, channels]`, and labels `[n]`.

        Args:
            data_dir: folder of the prepared data.
            split: "train", "dev" or "test".

        Raises:
            FileNotFoundError: when the data is not prepared.
            ValueError: when a file is damaged.
        """
        self.manifest(data_dir)
        return image_records.read(data_dir, self.corpus_name, split)

    def train_batches(
        self,
        data_dir: StrPath,
        epoch: int,
        *,
        batch_size: int,
        seed: int,
        batch_multiple: int = 1,
    ) -> tf.data.Dataset:
        """Returns the training batches of one epoch, in an order set by `seed` and `epoch`.

        All batches are whole: the images that do not fill one are left out of this epoch, and
        have their chance in the next. A log line counts them.

        Args:
            data_dir: folder of the prepared data.
            epoch: number of the pass over the data, from 0.
            batch_size: images in a batch.
            seed: of the order.
            batch_multiple: the number of rows is a multiple of this, say the replicas.

        Returns:
            A `tf.data.Dataset` of known cardinality; its elements are
            `{"image": uint8 [rows, height, width, channels], "label": int32 [rows]}`.

        Raises:
            FileNotFoundError: when the data is not prepared.
            ValueError: when the training images do not fill a batch, or a file is damaged.

        Example:
            >>> problem = t2t_vq.registry.problem("image_synthetic")
            >>> batches = problem.train_batches("t2t_vq_data", 0, batch_size=16, seed=1)
            >>> next(iter(batches))["image"].shape
            TensorShape([16, 32, 32, 3])
        """
        rng = np.random.default_rng([seed, epoch])
        return self._batches(data_dir, "train", batch_size, batch_multiple, rng)

    def batches(
        self,
        data_dir: StrPath,
        split: str = "dev",
        *,
        batch_size: int,
        batch_multiple: int = 1,
    ) -> tf.data.Dataset:
        """Returns the batches of one pass over a split, each image once, in a fixed order.

        Nothing is padded: the last batch is smaller, and may be no multiple of `batch_multiple`.
        Args, returns and raises as in `train_batches`; split is "train", "dev" or "test".
        """
        return self._batches(data_dir, split, batch_size, batch_multiple)

    def _batches(self, data_dir, split, batch_size, batch_multiple, rng=None):
        # Says how to prepare data that is not there.
        self.manifest(data_dir)
        return image_batches.epoch(
            data_dir,
            self.corpus_name,
            split,
            batch_size=batch_size,
            batch_multiple=batch_multiple,
            rng=rng,
        )
