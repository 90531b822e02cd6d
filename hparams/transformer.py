"""Sets of the autoregressive Transformer."""

import dataclasses

from t2t_vq.config import TransformerHParams
from t2t_vq.registry import register_hparams

# What the small and the tiny sets of both model families have in common.
SMALL = {
    "train_steps": 5_000,
    "batch_tokens": 12_288,
    "max_length": 64,
    "num_buckets": 3,
    "hidden_size": 256,
    "filter_size": 1024,
    "num_heads": 4,
    "decoder_layers": 4,
    "learning_rate": 1e-3,
    "warmup_steps": 600,
    "schedule": "cosine",
    "adam_beta2": 0.98,
    "clip_norm": 1.0,
    "eval_frequency": 1_000,
}
TINY = {
    "train_steps": 1_200,
    "batch_tokens": 2_048,
    "num_buckets": 4,
    "hidden_size": 128,
    "filter_size": 512,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "dropout": 0.0,
    "warmup_steps": 200,
    "eval_frequency": 600,
}


@register_hparams
def transformer_base() -> TransformerHParams:
    """Autoregressive, 512 wide, 6 + 6 layers: the base model of arXiv 1706.03762."""
    return TransformerHParams()


@register_hparams
def transformer_big() -> TransformerHParams:
    """Autoregressive, 1,024 wide, 6 + 6 layers, for large corpora."""
    return dataclasses.replace(
        transformer_base(), hidden_size=1024, filter_size=4096, num_heads=16, dropout=0.3
    )


@register_hparams
def transformer_small() -> TransformerHParams:
    """Autoregressive, 256 wide, 4 + 4 layers, for tens of thousands of pairs."""
    return dataclasses.replace(transformer_base(), **SMALL, encoder_layers=4, dropout=0.3)


@register_hparams
def transformer_tiny() -> TransformerHParams:
    """Autoregressive, 128 wide, 2 + 2 layers: four minutes on two CPU cores."""
    return dataclasses.replace(transformer_small(), **TINY, learning_rate=2e-3)


def _deep(hparams):
    """Moves the decoder's depth to the encoder, which runs once a sentence, not once a token."""
    return dataclasses.replace(hparams, encoder_layers=2 * hparams.encoder_layers, decoder_layers=1)


@register_hparams
def transformer_deep_base() -> TransformerHParams:
    """Autoregressive, 512 wide, 12 + 1 layers: a fast decoder, after arXiv 2006.10369."""
    return _deep(transformer_base())


@register_hparams
def transformer_deep_small() -> TransformerHParams:
    """Autoregressive, 256 wide, 8 + 1 layers, otherwise as transformer_small."""
    return _deep(transformer_small())


@register_hparams
def transformer_deep_tiny() -> TransformerHParams:
    """Autoregressive, 128 wide, 4 + 1 layers, otherwise as transformer_tiny."""
    return _deep(transformer_tiny())
