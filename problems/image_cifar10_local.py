"""The user's own images of 32 x 32 pixels."""

from types import MappingProxyType

from t2t_vq.data import image_sources
from t2t_vq.errors import InvalidError
from t2t_vq.problems.image import ImageProblem
from t2t_vq.registry import register_problem


@register_problem
class ImageCifar10Local(ImageProblem):
    """CIFAR-10 or images like it, your own files in --source_dir (three forms).

    The forms are sheets of images, NumPy files, and a folder of image files for each class;
    `t2t_vq.data.image_sources` describes them.
    """

    files_name = "image_cifar10_local"
    stand_in = MappingProxyType({"image_shape": (32, 32, 3), "num_classes": 10})
    external = True

    def source(self, source_dir):
        """Returns number, size and digest of the files."""
        return image_sources.fingerprint(self._form(source_dir))

    def classes(self, source_dir):
        """Returns the names of the classes."""
        return self._form(source_dir).classes()

    def images(self, split, source_dir, report):
        """Yields the good images of the split's files."""
        return self._form(source_dir).images(split, report)

    def _form(self, source_dir):
        if source_dir is None:
            raise InvalidError(
                f"{self.name} needs your own images: --source_dir, a folder with "
                f"{image_sources.EXPECTED}."
            )
        return image_sources.find(source_dir)
