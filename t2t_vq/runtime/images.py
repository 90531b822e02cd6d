"""An exported image model as functions from and to arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from t2t_vq.arguments import check_codes, check_whole
from t2t_vq.backend.streams import Stream
from t2t_vq.decoding.options import Search, check_batch_size
from t2t_vq.errors import InvalidError
from t2t_vq.image_arguments import checked, labels_to_draw
from t2t_vq.runtime import code_stack, philox
from t2t_vq.runtime.search import greedy_search, perturb

if TYPE_CHECKING:
    from t2t_vq.formats.exported import Exported
    from t2t_vq.runtime.networks import Networks


class NetworkImageCodec:
    """Encodes, decodes and draws images with the networks of an export.

    It gives what `t2t_vq.image_codec.ImageCodec` gives for the model, in batches of the same size.

    Args:
        exported: the `t2t_vq.formats.exported.Exported` of the folder.
        open_networks: function from a number of calls at a time to the networks, a mapping of names
            to `t2t_vq.runtime.networks.Network`.
        batch_size: images in a batch. Default 100.

    Attributes:
        image_shape: height, width and channels.
        num_classes: classes that the prior is told; 0 if none.

    Example:
        >>> from t2t_vq import runtime
        >>> codec = runtime.load("export/images")
        >>> codec.decode(codec.encode(np.zeros((2, 32, 32, 3), np.uint8))).shape
        (2, 32, 32, 3)
    """

    def __init__(
        self,
        exported: Exported,
        open_networks: Callable[[int], Networks],
        batch_size: int = 100,
    ) -> None:
        check_batch_size(batch_size)
        self.batch_size = batch_size
        self._details = cast(Any, exported.details)
        self.image_shape = self._details.image_shape
        self.num_classes = self._details.num_classes
        self._networks = open_networks(1)
        self._positions = math.prod(self._details.grid)

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
        images = checked("images", images, self.image_shape, "uint8")
        return self._in_batches(self._network("encoder", "image", "codes"), images)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Returns the images that codes stand for, uint8 `[n, height, width, channels]`.

        Args:
            codes: int32 `[n, positions, num_codebooks]`.

        Raises:
            ValueError: for codes of another shape or type, that the codebook does not have, or when
                there are no codes.
        """
        self._check_codes_exist()
        shape = (self._positions, self._details.num_codebooks)
        codes = checked("codes", codes, shape, "int32")
        check_codes(codes, self._details.num_codes)
        return self._in_batches(self._network("decoder", "codes", "image"), codes)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Returns images as they come out of the bottleneck.

        Args:
            images: uint8 `[n, height, width, channels]`.

        Returns:
            uint8 of the same shape.

        Raises:
            ValueError: for images of another shape or type.
        """
        if self._details.has_prior:
            return self.decode(self.encode(images))
        images = checked("images", images, self.image_shape, "uint8")
        return self._in_batches(self._network("reconstructor", "image", "reconstruction"), images)

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
            ValueError: when the latents have no prior to draw from, or for arguments that cannot
                be drawn with.
        """
        if self._details.has_prior:
            draw, decode = self._draw_codes, self._network("decoder", "codes", "image")
        elif self._details.has_own_prior:
            draw, decode = self._draw_latents, self._network("decoder", "latents", "image")
        else:
            raise InvalidError(
                "The latents of this model have no prior to draw images from. Export one of a kind "
                "with codes, such as vq or em, or of vae."
            )
        check_whole("seed", seed, 0)
        labels = labels_to_draw(num, labels, self.num_classes, temperature)
        seeds = np.random.default_rng(seed)

        def images(labels):
            return decode(draw(labels, int(seeds.integers(1 << 31)), temperature))

        return self._in_batches(images, labels)

    def _draw_codes(self, labels, seed, temperature):
        """Draws grids of codes as `LatentPrior.sample` does, `[rows, positions, C]` int32."""
        num_codes, num_codebooks = self._details.num_codes, self._details.num_codebooks
        prior = self._networks["prior"]
        heads = [self._networks[f"code_head_{number}"] for number in range(1, num_codebooks)]
        score = code_stack.stepping(prior.bound({"labels": labels}), heads, num_codes)
        length = self._positions * num_codebooks
        # Each row draws with its own numbers.
        options = Search(num_samples=len(labels), temperature=temperature)

        def step(symbols, index, state):
            logits, state = score(symbols, index, state)
            return perturb(logits, options, seed * length + index), state

        state = code_stack.first_state(prior, len(labels), num_codebooks)
        # No grid ends early: its end is a symbol that the prior does not have.
        codes = greedy_search(step, state, len(labels), length, end=num_codes)
        return codes.reshape(len(labels), self._positions, num_codebooks)

    def _draw_latents(self, labels, seed, temperature):
        """Draws latents of a standard normal prior, `[rows, positions, latent_dim]` float32."""
        shape = (len(labels), self._positions, self._details.latent_dim)
        drawn = philox.normal(shape, self._details.seed, seed, Stream.PRIOR_LATENTS)
        return drawn * np.float32(math.sqrt(temperature))

    def _network(self, name, argument, result):
        """Returns a network of one argument as a function of an array."""
        network = self._networks[name]
        return lambda array: network({argument: array})[result]

    def _in_batches(self, function, array):
        if not len(array):
            # No library takes an array without rows; one row tells what a result is like.
            return function(np.zeros((1, *array.shape[1:]), array.dtype))[:0]
        starts = range(0, len(array), self.batch_size)
        return np.concatenate(
            [function(array[start : start + self.batch_size]) for start in starts]
        )

    def _check_codes_exist(self):
        if not self._details.has_prior:
            raise InvalidError(
                "This model has no codes, so it can only reconstruct images, or draw them if its "
                "latents have a prior. Export one of a kind with codes, such as vq or em."
            )
