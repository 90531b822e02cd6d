"""Multi-head attention with caches for step-by-step decoding."""

from typing import Any

import keras
from keras import ops

from t2t_vq.backend.compilation import are_operations_plain
from t2t_vq.layers.dropout import Dropout
from t2t_vq.tensors import Shape, Tensor

_MASKED = -1e9
# Scope of operations that leave the first two axes, `[batch, length]`, as they are. Who rewrites a
# graph for another library knows them by it.
KEEPS_LENGTHS = "keeps_lengths"


def padding_mask(mask: Tensor) -> Tensor:
    """Returns the attention mask that hides padding.

    Args:
        mask: `[batch, keys]` bool, true where there is a token.

    Returns:
        `[batch, 1, 1, keys]` bool, true where attention may look.

    Example:
        >>> tuple(padding_mask(ops.array([[5, 7, 1, 0]]) != 0).shape)
        (1, 1, 1, 4)
    """
    return ops.convert_to_tensor(mask, "bool")[:, None, None, :]


def causal_mask(length: Tensor | int) -> Tensor:
    """Returns the `[1, 1, length, length]` mask that hides later positions from earlier ones.

    Example:
        >>> np.asarray(causal_mask(2)[0, 0])
        array([[ True, False],
               [ True,  True]])
    """
    positions = ops.arange(length)
    return (positions[:, None] >= positions[None, :])[None, None]


@keras.saving.register_keras_serializable(package="t2t_vq")
class MultiHeadAttention(keras.layers.Layer):
    """Scaled dot-product attention whose keys and values can be computed once and kept.

    Equals `keras.layers.MultiHeadAttention` for the same weights; what it adds is `keys_values` and
    `attend`, so that a decoder projects its memory once and its own past one step at a time.

    Args:
        num_heads: number of heads.
        head_size: width of a head; the output is as wide as the queries.
        dropout: rate on the attention weights while training. Default 0.

    Call arguments:
        queries: `[batch, queries, dim]`.
        memory: `[batch, keys, dim]`; the queries themselves for self-attention.
        attention_mask: bool, true where attention may look, broadcast to
            `[batch, heads, queries, keys]`; none lets it look everywhere.

    Returns:
        `[batch, queries, dim]`.

    Reference:
        "Attention Is All You Need" (arXiv 1706.03762), section 3.2.

    Example:
        >>> attention = MultiHeadAttention(num_heads=2, head_size=8)
        >>> queries, memory = keras.random.normal((1, 5, 16)), keras.random.normal((1, 7, 16))
        >>> tuple(attention(queries, memory).shape)
        (1, 5, 16)
    """

    def __init__(self, num_heads: int, head_size: int, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.head_size = head_size
        self.dropout_rate = dropout

    def build(self, queries_shape: Shape, memory_shape: Shape | None = None) -> None:
        dim = queries_shape[-1]
        heads = (self.num_heads, None, self.head_size)
        self.query = self._projection("blc,chd->bhld", heads, queries_shape, "query")
        memory_shape = memory_shape or queries_shape
        self.key = self._projection("blc,chd->bhld", heads, memory_shape, "key")
        self.value = self._projection("blc,chd->bhld", heads, memory_shape, "value")
        self.combine = keras.layers.EinsumDense(
            "bhld,hdc->blc", (None, dim), bias_axes="c", name="combine", dtype=self.dtype_policy
        )
        self.combine.build((None, self.num_heads, None, self.head_size))
        self.dropout = Dropout(self.dropout_rate, dtype=self.dtype_policy)
        self.built = True

    def _projection(self, equation, output_shape, input_shape, name):
        layer = keras.layers.EinsumDense(
            equation, output_shape, bias_axes="hd", name=name, dtype=self.dtype_policy
        )
        layer.build((None, None, input_shape[-1]))
        return layer

    def call(
        self,
        queries: Tensor,
        memory: Tensor,
        attention_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        if memory is queries:
            projected, keys, values = self.project(queries)
        else:
            (projected,) = self._project(queries, self.query)
            keys, values = self.keys_values(memory)
        return self.attend_projected(projected, keys, values, attention_mask, training)

    def project(self, x: Tensor) -> list[Tensor]:
        """Returns queries, keys and values of `x`, each `[batch, heads, length, head_size]`."""
        return self._project(x, self.query, self.key, self.value)

    def keys_values(self, memory: Tensor) -> list[Tensor]:
        """Returns keys and values of `memory`, each `[batch, heads, keys, head_size]`."""
        return self._project(memory, self.key, self.value)

    def attend(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        attention_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Attends from `queries` `[batch, queries, dim]` to projected keys and values.

        Example:
            >>> attention = MultiHeadAttention(num_heads=2, head_size=8)
            >>> attention.build((None, None, 16))
            >>> keys, values = attention.keys_values(keras.random.normal((1, 7, 16)))
            >>> tuple(attention.attend(keras.random.normal((1, 1, 16)), keys, values).shape)
            (1, 1, 16)
        """
        (projected,) = self._project(queries, self.query)
        return self.attend_projected(projected, keys, values, attention_mask, training)

    def attend_projected(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        attention_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Attends from projected queries `[batch, heads, queries, head_size]`."""
        queries = queries * (self.head_size**-0.5)
        logits = ops.cast(ops.matmul(queries, ops.swapaxes(keys, -1, -2)), "float32")
        if attention_mask is not None:
            # Not an addition, which TensorFlow fuses with the product on a CPU: oneDNN has no quick
            # kernel for such a sum, and takes a hundred times as long over long sequences.
            logits = ops.where(attention_mask, logits, _MASKED)
        weights = ops.cast(ops.softmax(logits), values.dtype)
        weights = self.dropout(weights, training=training)
        return self._combine(ops.matmul(weights, values))

    def _project(self, x, *layers):
        """Projects `[batch, length, dim]`; to other libraries as one plain product."""
        if not are_operations_plain():
            return [layer(x) for layer in layers]
        kernels = [ops.reshape(layer.kernel, (x.shape[-1], -1)) for layer in layers]
        biases = [ops.reshape(layer.bias, (-1,)) for layer in layers]
        found = ops.matmul(x, ops.concatenate(kernels, axis=-1)) + ops.concatenate(biases)
        shape = (-1, ops.shape(x)[1], len(layers) * self.num_heads, self.head_size)
        with keras.name_scope(KEEPS_LENGTHS):
            by_head = ops.transpose(ops.reshape(found, shape), (0, 2, 1, 3))
        return ops.split(by_head, len(layers), axis=1) if len(layers) > 1 else [by_head]

    def _combine(self, x):
        """Joins what the heads found, `[batch, heads, length, head_size]`."""
        if not are_operations_plain():
            return self.combine(x)
        kernel = ops.reshape(self.combine.kernel, (self.num_heads * self.head_size, -1))
        shape = (-1, ops.shape(x)[2], self.num_heads * self.head_size)
        with keras.name_scope(KEEPS_LENGTHS):
            flat = ops.reshape(ops.transpose(x, (0, 2, 1, 3)), shape)
        return ops.matmul(flat, kernel) + self.combine.bias

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "head_size": self.head_size,
            "dropout": self.dropout_rate,
        }
