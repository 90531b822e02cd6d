"""An image model that was loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from t2t_vq.loading.loaded import Loaded
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    import numpy as np


class LoadedCodec(Loaded):
    """An image model: an export, or with more that it can do, a run.

    Args:
        path, about: see `Loaded`.
        codec: a `t2t_vq.image_codec.ImageCodec`, or a `t2t_vq.runtime.images.NetworkImageCodec`.

    Attributes:
        codec: the codec.

    Example:
        >>> model = t2t_vq.load("export/images")
        >>> codes = model.encode(np.zeros((2, 32, 32, 3), np.uint8))
        >>> model.decode(codes).shape
        (2, 32, 32, 3)
    """

    task = "images"

    def __init__(self, path: StrPath, about: dict, codec: Any) -> None:
        super().__init__(path, about)
        self.codec = codec

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Returns the codes of images.

        Args:
            images: uint8 `[n, height, width, channels]`.

        Returns:
            int32 `[n, positions, num_codebooks]`.

        Raises:
            ValueError: for images of another shape or type, or when there are no codes.
        """
        return self.codec.encode(images)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Returns the images that codes stand for, uint8 `[n, height, width, channels]`.

        Args:
            codes: int32 `[n, positions, num_codebooks]`.

        Raises:
            ValueError: for codes of another shape or type, or when there are none.
        """
        return self.codec.decode(codes)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Returns images as they come out of the bottleneck, uint8 of the same shape.

        Args:
            images: uint8 `[n, height, width, channels]`.

        Raises:
            ValueError: for images of another shape or type.

        Example:
            >>> model = t2t_vq.load("export/images")
            >>> model.reconstruct(np.zeros((2, 32, 32, 3), np.uint8)).shape
            (2, 32, 32, 3)
        """
        return self.codec.reconstruct(images)

    def sample(
        self, num: int, labels: Any | None = None, seed: int = 0, temperature: float = 1.0
    ) -> np.ndarray:
        """Draws images from the prior.

        Args:
            num: number of images.
            labels: int32 `[num]`, for a prior that is told classes; by default all in turn.
            seed: the same gives the same images.
            temperature: of the prior, more than 0. Default 1.

        Returns:
            uint8 `[num, height, width, channels]`.

        Raises:
            ValueError: for arguments that cannot be drawn with.

        Example:
            >>> t2t_vq.load("export/images").sample(4, seed=1).shape
            (4, 32, 32, 3)
        """
        return self.codec.sample(num, labels, seed, temperature)
