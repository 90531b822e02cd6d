"""Images that code draws, ten shapes: works offline, in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from t2t_vq.data import synthetic_images
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath
from t2t_vq.problems.image import ImageProblem
from t2t_vq.registry import register_problem

if TYPE_CHECKING:
    import numpy as np

    from t2t_vq.data.image_sources.pixels import Report


@register_problem
class ImageSynthetic(ImageProblem):
    """Drawn scenes of 32 x 32 pixels with one of ten shapes; needs no network.

    Attributes:
        num_train_images, num_test_images: sizes of the splits; validation images are held out of
            the training images.
    """

    files_name = "image_synthetic"
    stand_in = MappingProxyType({"image_shape": (32, 32, 3), "num_classes": 10})
    num_train_images = 20_000
    num_test_images = 2_000

    def source(self, source_dir: StrPath | None) -> Any:
        """Returns the sizes of the splits, and what tells one drawing from another."""
        self._refuse(source_dir)
        return {
            "drawing": "synthetic_images",
            "version": synthetic_images.VERSION,
            "images": self._sizes(),
        }

    def classes(self, source_dir: StrPath | None) -> Sequence[str]:
        """Returns the names of the shapes."""
        return synthetic_images.CLASSES

    def images(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the drawn images."""
        self._refuse(source_dir)
        for images, labels in synthetic_images.images(split, self._sizes()[split]):
            report.see(f"synthetic {split}", report.total + 1, len(labels))
            yield images, labels

    def _refuse(self, source_dir):
        if source_dir is not None:
            raise InvalidError(
                f"{self.name} draws its own images and reads no --source_dir. For your own images "
                "choose --problem=image_cifar10_local"
            )

    def _sizes(self):
        return {"train": self.num_train_images, "test": self.num_test_images}
