"""Scores one code of a position, given the code before it."""

from typing import Any

import keras
from keras import ops

from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class CodeHead(keras.layers.Layer):
    """Adds what the code before says to a hidden state, and scores the next code.

    `h' = h + table[code]`, `logits = kernel^T relu(h') + bias`. Without the nonlinearity the two
    would only add up in the logits, and no code could mean one thing under one source and another
    thing under another.

    Args:
        num_codes: K.

    Call arguments:
        hidden: `[..., dim]`, what is known of the position without `code`.
        code: `[...]` int32, the code before the one to score.

    Returns:
        `(float32 logits [..., K], hidden [..., dim])`; the latter knows of `code`.

    Reference:
        Predicting the codes of a position one by one is "Autoregressive Image Generation using
        Residual Quantization" (arXiv 2203.01941), section 3.2, with a sum for its Transformer.

    Example:
        >>> head = CodeHead(num_codes=8)
        >>> hidden, codes = keras.random.normal((2, 5, 16)), ops.zeros((2, 5), "int32")
        >>> logits, hidden = head(hidden, codes)
        >>> tuple(logits.shape), tuple(hidden.shape)
        ((2, 5, 8), (2, 5, 16))
    """

    def __init__(self, num_codes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_codes = num_codes

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        self.table = self.add_weight(
            shape=(self.num_codes, dim),
            # As large as what it is added to, which is normalised.
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="table",
        )
        self.scores = keras.layers.Dense(self.num_codes, dtype=self.dtype_policy)
        self.scores.build(shape)
        self.built = True

    def call(self, hidden: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        hidden = hidden + ops.take(self.table, code, axis=0)
        return ops.cast(self.scores(ops.relu(hidden)), "float32"), hidden

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_codes": self.num_codes}
