"""Hyper-parameters of the models that translate."""

import dataclasses
from typing import Annotated

from t2t_vq.config.bottleneck import BottleneckConfig
from t2t_vq.config.hparams import HParams, heads_misfit
from t2t_vq.config.ranges import (
    PREDICTOR,
    Count,
    Depth,
    DepthOrNone,
    Number,
    Rate,
    Share,
    Width,
    Within,
)


@dataclasses.dataclass(frozen=True)
class TransformerHParams(HParams):
    """A Transformer from source to target tokens.

    Attributes:
        batch_tokens: padded target tokens in a batch, over all replicas together.
        max_length: longest training example, in tokens, source and target alike, ends counted.
        num_buckets: lengths that batches are padded to; each costs one compilation.
        hidden_size: width of embeddings and layers; even, and a multiple of `num_heads`.
        filter_size: width of the feed-forward layers.
        num_heads: attention heads.
        encoder_layers, decoder_layers: depth of the two stacks.
        dropout: rate on residual branches and embeddings.
        label_smoothing: of the token cross-entropy.

    Example:
        >>> TransformerHParams(model="transformer", hidden_size=256).num_heads
        8
    """

    task = "translation"

    model: str = "transformer"
    batch_tokens: Count = 32_768
    max_length: Annotated[int, Within(2, 1_024)] = 256
    num_buckets: Annotated[int, Within(1, 128)] = 4
    hidden_size: Width = 512
    filter_size: Width = 2048
    num_heads: Width = 8
    encoder_layers: DepthOrNone = 6
    decoder_layers: DepthOrNone = 6
    dropout: Rate = 0.1
    label_smoothing: Rate = 0.1

    def batching(self) -> dict[str, int]:
        """Returns what a problem's `batches` needs to know, as keyword arguments."""
        return {
            "batch_tokens": self.batch_tokens,
            "max_length": self.max_length,
            "num_buckets": self.num_buckets,
        }

    def misfits(self) -> list[str]:
        """Returns what does not fit together, a list of sentences."""
        found = heads_misfit("hidden_size", self.hidden_size, "num_heads", self.num_heads)
        if self.hidden_size % 2:
            found.append(
                f"hidden_size={self.hidden_size} must be even, as sine and cosine of a position "
                "have half of it each."
            )
        return found

    def least_activations(self) -> int:
        """Returns how many numbers a batch makes at least, which training keeps."""
        layers = 1 + self.encoder_layers + self.decoder_layers
        return self.batch_tokens * (layers * self.hidden_size + self.filter_size)


@dataclasses.dataclass(frozen=True)
class TransformerNatHParams(TransformerHParams):
    """A Transformer that decodes all tokens in parallel from a short latent sequence.

    Attributes:
        predictor: how latents are predicted, "causal" (one after the other) or "masked" (all in
            one pass, or in the few that `--passes` allows).
        predictor_layers: depth of the latent predictor.
        compress_steps: n_c; each halves the length of the latent sequence.
        latent_label_smoothing: of the latent predictor's cross-entropy.
        startup_steps: updates without quantisation, after which the codebook starts from data.
        mask_startup_steps: updates over which true target embeddings in the parallel decoder's
            input give way to latents; 0 feeds latents only.
        predicted_latents: share of the latents that the parallel decoder sees, in training, as the
            predictor takes them to be; 0 shows it none.
        bottleneck: the bottleneck and its options.

    Example:
        >>> TransformerNatHParams(model="transformer_nat").bottleneck.kind
        'em'
    """

    model: str = "transformer_nat"
    label_smoothing: Rate = 0.0
    predictor: Annotated[str, PREDICTOR] = "causal"
    predictor_layers: Depth = 6
    compress_steps: Annotated[int, Within(0, 8)] = 3
    latent_label_smoothing: Rate = 0.0
    startup_steps: Number = 200
    mask_startup_steps: Number = 0
    predicted_latents: Share = 0.0
    bottleneck: BottleneckConfig = dataclasses.field(default_factory=BottleneckConfig)
