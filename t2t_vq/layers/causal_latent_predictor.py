"""Predicts codes one after the other."""

import functools

import keras
from keras import ops

from t2t_vq.decoding.search import search
from t2t_vq.layers.code_head import CodeHead
from t2t_vq.layers.latent_predictor import LatentPredictor, Prediction
from t2t_vq.layers.positions import sinusoids
from t2t_vq.layers.transformer_stack import TransformerStack

_IMPOSSIBLE = -1e9


@keras.saving.register_keras_serializable(package="t2t_vq")
class CausalLatentPredictor(LatentPredictor):
    """Scores each code given the source and all codes before it.

    A causal Transformer predicts the first code of each position, or the end, the symbol
    `num_codes`; a `CodeHead` for each predicts the position's other codes, one after the other.

    Args:
        num_codebooks: C, codes at each position.
        num_codes: K of each codebook.
        num_layers, filter_size, num_heads, dropout: of the Transformer.

    Call arguments:
        dense: `[rows, latents, dim]`, the vectors that the codes stand for.
        codes: `[rows, latents, C]` int32.
        memory, memory_bias: the encoded source.

    Returns:
        float32 logits `[rows, latents + 1, K + 1]` of the first code at each position, or the end,
        and a list of float32 logits `[rows, latents, K]`, one for each of the other C - 1 codes.

    Reference: arXiv 1805.11063, section 4.

    Example:
        predictor = CausalLatentPredictor(num_codebooks=2, num_codes=8, num_layers=1,
                                          filter_size=32, num_heads=2)
        dense, memory = keras.random.normal((1, 3, 16)), keras.random.normal((1, 7, 16))
        codes, memory_bias = ops.zeros((1, 3, 2), "int32"), ops.zeros((1, 1, 1, 7))
        first, later = predictor(dense, codes, memory, memory_bias)
        first.shape  # (1, 4, 9)
        later[0].shape  # (1, 3, 8)
    """

    num_ends = 1

    def __init__(self, *args, latents_per_step=1, **kwargs):
        super().__init__(*args, **kwargs)
        self.latents_per_step = latents_per_step
        self.num_slots = latents_per_step * self.num_codebooks

    def build(self, shape):
        dim = shape[-1]
        self.built = True
        self.project = keras.layers.Dense(dim, dtype=self.dtype_policy)
        self.project.build((None, None, self.latents_per_step * dim))
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
            CodeHead(
                self.num_codes, self.num_codes + (i % self.num_codebooks == 0), dtype="float32"
            )
            for i in range(1, self.num_slots)
        ]
        for layer in (self.first_head, self.stack, *self.later_heads):
            layer.build((None, None, dim))

    def call(self, dense, codes, memory, memory_bias, training=False):
        steps = dense.shape[1] // self.latents_per_step + 1
        missing = steps * self.latents_per_step - dense.shape[1]
        grouped = ops.pad(dense, [[0, 0], [0, missing], [0, 0]])
        grouped = ops.reshape(grouped, (-1, steps, self.latents_per_step * dense.shape[2]))
        slots = ops.reshape(
            ops.pad(codes, [[0, 0], [0, missing], [0, 0]]), (-1, steps, self.num_slots)
        )
        x = ops.pad(self.project(grouped)[:, :-1], [[0, 0], [1, 0], [0, 0]])
        x = self._add_positions(x, ops.arange(steps))
        hidden = self.stack.causal(x, memory, memory_bias, training)
        first, later = self.first_head(hidden), []
        hidden = ops.cast(hidden, "float32")
        for i, head in enumerate(self.later_heads):
            logits, hidden = head(hidden, slots[..., i])
            later.append(logits)
        return first, later

    def predictions(self, embed, codes, samples, mask, memory, memory_bias, step, training):
        first, later = self(embed(codes), codes, memory, memory_bias, training=training)
        # One end a row, unless all of it is padding.
        weights = ops.pad(mask, [[0, 0], [1, 0]], constant_values=True)
        weights = ops.logical_and(weights, mask[:, :1])
        labels = self._with_end(samples[:, :, 0], mask)
        best = self._with_end(codes[:, :, :1], mask)[..., 0]
        group, found = self.latents_per_step, []
        missing = first.shape[1] * group - weights.shape[1]
        labels = ops.pad(labels, [[0, 0], [0, missing], [0, 0]])
        best = ops.pad(best, [[0, 0], [0, missing]])
        weights = ops.pad(weights, [[0, 0], [0, missing]])
        missing = first.shape[1] * group - mask.shape[1]
        mask = ops.pad(mask, [[0, 0], [0, missing]])
        samples = ops.pad(samples, [[0, 0], [0, missing], [0, 0], [0, 0]])
        codes = ops.pad(codes, [[0, 0], [0, missing], [0, 0]])
        for i, logits in enumerate([first, *later]):
            at, book = slice(i // self.num_codebooks, None, group), i % self.num_codebooks
            if book == 0:
                found.append(Prediction(logits, labels[:, at], best[:, at], weights[:, at]))
            else:
                right = samples[:, at, book], codes[:, at, book]
                found.append(Prediction(logits, *right, mask[:, at]))
        return found

    def search(self, embed, memory, memory_bias, length, options):
        if options.passes > 1:
            raise ValueError(
                f"passes={options.passes} is for a predictor of hidden codes, and this model "
                "predicts one code after the other. Leave passes out, or train with "
                "predictor=masked."
            )
        batch = ops.shape(memory)[0]
        step = functools.partial(self.step, embed, self.stack.project_memory(memory), memory_bias)
        # To the search, the codes of a position are symbols one after the other.
        state = self.start(batch * options.num_candidates, length)
        symbols = length * self.num_codebooks
        found = search(step, state, batch, symbols, self.num_codes, options)
        return ops.reshape(found, (-1, options.num_candidates, length, self.num_codebooks))

    def start(self, rows, length):
        """Returns the state with which `step` predicts up to `length` positions."""
        return {
            "past": self.stack.empty_past(rows, -(-length // self.latents_per_step)),
            "codes": ops.zeros((rows, self.num_slots), "int32"),
            "hidden": ops.zeros((rows, self.project.units), "float32"),
        }

    def step(self, embed, memory, memory_bias, symbols, index, state):
        """Scores one symbol, as `t2t_vq.decoding` asks; each code of a position is a symbol.

        Args:
            embed: function from codes `[rows, 1, C]` to their vectors `[rows, 1, dim]`.
            memory: the encoded source, projected by `stack.project_memory`.
            memory_bias: additive bias over the memory.
            symbols: `[rows]` int32, the symbol before.
            index: scalar int32: C times the position, plus the number of the code there.
            state: from `start` or the step before.

        Returns:
            `(float32 logits [rows, K + 1], state)`. No sequence can end before it has a position,
            nor inside of one.
        """
        position, depth = index // self.num_slots, index % self.num_slots
        code = ops.minimum(symbols, self.num_codes - 1)
        # The newest codes: at depth 0, those of the position before.
        codes = ops.concatenate([state["codes"][:, 1:], code[:, None]], axis=1)

        def first():
            before = (-1, self.latents_per_step, self.num_codebooks)
            x = embed(ops.reshape(codes, before))
            x = self.project(ops.reshape(x, (ops.shape(codes)[0], 1, -1)))
            x = self._add_positions(ops.where(position > 0, x, ops.zeros_like(x)), position[None])
            hidden, past = self.stack.step(x, state["past"], position, memory, memory_bias)
            hidden = ops.cast(hidden[:, 0], "float32")
            ends = ops.arange(self.num_codes + 1) == self.num_codes
            empty = ops.logical_and(position == 0, ends)
            return ops.where(empty, _IMPOSSIBLE, self.first_head(hidden)), hidden, past

        def later(head):
            logits, hidden = head(state["hidden"], code)
            if logits.shape[-1] == self.num_codes:
                logits = ops.pad(logits, [[0, 0], [0, 1]], constant_values=_IMPOSSIBLE)
            return logits, hidden, state["past"]

        if self.num_slots == 1:
            logits, hidden, past = first()
        else:
            # A branch for each head: under XLA, weights that are looked up by a number are slow.
            branches = [functools.partial(later, head) for head in self.later_heads]
            logits, hidden, past = ops.switch(depth, [first, *branches])
        return logits, {"past": past, "codes": codes, "hidden": hidden}

    def _add_positions(self, x, positions):
        return x + ops.cast(sinusoids(positions, x.shape[-1]), x.dtype)

    def _with_end(self, samples, mask):
        """Returns `[rows, latents + 1, m]` labels: samples, then the end from the first gap on."""
        labels = ops.where(mask[..., None], samples, self.num_codes)
        return ops.pad(labels, [[0, 0], [0, 1], [0, 0]], constant_values=self.num_codes)
