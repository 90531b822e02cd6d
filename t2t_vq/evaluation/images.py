"""Scores of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from t2t_vq import em
from t2t_vq.errors import InvalidError
from t2t_vq.metrics.image_quality import check_sides, psnr, ssim

if TYPE_CHECKING:
    from t2t_vq.image_codec import ImageCodec


def score_images(codec: ImageCodec, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Scores reconstructions, and bounds what the images take; see `VqAutoencoder.bits`.

    Args:
        codec: a `t2t_vq.image_codec.ImageCodec`.
        images: uint8 `[n, height, width, channels]`, one at least, with sides of 11 pixels or more.
        labels: int32 `[n]`.

    Returns:
        A dict of means over the images: `bits_per_dim` with its parts `reconstruction_bits` and
        `prior_bits`, where the model bounds the likelihood; under soft EM the same with
        `_of_one_sample` behind it, for one code drawn from each posterior, and with `_of_samples`,
        for as many as training draws if these are more; `codebook_perplexity` and `codes_in_use`
        where there are codes, means over codebooks; `psnr` in dB and `ssim` of the
        reconstructions; and the number of `images`.

    Raises:
        ValueError: for none, for a model of smaller ones, or for images and labels that it does
            not take.

    Example:
        >>> codec = t2t_vq.load("runs/images").codec
        >>> score_images(codec, np.zeros((2, 32, 32, 3), np.uint8), np.array([0, 1]))["images"]
        2
    """
    if not len(images):
        raise InvalidError("There are no images to score. Give one at least.")
    model = codec.model
    check_sides(*model.image_shape[:2])
    result: dict[str, Any] = {"images": len(images)}
    bounds: dict[str, int | None] = {"": None} if model.has_bound else {}
    if model.bottleneck.has_posterior:
        bounds["_of_one_sample"] = 1
        if (model.bottleneck.num_samples or 1) > 1:
            bounds["_of_samples"] = model.bottleneck.num_samples
    for ending, samples in bounds.items():
        parts = [float(np.mean(part)) for part in codec.bits(images, labels, samples)]
        result[f"bits_per_dim{ending}"] = sum(parts)
        result[f"reconstruction_bits{ending}"], result[f"prior_bits{ending}"] = parts
    if model.has_prior:
        codes, size = codec.encode(images), model.bottleneck.num_codes
        counts = [np.bincount(each.ravel(), minlength=size) for each in np.moveaxis(codes, -1, 0)]
        result["codebook_perplexity"] = float(np.mean([em.perplexity(each) for each in counts]))
        result["codes_in_use"] = float(np.mean(np.array(counts) > 0))
    rebuilt = codec.reconstruct(images)
    result["psnr"] = float(np.mean(psnr(images, rebuilt)))
    result["ssim"] = float(np.mean(ssim(images, rebuilt)))
    return result
