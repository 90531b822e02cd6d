"""One Transformer layer: self-attention, attention to a memory, feed-forward."""

from typing import Any

import keras
from keras import ops

from t2t_vq.errors import InvalidError
from t2t_vq.layers.attention import MultiHeadAttention
from t2t_vq.layers.dropout import Dropout
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class TransformerBlock(keras.layers.Layer):
    """A pre-normalised Transformer layer, with or without attention to a memory.

    Args:
        filter_size: width of the feed-forward layer.
        num_heads: attention heads; divides the width of the inputs.
        dropout: rate on the residual branches while training. Default 0.
        attends_memory: whether the layer attends to a memory (a decoder). Default False.

    Call arguments:
        x: `[rows, length, dim]`.
        attention_mask: bool, where self-attention may look, broadcast to
            `[rows, heads, length, length]`; none lets it look everywhere.
        memory: `[batch, keys, dim]`, for a layer that attends to one. Where `rows` is n times
            `batch`, each memory serves n rows that follow each other, as a search needs.
        memory_mask: bool, where there is a memory, `[batch, 1, 1, keys]`.

    Returns:
        `[rows, length, dim]`.

    Raises:
        ValueError: when the width is not a multiple of `num_heads`.

    Example:
        >>> block = TransformerBlock(filter_size=32, num_heads=2)
        >>> tuple(block(keras.random.normal((1, 5, 16))).shape)
        (1, 5, 16)
    """

    def __init__(
        self,
        filter_size: int,
        num_heads: int,
        dropout: float = 0.0,
        attends_memory: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filter_size = filter_size
        self.num_heads = num_heads
        self.dropout_rate = dropout
        self.attends_memory = attends_memory

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        if dim % self.num_heads:
            raise InvalidError(
                f"hidden_size={dim} is not a multiple of num_heads={self.num_heads}. "
                "Choose a width that the heads share evenly."
            )
        self.self_norm = self._norm(dim)
        self.self_attention = self._attention(dim)
        if self.attends_memory:
            self.memory_norm = self._norm(dim)
            self.memory_attention = self._attention(dim)
        self.feed_norm = self._norm(dim)
        self.expand = keras.layers.Dense(
            self.filter_size, activation="relu", dtype=self.dtype_policy
        )
        self.expand.build((None, None, dim))
        self.contract = keras.layers.Dense(dim, dtype=self.dtype_policy)
        self.contract.build((None, None, self.filter_size))
        self.dropout = Dropout(self.dropout_rate, dtype=self.dtype_policy)
        self.built = True

    def _norm(self, dim):
        norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=self.dtype_policy)
        norm.build((None, None, dim))
        return norm

    def _attention(self, dim):
        attention = MultiHeadAttention(
            self.num_heads, dim // self.num_heads, self.dropout_rate, dtype=self.dtype_policy
        )
        attention.build((None, None, dim))
        return attention

    def call(
        self,
        x: Tensor,
        attention_mask: Tensor | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        normed = self.self_norm(x)
        attended = self.self_attention(normed, normed, attention_mask, training=training)
        x = x + self.dropout(attended, training=training)
        if self.attends_memory:
            x = self._attend_memory(x, self.project_memory(memory), memory_mask, training)
        return self._feed_forward(x, training)

    def project_memory(self, memory: Tensor) -> list[Tensor]:
        """Returns keys and values of `memory`, each `[batch, heads, keys, head_size]`."""
        return self.memory_attention.keys_values(memory)

    def empty_past(self, rows: Tensor | int, length: int) -> tuple[Tensor, Tensor]:
        """Returns keys and values, zeros for now, of up to `length` positions to be decoded.

        Returns:
            Two tensors `[rows, heads, length, head_size]`.
        """
        attention = self.self_attention
        shape = (rows, attention.num_heads, length, attention.head_size)
        empty = ops.zeros(shape, self.compute_dtype)
        return empty, empty

    def step(
        self,
        x: Tensor,
        past: Any,
        index: Tensor,
        attention_mask: Tensor,
        memory: Any = None,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, Any]:
        """Decodes one position.

        Args:
            x: `[rows, 1, dim]`, the input at position `index`.
            past: what `empty_past` or the step before returned.
            index: scalar int32.
            attention_mask: `[1, 1, 1, length]` bool, hides positions after `index`.
            memory: from `project_memory`, for a layer that attends to one.
            memory_mask: `[batch, 1, 1, keys]` bool.

        Returns:
            `(output [rows, 1, dim], past)`.
        """
        queries, *new = self.self_attention.project(self.self_norm(x))
        past = tuple(
            ops.slice_update(old, (0, 0, index, 0), ops.cast(item, old.dtype))
            for old, item in zip(past, new, strict=True)
        )
        return self._after_past(x, queries, past, attention_mask, memory, memory_mask), past

    def grow(
        self, x: Tensor, past: Any, memory: Any = None, memory_mask: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Decodes one position after a past that is no longer than what was decoded before.

        It gives the same numbers as `step`, and suits programs without static shapes: nothing is
        computed for positions that do not come.

        Args:
            x: `[rows, 1, dim]`, the input at this position.
            past: keys and values, each `[rows, heads, positions before, head_size]`.
            memory, memory_mask: as in `step`.

        Returns:
            `(output [rows, 1, dim], past)`, the latter one position longer.
        """
        queries, *new = self.self_attention.project(self.self_norm(x))
        past = tuple(ops.concatenate(pair, axis=2) for pair in zip(past, new, strict=True))
        return self._after_past(x, queries, past, None, memory, memory_mask), past

    def _after_past(self, x, queries, past, attention_mask, memory, memory_mask):
        """Returns the layer's output at one position, whose keys and values `past` holds too."""
        x = x + self.self_attention.attend_projected(queries, *past, attention_mask)
        if self.attends_memory:
            x = self._attend_memory(x, memory, memory_mask, False)
        return self._feed_forward(x, False)

    def _attend_memory(self, x, memory, memory_mask, training):
        # Rows that share a memory are further queries to it, so that it need not be repeated.
        shape = ops.shape(x)
        queries = ops.reshape(self.memory_norm(x), (ops.shape(memory[0])[0], -1, shape[-1]))
        attended = self.memory_attention.attend(queries, *memory, memory_mask, training)
        return x + self.dropout(ops.reshape(attended, shape), training=training)

    def _feed_forward(self, x, training):
        hidden = self.dropout(self.expand(self.feed_norm(x)), training=training)
        return x + self.dropout(self.contract(hidden), training=training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filter_size": self.filter_size,
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
            "attends_memory": self.attends_memory,
        }
