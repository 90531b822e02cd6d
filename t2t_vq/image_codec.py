"""A trained image model as functions from and to arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from t2t_vq.arguments import check_codes, check_whole
from t2t_vq.decoding.options import Search, check_batch_size
from t2t_vq.errors import InvalidError
from t2t_vq.image_arguments import checked, classes, labels_to_draw

if TYPE_CHECKING:
    from t2t_vq.models.vq_autoencoder import VqAutoencoder


class ImageCodec:
    """Encodes, decodes, scores and draws images, in compiled batches.

    Args:
        model: a `t2t_vq.models.vq_autoencoder.VqAutoencoder`.
        batch_size: images in a batch. The last of a call is filled up, and what fills it is cut off
            again. Default 100.

    Example:
        >>> codec = ImageCodec(t2t_vq.load("runs/images").model)
        >>> images = np.zeros((2, 32, 32, 3), np.uint8)
        >>> codec.decode(codec.encode(images)).shape
        (2, 32, 32, 3)
    """

    def __init__(self, model: VqAutoencoder, batch_size: int = 100) -> None:
        check_batch_size(batch_size)
        self.model = model
        self.batch_size = batch_size
        self._compiled: dict[tuple, Callable] = {}

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Returns the codes of images.

        Args:
            images: uint8 `[n, height, width, channels]`.

        Returns:
            int32 `[n, positions, num_codebooks]`.

        Raises:
            ValueError: for images of another shape or type, or when there are no codes.
        """
        self._check_codes_exist()
        return self._run(self.model.to_codes, self._images(images))

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Returns the images that codes stand for, uint8 `[n, height, width, channels]`.

        Args:
            codes: int32 `[n, positions, num_codebooks]`.

        Raises:
            ValueError: for codes of another shape or type, that the codebook does not have, or when
                there are no codes.
        """
        self._check_codes_exist()
        bottleneck = self.model.bottleneck
        shape = (math.prod(self.model.grid), bottleneck.num_codebooks)
        codes = checked("codes", codes, shape, "int32")
        check_codes(codes, bottleneck.num_codes)
        return self._run(self.model.from_codes, codes)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Returns images as they come out of the bottleneck.

        Args:
            images: uint8 `[n, height, width, channels]`.

        Returns:
            uint8 of the same shape.

        Raises:
            ValueError: for images of another shape or type.
        """
        return self._run(self.model.reconstruct, self._images(images))

    def bits(
        self, images: np.ndarray, labels: np.ndarray, num_samples: int | None = None, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Bounds what each image takes, in bits per dimension.

        Args:
            images: uint8 `[n, height, width, channels]`.
            labels: int32 `[n]`.
            num_samples, seed: see `VqAutoencoder.bits`; each batch has draws of its own.

        Returns:
            Two float32 `[n]` arrays, of the pixels given the latents and of the latents.

        Raises:
            ValueError: for images of another shape or type, or labels that are not one for each.
        """
        check_whole("seed", seed, 0)
        if num_samples is not None:
            check_whole("num_samples", num_samples, 1)
        images, num_classes = self._images(images), self.model.num_classes
        # A prior that is told no classes takes any.
        labels = classes(labels, len(images), num_classes or 1 << 31)
        return self._run(self.model.bits, images, labels, seed=seed, num_samples=num_samples)

    def sample(
        self, num: int, labels: np.ndarray | None = None, seed: int = 0, temperature: float = 1.0
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
        """
        check_whole("seed", seed, 0)
        labels = labels_to_draw(num, labels, self.model.num_classes, temperature)
        # A tensor, so that all temperatures share the program that compiles for longest.
        temperature = Search(temperature=temperature).temperature
        return self._run(self._draw, labels, seed=seed, tensors={"temperature": temperature})

    def _draw(self, labels, seed, temperature):
        labels = labels if self.model.num_classes else None
        return self.model.sample(self.batch_size, labels, seed, temperature)

    def _images(self, images):
        return checked("images", images, self.model.image_shape, "uint8")

    def _check_codes_exist(self):
        if not self.model.has_prior:
            raise InvalidError(
                "This model has no codes, so it can only reconstruct images, or draw them if its "
                "latents have a prior. Take one of a kind with codes, such as vq or em."
            )

    def _run(self, method, *arrays, seed=None, tensors=None, **options):
        """Calls a method on batches of rows.

        With a seed, each batch has one of its own. `tensors` are numbers that the same program
        takes any of; each choice of `options` has a program.
        """
        import tensorflow as tf

        key = (method.__name__, *options.values())
        if key not in self._compiled:
            self._compiled[key] = tf.function(
                functools.partial(method, **options), jit_compile=True, autograph=False
            )
        scalars = {name: tf.constant(value) for name, value in (tensors or {}).items()}
        seeds, found = np.random.default_rng(seed), []
        # No rows at all are a batch too, of which nothing remains.
        for start in range(0, max(len(arrays[0]), 1), self.batch_size):
            rows = [array[start : start + self.batch_size] for array in arrays]
            filled = [np.resize(array, (self.batch_size, *array.shape[1:])) for array in rows]
            if seed is not None:
                scalars["seed"] = tf.constant(seeds.integers(1 << 31))
            results = self._compiled[key](*map(tf.constant, filled), **scalars)
            found.append([part.numpy()[: len(rows[0])] for part in tf.nest.flatten(results)])
        parts = [np.concatenate(part) for part in zip(*found, strict=True)]
        return parts if len(parts) > 1 else parts[0]
