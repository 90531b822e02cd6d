"""Sets of the image autoencoder: `vq_image` (hard EM) and `softem_image` (soft EM)."""

import dataclasses

from t2t_vq.config import BottleneckConfig, ImageHParams
from t2t_vq.registry import register_hparams


def _hard(hparams):
    return dataclasses.replace(
        hparams, bottleneck=dataclasses.replace(hparams.bottleneck, soft=False)
    )


@register_hparams
def softem_image() -> ImageHParams:
    """Soft EM in 4 blocks of K = 256 over an 8 x 8 grid, 256 wide; the prior 512, 8 layers."""
    return ImageHParams(
        train_steps=100_000,
        batch_size=128,
        learning_rate=4e-4,
        warmup_steps=1_000,
        schedule="cosine",
        adam_beta2=0.99,
        clip_norm=1.0,
        hidden_size=256,
        num_layers=6,
        startup_steps=200,
        bottleneck=BottleneckConfig(
            kind="dvq",
            soft=True,
            num_codes=256,
            num_blocks=4,
            # One sample has the tightest bound on the likelihood, and this temperature the lowest
            # at every width that was tried: see RESULTS.md.
            num_samples=1,
            temperature=0.05,
            relative_temperature=True,
            through_posterior=True,
            decay=0.99,
        ),
    )


@register_hparams
def softem_image_small() -> ImageHParams:
    """Soft EM in 4 blocks of K = 256, 128 wide, a prior 256 wide of 4 layers."""
    base = softem_image()
    return dataclasses.replace(
        base,
        train_steps=20_000,
        learning_rate=1e-3,
        warmup_steps=500,
        hidden_size=128,
        num_layers=3,
        prior_size=256,
        prior_layers=4,
        prior_filter_size=1024,
        prior_heads=4,
    )


@register_hparams
def softem_image_tiny() -> ImageHParams:
    """Soft EM in 4 blocks of K = 256, 96 wide: five minutes on two CPU cores."""
    small = softem_image_small()
    return dataclasses.replace(
        small,
        train_steps=1_200,
        batch_size=32,
        learning_rate=2e-3,
        warmup_steps=100,
        num_mixtures=5,
        hidden_size=96,
        num_layers=2,
        prior_size=64,
        prior_layers=2,
        prior_filter_size=256,
        prior_heads=2,
        prior_dropout=0.0,
        startup_steps=100,
        eval_frequency=600,
    )


@register_hparams
def vq_image() -> ImageHParams:
    """Hard EM, otherwise as softem_image."""
    return _hard(softem_image())


@register_hparams
def vq_image_small() -> ImageHParams:
    """Hard EM, otherwise as softem_image_small."""
    return _hard(softem_image_small())


@register_hparams
def vq_image_tiny() -> ImageHParams:
    """Hard EM, otherwise as softem_image_tiny."""
    return _hard(softem_image_tiny())
