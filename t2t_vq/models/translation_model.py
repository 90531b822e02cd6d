"""What the translation models have in common."""

from typing import Any

from keras import ops

from t2t_vq.data.tokenizer import PAD_ID
from t2t_vq.decoding.options import GREEDY, Search
from t2t_vq.layers.attention import padding_mask
from t2t_vq.layers.positions import sinusoids
from t2t_vq.layers.token_embedding import TokenEmbedding
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.models.model import Model
from t2t_vq.tensors import Tensor


class TranslationModel(Model):
    """A model from source tokens to target tokens; 0 is padding, 1 ends a sentence.

    Its batches are dicts of `source` and `target`, each `[batch, length]` int32.

    Args:
        vocab_size: size of the vocabulary that source and target share.
        hidden_size, filter_size, num_heads, encoder_layers, dropout: shape of the encoder.
    """

    unit = "tokens"

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int,
        filter_size: int,
        num_heads: int,
        encoder_layers: int,
        dropout: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_size = hidden_size
        self.embedding = TokenEmbedding(vocab_size, hidden_size, name="embedding")
        self.encoder = TransformerStack(
            encoder_layers, filter_size, num_heads, dropout, name="encoder"
        )
        self.embedding.build()
        self.encoder.build((None, None, hidden_size))

    def translate(self, source: Tensor, search: Search = GREEDY) -> Tensor:
        """Translates a batch.

        Args:
            source: `[batch, length]` int32, each row ended by 1, padded with 0.
            search: a `t2t_vq.decoding.options.Search`. Default: greedy.

        Returns:
            `[batch, target_length(length)]` int32, each row to be cut at its first 1.
        """
        return self.candidates(source, search)[:, 0]

    def candidates(self, source: Tensor, search: Search) -> Tensor:
        """Translates a batch in several ways.

        Args:
            source: `[batch, length]` int32, each row ended by 1, padded with 0.
            search: a `t2t_vq.decoding.options.Search`.

        Returns:
            `[batch, search.num_candidates, target_length(length)]` int32, best first.

        Raises:
            ValueError: when the model cannot search so.
        """
        raise NotImplementedError

    def log_likelihood(self, source: Tensor, targets: Tensor) -> Tensor:
        """Scores given translations, all in parallel.

        Args:
            source: `[batch, length]` int32, each row ended by 1, padded with 0.
            targets: `[batch, n, length]` int32, n translations of each, each to be cut at its
                first 1.

        Returns:
            `[batch, n]` float32, log-probabilities.

        Example:
            >>> from t2t_vq.models.transformer import Transformer
            >>> model = Transformer(100, hidden_size=16, encoder_layers=1, decoder_layers=1)
            >>> source, targets = ops.array([[5, 7, 1]]), ops.array([[[8, 1], [9, 1]]])
            >>> tuple(model.log_likelihood(source, targets).shape)
            (1, 2)
        """
        raise NotImplementedError

    def target_length(self, source_length: int) -> int:
        """Returns the most tokens that a source of `source_length` tokens is translated to."""
        return -(-(3 * source_length // 2 + 8) // 8) * 8

    def encode(self, source: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Encodes source tokens.

        Args:
            source: `[batch, length]` int32.

        Returns:
            `(memory [batch, length, dim], mask [batch, 1, 1, length])`.
        """
        memory_mask = padding_mask(source != PAD_ID)
        return self.encoder(self.embed(source), memory_mask, training=training), memory_mask

    def embed(self, tokens: Tensor) -> Tensor:
        """Returns embeddings with positions, `[batch, length, dim]`."""
        return self.add_positions(self.embedding(tokens))

    def add_positions(self, x: Tensor) -> Tensor:
        """Adds position encodings to `x` `[batch, length, dim]`."""
        return x + ops.cast(sinusoids(ops.arange(ops.shape(x)[1]), self.hidden_size), x.dtype)
