"""CIFAR-10 through TensorFlow Datasets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from t2t_vq.data import tfds_builder
from t2t_vq.paths import StrPath
from t2t_vq.problems.image import ImageProblem
from t2t_vq.registry import register_problem

if TYPE_CHECKING:
    from t2t_vq.data.image_sources.pixels import Report

_DATASET = "cifar10"
_ORIGIN = "https://www.cs.toronto.edu"
_SPLITS = ("train", "test")
_READ_AT_ONCE = 1_000


@register_problem
class ImageCifar10(ImageProblem):
    """CIFAR-10: 60,000 photographs of 32 x 32 pixels in ten classes.

    A copy that TensorFlow Datasets has prepared is looked for in --source_dir, or in
    `$TFDS_DATA_DIR` or `~/tensorflow_datasets`; without one it is downloaded.
    """

    files_name = "image_cifar10"
    stand_in = MappingProxyType({"image_shape": (32, 32, 3), "num_classes": 10})
    external = True

    def source(self, source_dir: StrPath | None) -> Any:
        """Returns the data set's version and the sizes of its splits."""
        builder = self._builder(source_dir)
        return {
            "dataset": _DATASET,
            "version": str(builder.version),
            "images": dict(zip(_SPLITS, tfds_builder.sizes(builder, _SPLITS), strict=True)),
        }

    def classes(self, source_dir: StrPath | None) -> Sequence[str]:
        """Returns the names of the data set's classes."""
        return self._builder(source_dir).info.features["label"].names

    def images(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the images of the data set."""
        builder = self._builder(source_dir)
        for batch in tfds_builder.batches(builder, split, _READ_AT_ONCE):
            report.see(f"{_DATASET} {split}", report.total + 1, len(batch["label"]))
            yield batch["image"], batch["label"].astype(np.int32)

    def _builder(self, source_dir):
        return tfds_builder.builder(
            _DATASET,
            source_dir,
            origin=_ORIGIN,
            problem=self.name,
            offline="image_synthetic",
        )
