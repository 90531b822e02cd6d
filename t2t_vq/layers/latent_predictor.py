"""Predicts a short sequence of codes, and where it ends, from a source."""

import functools

import keras
from keras import ops

from t2t_vq.layers.code_head import CodeHead
from t2t_vq.layers.positions import sinusoids
from t2t_vq.layers.transformer_stack import TransformerStack

_IMPOSSIBLE = -1e9


@keras.saving.register_keras_serializable(package="t2t_vq")
class LatentPredictor(keras.layers.Layer):
    """Scores each code given the source and all codes before it.

    A causal Transformer predicts the first code of each position, or the end, the symbol
    `num_codes`; a `CodeHead` for each predicts the position's other codes, one after the other.

    Args:
        num_codebooks: C, codes at each position.
        num_codes: K of each codebook.
        num_layers, filter_size, num_heads, dropout: of the Transformer.

    Call arguments:
        dense: `[batch, latents, dim]`, the vectors that the codes stand for.
        codes: `[batch, latents, C]` int32.
        memory, memory_bias: the encoded source.

    Returns:
        float32 logits `[batch, latents + 1, K + 1]` of the first code at each position, or the end,
        and a list of float32 logits `[batch, latents, K]`, one for each of the other C - 1 codes.

    Example:
        predictor = LatentPredictor(num_codebooks=2, num_codes=8, num_layers=1, filter_size=32,
                                    num_heads=2)
        dense, memory = keras.random.normal((1, 3, 16)), keras.random.normal((1, 7, 16))
        codes, memory_bias = ops.zeros((1, 3, 2), "int32"), ops.zeros((1, 1, 1, 7))
        first, later = predictor(dense, codes, memory, memory_bias)
        first.shape  # (1, 4, 9)
        later[0].shape  # (1, 3, 8)
    """

    def __init__(
        self, num_codebooks, num_codes, num_layers, filter_size, num_heads, dropout=0.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.num_codebooks = num_codebooks
        self.num_codes = num_codes
        self.num_layers = num_layers
        self.filter_size = filter_size
        self.num_heads = num_heads
        self.dropout_rate = dropout

    def build(self, shape):
        dim = shape[-1]
        self.project = keras.layers.Dense(dim, dtype=self.dtype_policy)
        self.first_head = keras.layers.Dense(self.num_codes + 1, dtype="float32")
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

    def call(self, dense, codes, memory, memory_bias, training=False):
        x = ops.pad(self.project(dense), [[0, 0], [1, 0], [0, 0]])
        x = self._add_positions(x, ops.arange(x.shape[1]))
        hidden = self.stack.causal(x, memory, memory_bias, training)
        first, later = self.first_head(hidden), []
        hidden = ops.cast(hidden[:, :-1], "float32")
        for i, head in enumerate(self.later_heads):
            logits, hidden = head(hidden, codes[..., i])
            later.append(logits)
        return first, later

    def start(self, memory, memory_bias, length):
        """Returns the state with which `step` predicts up to `length` positions."""
        rows, _, dim = ops.shape(memory)
        return {
            "memory_bias": memory_bias,
            "caches": self.stack.start_cache(memory, length),
            "codes": ops.zeros((rows, self.num_codebooks), "int32"),
            "hidden": ops.zeros((rows, dim), "float32"),
        }

    def step(self, embed, symbols, index, state):
        """Scores one symbol, as `t2t_vq.decoding` asks; each code of a position is a symbol.

        Args:
            embed: function from codes `[batch, 1, C]` to their vectors `[batch, 1, dim]`.
            symbols: `[batch]` int32, the symbol before.
            index: scalar int32: C times the position, plus the number of the code there.
            state: from `start` or the step before.

        Returns:
            `(float32 logits [batch, K + 1], state)`. No sequence can end before it has a position,
            nor inside of one.
        """
        position, depth = index // self.num_codebooks, index % self.num_codebooks
        code = ops.minimum(symbols, self.num_codes - 1)
        # The newest codes: at depth 0, those of the position before.
        codes = ops.concatenate([state["codes"][:, 1:], code[:, None]], axis=1)

        def first():
            x = self.project(embed(codes[:, None]))
            x = self._add_positions(ops.where(position > 0, x, ops.zeros_like(x)), position[None])
            hidden, caches = self.stack.step(x, state["caches"], position, state["memory_bias"])
            hidden = ops.cast(hidden[:, 0], "float32")
            ends = ops.arange(self.num_codes + 1) == self.num_codes
            empty = ops.logical_and(position == 0, ends)
            return ops.where(empty, _IMPOSSIBLE, self.first_head(hidden)), hidden, caches

        def later(head):
            logits, hidden = head(state["hidden"], code)
            logits = ops.pad(logits, [[0, 0], [0, 1]], constant_values=_IMPOSSIBLE)
            return logits, hidden, state["caches"]

        if self.num_codebooks == 1:
            logits, hidden, caches = first()
        else:
            # A branch for each head: under XLA, weights that are looked up by a number are slow.
            branches = [functools.partial(later, head) for head in self.later_heads]
            logits, hidden, caches = ops.switch(depth, [first, *branches])
        return logits, {**state, "caches": caches, "codes": codes, "hidden": hidden}

    def _add_positions(self, x, positions):
        return x + ops.cast(sinusoids(positions, x.shape[-1]), x.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "num_codebooks": self.num_codebooks,
            "num_codes": self.num_codes,
            "num_layers": self.num_layers,
            "filter_size": self.filter_size,
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
        }
