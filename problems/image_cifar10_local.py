"""The user's own images of 32 x 32 pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from t2t_vq.data import image_sources
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath
from t2t_vq.problems.image import ImageProblem
from t2t_vq.registry import register_problem

if TYPE_CHECKING:
    import numpy as np

    from t2t_vq.data.image_sources.pixels import Report


@register_problem
class ImageCifar10Local(ImageProblem):
    """CIFAR-10 or images like it, your own files in --source_dir (three forms).

    The forms are sheets of images, NumPy files, and a folder of image files for each class;
    `t2t_vq.data.image_sources` describes them.
    """

    files_name = "image_cifar10_local"
    stand_in = MappingProxyType({"image_shape": (32, 32, 3), "num_classes": 10})
    external = True

    def source(self, source_dir: StrPath | None) -> Any:
        """Returns number, size and digest of the files."""
        return image_sources.fingerprint(self._form(source_dir))

    def classes(self, source_dir: StrPath | None) -> Sequence[str]:
        """Returns the names of the classes."""
        return self._form(source_dir).classes()

    def images(
        self, split: str, source_dir: StrPath | None, report: Report
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the good images of the split's files."""
        return self._form(source_dir).images(split, report)

    def _form(self, source_dir):
        if source_dir is None:
            raise InvalidError(
                f"{self.name} needs your own images: --source_dir, a folder with "
                f"{image_sources.EXPECTED}."
            )
        return image_sources.find(source_dir)
