"""What the networks of several models have in common: keys and values by name, heads of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from t2t_vq.export.network import Network

if TYPE_CHECKING:
    from t2t_vq.layers.code_head import CodeHead
    from t2t_vq.layers.transformer_stack import TransformerStack


def named(prefix: str, pairs: Iterable[tuple]) -> dict[str, Any]:
    """Returns keys and values of each layer as a dict, named `PREFIXkeys_0` and so on.

    Args:
        prefix: of the names.
        pairs: for each layer, its keys and values.
    """
    return {
        f"{prefix}{kind}_{layer}": tensor
        for layer, pair in enumerate(pairs)
        for kind, tensor in zip(("keys", "values"), pair, strict=True)
    }


def pairs(prefix: str, tensors: Mapping[str, tf.Tensor], num_layers: int) -> list[tuple]:
    """Undoes `named`, for a dict that may hold other tensors too."""
    return [
        (tensors[f"{prefix}keys_{layer}"], tensors[f"{prefix}values_{layer}"])
        for layer in range(num_layers)
    ]


def keys_and_values(prefix: str, stack: TransformerStack) -> dict[str, tf.TensorSpec]:
    """Returns the specifications of keys and values of a `TransformerStack`'s layers, by name."""
    attention = stack.blocks[0].self_attention
    shape = [None, attention.num_heads, None, attention.head_size]
    return named(prefix, [(tf.TensorSpec(shape, tf.float32),) * 2] * stack.num_layers)


def code_heads(heads: Sequence[CodeHead], dim: int, num_free: int = 1) -> list[Network]:
    """Returns a network for each of a list of `CodeHead`, `code_head_1` and so on.

    Args:
        heads: they score all codes of a position but the first, one after the other.
        dim: width of what is known of a position.
        num_free: dimensions before that one.
    """
    free = [None] * num_free
    inputs = {"hidden": tf.TensorSpec([*free, dim], tf.float32)}
    inputs["codes"] = tf.TensorSpec(free, tf.int32)

    def scoring(head):
        def score(hidden, codes):
            logits, known = head(hidden, codes)
            return {"logits": logits, "next_hidden": known}

        return score

    return [
        Network(f"code_head_{number}", scoring(head), inputs)
        for number, head in enumerate(heads, start=1)
    ]
