"""What every latent predictor offers: a loss for codes, and a search for them."""

import typing
from collections.abc import Callable
from typing import Any

import keras

from t2t_vq.decoding.options import Search
from t2t_vq.layers.code_head import CodeHead
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.tensors import Shape, Tensor


class Prediction(typing.NamedTuple):
    """Scores of symbols, and which of them are right.

    Attributes:
        logits: `[rows, positions, num_symbols]` float32.
        labels: `[rows, positions, m]` int32, samples of what is right; equally likely.
        best: `[rows, positions]` int32, the most probable of what is right.
        weights: `[rows, positions]`, what each position counts; 0 is padding.
    """

    logits: typing.Any
    labels: typing.Any
    best: typing.Any
    weights: typing.Any


class LatentPredictor(keras.layers.Layer):
    """Predicts a short sequence of codes, and how long it is, from a source.

    Args:
        num_codebooks: C, codes at each position.
        num_codes: K of each codebook.
        num_layers, filter_size, num_heads, dropout: of its Transformer.
        seed: of what training draws besides dropout.
    """

    def __init__(
        self,
        num_codebooks: int,
        num_codes: int,
        num_layers: int,
        filter_size: int,
        num_heads: int,
        dropout: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_codebooks = num_codebooks
        self.num_codes = num_codes
        self.num_layers = num_layers
        self.filter_size = filter_size
        self.num_heads = num_heads
        self.dropout_rate = dropout
        self.seed = seed

    # Symbols that are predicted besides the first codes of a position.
    num_ends = 0

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        self.project = keras.layers.Dense(dim, dtype=self.dtype_policy)
        self.first_head = keras.layers.Dense(self.num_codes + self.num_ends, dtype="float32")
        self.stack = TransformerStack(
            self.num_layers,
            self.filter_size,
            self.num_heads,
            self.dropout_rate,
            attends_memory=True,
            dtype=self.dtype_policy,
        )
        self.later_heads = [
            CodeHead(self.num_codes, dtype="float32") for _ in range(self.num_codebooks - 1)
        ]
        for layer in (self.project, self.first_head, self.stack, *self.later_heads):
            layer.build((None, None, dim))
        self.built = True

    def predictions(
        self,
        embed: Callable[[Tensor], Tensor],
        codes: Tensor,
        samples: Tensor,
        mask: Tensor,
        memory: Tensor,
        memory_mask: Tensor,
        step: Tensor,
        training: bool,
    ) -> list[Prediction]:
        """Predicts known codes, for a loss.

        Args:
            embed: function from codes `[rows, latents, C]` to their vectors `[rows, latents, dim]`.
            codes: `[rows, latents, C]` int32, the most probable.
            samples: `[rows, latents, C, m]` int32, those to be learned.
            mask: `[rows, latents]` bool, false at padding.
            memory, memory_mask: the encoded source; rows that follow each other may share one.
            step: scalar, the training step.
            training: whether dropout and draws are on.

        Returns:
            A list of `Prediction`. Together they count C for each latent and one for each row
            that has any.
        """
        raise NotImplementedError

    def search(
        self,
        embed: Callable[[Tensor], Tensor],
        memory: Tensor,
        memory_mask: Tensor,
        length: int,
        options: Search,
    ) -> Tensor:
        """Looks for codes.

        Args:
            embed: as in `predictions`.
            memory, memory_mask: the encoded source, `[batch, keys, dim]`.
            length: most latents.
            options: a `t2t_vq.decoding.options.Search`.

        Returns:
            `[batch, num_candidates, length, C]` int32, best first; the number K is the end and
            fills the rest. None is without latents.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_codebooks": self.num_codebooks,
            "num_codes": self.num_codes,
            "num_layers": self.num_layers,
            "filter_size": self.filter_size,
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
            "seed": self.seed,
        }
