"""A stack of Transformer layers: encoder, decoder or latent predictor."""

from typing import Any

import keras
from keras import ops

from t2t_vq.layers.attention import causal_mask
from t2t_vq.layers.dropout import Dropout
from t2t_vq.layers.transformer_block import TransformerBlock
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class TransformerStack(keras.layers.Layer):
    """Transformer layers one after the other, normalised at the end.

    Args:
        num_layers, filter_size, num_heads, dropout: depth and shape of the layers.
        attends_memory: whether the layers attend to a memory. Default False.

    Call arguments:
        x: `[rows, length, dim]`.
        attention_mask: of self-attention.
        memory, memory_mask: what a decoder attends to, and where; see `TransformerBlock`.

    Returns:
        `[rows, length, dim]`.

    Example:
        >>> encoder = TransformerStack(num_layers=2, filter_size=32, num_heads=2)
        >>> tuple(encoder(keras.random.normal((1, 5, 16))).shape)
        (1, 5, 16)
    """

    def __init__(
        self,
        num_layers: int,
        filter_size: int,
        num_heads: int,
        dropout: float = 0.0,
        attends_memory: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_layers = num_layers
        self.filter_size = filter_size
        self.num_heads = num_heads
        self.dropout_rate = dropout
        self.attends_memory = attends_memory
        self.blocks = [
            TransformerBlock(
                filter_size, num_heads, dropout, attends_memory, dtype=self.dtype_policy
            )
            for _ in range(num_layers)
        ]
        self.dropout = Dropout(dropout, dtype=self.dtype_policy)
        self.norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=self.dtype_policy)

    def build(self, shape: Shape) -> None:
        for block in self.blocks:
            block.build(shape)
        self.norm.build(shape)
        self.built = True

    def call(
        self,
        x: Tensor,
        attention_mask: Tensor | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        x = self.dropout(x, training=training)
        for block in self.blocks:
            x = block(x, attention_mask, memory, memory_mask, training=training)
        return self.norm(x)

    def project_memory(self, memory: Tensor) -> list[list[Tensor]]:
        """Returns what each layer makes of `memory` `[batch, keys, dim]`, once for all steps."""
        return [block.project_memory(memory) for block in self.blocks]

    def empty_past(self, rows: Tensor | int, length: int) -> list[tuple[Tensor, Tensor]]:
        """Returns the past with which `step` decodes up to `length` positions of `rows` rows."""
        return [block.empty_past(rows, length) for block in self.blocks]

    def step(
        self,
        x: Tensor,
        past: Any,
        index: Tensor,
        memory: Any = None,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, Any]:
        """Decodes position `index` of a causal stack; the same numbers as `call` gives there.

        Args:
            x: `[rows, 1, dim]`.
            past: from `empty_past` or the step before.
            index: scalar int32.
            memory: from `project_memory`, for a stack that attends to one.
            memory_mask: `[batch, 1, 1, keys]` bool.

        Returns:
            `(output [rows, 1, dim], past)`.

        Example:
            >>> stack = TransformerStack(num_layers=2, filter_size=32, num_heads=2)
            >>> stack.build((None, None, 16))
            >>> past, x = stack.empty_past(rows=3, length=8), keras.random.normal((3, 1, 16))
            >>> output, past = stack.step(x, past, index=ops.array(0))
            >>> tuple(output.shape), len(past)
            ((3, 1, 16), 2)
        """
        length = past[0][0].shape[2]
        attention_mask = (ops.arange(length) <= index)[None, None, None]

        def advance(block, x, before, projected):
            return block.step(x, before, index, attention_mask, projected, memory_mask)

        return self._advance(advance, x, past, memory)

    def grow(
        self, x: Tensor, past: Any, memory: Any = None, memory_mask: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Decodes the position after `past`, as long as what was decoded before; as `step` does.

        Args:
            x: `[rows, 1, dim]`.
            past: for each layer, keys and values `[rows, heads, positions before, head_size]`.
            memory, memory_mask: as in `step`.

        Returns:
            `(output [rows, 1, dim], past)`, the latter one position longer.
        """

        def advance(block, x, before, projected):
            return block.grow(x, before, projected, memory_mask)

        return self._advance(advance, x, past, memory)

    def _advance(self, advance, x, past, memory):
        """Calls `advance(block, x, past, memory)` of layer after layer."""
        updated = []
        for block, before, projected in zip(
            self.blocks, past, memory or [None] * len(self.blocks), strict=True
        ):
            x, after = advance(block, x, before, projected)
            updated.append(after)
        return self.norm(x), updated

    def causal(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Runs the stack over all positions at once, each seeing itself and earlier ones."""
        return self(
            x,
            causal_mask(ops.shape(x)[1]),
            memory=memory,
            memory_mask=memory_mask,
            training=training,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "filter_size": self.filter_size,
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
            "attends_memory": self.attends_memory,
        }
