"""Token embeddings, tied to the output logits."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.float32_product import float32_product
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class TokenEmbedding(keras.layers.Layer):
    """One table that embeds tokens and scores them.

    Args:
        vocab_size: number of tokens.
        dim: width of an embedding.

    Call arguments:
        tokens: `[batch, length]` int32.

    Returns:
        `[batch, length, dim]`, scaled by the square root of `dim`.

    Reference:
        "Attention Is All You Need" (arXiv 1706.03762), section 3.4.

    Example:
        >>> embedding = TokenEmbedding(vocab_size=100, dim=16)
        >>> hidden = embedding(ops.array([[5, 7, 1]]))
        >>> tuple(hidden.shape), tuple(embedding.logits(hidden).shape)
        ((1, 3, 16), (1, 3, 100))
    """

    def __init__(self, vocab_size: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.dim = dim

    def build(self, shape: Shape | None = None) -> None:
        # Float32 under any policy: its gradient adds up many rows at the same tokens, which
        # accelerators do slowly, and badly, in half precision.
        self.table = self.add_weight(
            autocast=False,
            shape=(self.vocab_size, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=self.dim**-0.5),
            name="table",
        )
        self.built = True

    def call(self, tokens: Tensor) -> Tensor:
        return ops.cast(ops.take(self.table, tokens, axis=0), self.compute_dtype) * self.dim**0.5

    def logits(self, x: Tensor) -> Tensor:
        """Returns float32 scores `[..., vocab_size]` of hidden states `[..., dim]`."""
        table = ops.cast(self.table, self.compute_dtype)
        return float32_product(ops.cast(x, self.compute_dtype), ops.transpose(table))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "vocab_size": self.vocab_size, "dim": self.dim}
