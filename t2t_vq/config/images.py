"""Hyper-parameters of the models of images."""

import dataclasses
from typing import Annotated

from t2t_vq.config.bottleneck import BottleneckConfig
from t2t_vq.config.hparams import HParams, heads_misfit
from t2t_vq.config.ranges import (
    ENCODER,
    LIKELIHOOD,
    Count,
    Depth,
    DepthOrNone,
    Number,
    Rate,
    Width,
    Within,
)


@dataclasses.dataclass(frozen=True)
class ImageHParams(HParams):
    """An image autoencoder through a bottleneck, and a prior over its codes.

    Attributes:
        batch_size: images in a batch, over all replicas together.
        encoder: "convolutional" or "transformer", of encoder and decoder both.
        likelihood: of the pixels, "logistic_mixture" or "categorical".
        num_mixtures: logistic distributions in a mixture.
        hidden_size: width of encoder and decoder.
        num_layers: residual layers, or Transformer layers, of encoder and decoder each.
        filter_size, num_heads: of Transformer layers in encoder and decoder.
        downsample_steps: each halves height and width of the latent grid.
        dropout: rate in encoder and decoder.
        prior_size: width of the prior; a multiple of 4 and of `prior_heads`.
        prior_layers, prior_filter_size, prior_heads, prior_dropout: of the prior's Transformer.
        class_conditional: whether the prior is told the class of an image.
        startup_steps: updates without quantisation, after which the codebook starts from data.
        autoencoder_steps: updates after which only the prior learns; 0 lets all learn to the end.
        bottleneck: the bottleneck and its options.

    Example:
        >>> ImageHParams(model="vq_autoencoder").downsample_steps
        2
    """

    task = "images"

    model: str = "vq_autoencoder"
    batch_size: Count = 128
    encoder: Annotated[str, ENCODER] = "convolutional"
    likelihood: Annotated[str, LIKELIHOOD] = "logistic_mixture"
    num_mixtures: Annotated[int, Within(1, 1_000)] = 10
    hidden_size: Width = 256
    num_layers: DepthOrNone = 4
    filter_size: Width = 1024
    num_heads: Width = 8
    downsample_steps: Annotated[int, Within(0, 10)] = 2
    dropout: Rate = 0.0
    prior_size: Width = 512
    prior_layers: Depth = 8
    prior_filter_size: Width = 2048
    prior_heads: Width = 8
    prior_dropout: Rate = 0.1
    class_conditional: bool = False
    startup_steps: Number = 200
    autoencoder_steps: Number = 0
    bottleneck: BottleneckConfig = dataclasses.field(default_factory=BottleneckConfig)

    def batching(self) -> dict[str, int]:
        """Returns what a problem's `batches` needs to know, as keyword arguments."""
        return {"batch_size": self.batch_size}

    def misfits(self) -> list[str]:
        """Returns what does not fit together, a list of sentences."""
        found = heads_misfit("prior_size", self.prior_size, "prior_heads", self.prior_heads)
        if self.prior_size % 4:
            found.append(
                f"prior_size={self.prior_size} must be a multiple of 4, as positions take four "
                "parts of it."
            )
        if self.encoder == "transformer":
            found += heads_misfit("hidden_size", self.hidden_size, "num_heads", self.num_heads)
        return found + steps_misfit(self.autoencoder_steps, self.startup_steps)

    def least_activations(self) -> int:
        """Returns how many numbers a batch makes at least, which training keeps."""
        return self.batch_size * self.num_layers * self.hidden_size


def steps_misfit(autoencoder_steps: int, startup_steps: int) -> list[str]:
    """Returns a list of one sentence where the prior learns alone too early, else none."""
    if not 0 < autoencoder_steps <= startup_steps:
        return []
    return [
        f"autoencoder_steps={autoencoder_steps} comes before the codebook starts, after "
        f"startup_steps={startup_steps}. Choose more."
    ]
