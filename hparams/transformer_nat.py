"""Sets of the non-autoregressive Transformer: `vq_nat` (hard EM) and `softem_nat` (soft EM)."""

import dataclasses

from t2t_vq.config import BottleneckConfig, TransformerNatHParams
from t2t_vq.hparams.transformer import SMALL, TINY
from t2t_vq.registry import register_hparams


def _hard(hparams):
    return dataclasses.replace(
        hparams, bottleneck=dataclasses.replace(hparams.bottleneck, kind="vq")
    )


@register_hparams
def softem_nat() -> TransformerNatHParams:
    """Soft EM, 512 wide, 6 layers a stack, K = 4,096, n_c = 3, m = 10: the paper's values."""
    return TransformerNatHParams(filter_size=4096, mask_startup_steps=50_000)


@register_hparams
def softem_nat_big() -> TransformerNatHParams:
    """Soft EM, 1,024 wide, 6 layers a stack, for large corpora."""
    return dataclasses.replace(softem_nat(), hidden_size=1024, num_heads=16, dropout=0.3)


@register_hparams
def softem_nat_small() -> TransformerNatHParams:
    """Soft EM, 256 wide, 6 + 1 + 4 layers, K = 1,024, n_c = 2, for tens of thousands of pairs."""
    return dataclasses.replace(
        softem_nat(),
        **SMALL,
        encoder_layers=6,
        predictor_layers=1,
        compress_steps=2,
        dropout=0.2,
        latent_label_smoothing=0.1,
        mask_startup_steps=0,
        predicted_latents=0.5,
        bottleneck=BottleneckConfig(kind="em", num_codes=1024, decay=0.99),
    )


@register_hparams
def softem_nat_tiny() -> TransformerNatHParams:
    """Soft EM, 128 wide, 2 layers, K = 256, n_c = 2: five minutes on two CPU cores."""
    return dataclasses.replace(
        softem_nat_small(),
        **TINY,
        predictor_layers=2,
        latent_label_smoothing=0.0,
        predicted_latents=0.0,
        learning_rate=4e-3,
        startup_steps=100,
        bottleneck=BottleneckConfig(kind="em", num_codes=256, decay=0.99),
    )


@register_hparams
def vq_nat() -> TransformerNatHParams:
    """Hard EM, otherwise as softem_nat."""
    return _hard(softem_nat())


@register_hparams
def vq_nat_big() -> TransformerNatHParams:
    """Hard EM, otherwise as softem_nat_big."""
    return _hard(softem_nat_big())


@register_hparams
def vq_nat_small() -> TransformerNatHParams:
    """Hard EM, otherwise as softem_nat_small."""
    return _hard(softem_nat_small())


@register_hparams
def vq_nat_tiny() -> TransformerNatHParams:
    """Hard EM, otherwise as softem_nat_tiny."""
    return _hard(softem_nat_tiny())
