"""Predicts codes one after the other."""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from t2t_vq.decoding.options import Search
from t2t_vq.decoding.search import search
from t2t_vq.errors import InvalidError
from t2t_vq.layers import code_stack
from t2t_vq.layers.latent_predictor import LatentPredictor, Prediction
from t2t_vq.layers.positions import sinusoids
from t2t_vq.tensors import Tensor


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
        memory, memory_mask: the encoded source.

    Returns:
        float32 logits `[rows, latents + 1, K + 1]` of the first code at each position, or the end,
        and a list of float32 logits `[rows, latents, K]`, one for each of the other C - 1 codes.

    Reference:
        arXiv 1805.11063, section 4.

    Example:
        >>> shape = {"num_codes": 8, "num_layers": 1, "filter_size": 32, "num_heads": 2}
        >>> predictor = CausalLatentPredictor(num_codebooks=2, **shape)
        >>> dense, memory = keras.random.normal((1, 3, 16)), keras.random.normal((1, 7, 16))
        >>> codes, memory_mask = ops.zeros((1, 3, 2), "int32"), ops.ones((1, 1, 1, 7), "bool")
        >>> first, later = predictor(dense, codes, memory, memory_mask)
        >>> tuple(first.shape), tuple(later[0].shape)
        ((1, 4, 9), (1, 3, 8))
    """

    num_ends = 1

    def call(
        self,
        dense: Tensor,
        codes: Tensor,
        memory: Tensor,
        memory_mask: Tensor,
        training: bool = False,
    ) -> tuple[Tensor, list[Tensor]]:
        x = ops.pad(self.project(dense), [[0, 0], [1, 0], [0, 0]])
        x = self._add_positions(x, ops.arange(ops.shape(x)[1]))
        hidden = self.stack.causal(x, memory, memory_mask, training)
        known = ops.cast(hidden[:, :-1], "float32")
        return self.first_head(hidden), code_stack.later_logits(self.later_heads, known, codes)

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
        first, later = self(embed(codes), codes, memory, memory_mask, training=training)
        # One end a row, unless all of it is padding.
        weights = ops.pad(mask, [[0, 0], [1, 0]], constant_values=True)
        weights = ops.logical_and(weights, mask[:, :1])
        labels = self._with_end(samples[:, :, 0], mask)
        best = self._with_end(codes[:, :, :1], mask)[..., 0]
        found = [Prediction(first, labels, best, weights)]
        for i, logits in enumerate(later, start=1):
            found.append(Prediction(logits, samples[:, :, i], codes[:, :, i], mask))
        return found

    def search(
        self,
        embed: Callable[[Tensor], Tensor],
        memory: Tensor,
        memory_mask: Tensor,
        length: int,
        options: Search,
    ) -> Tensor:
        if options.passes > 1:
            raise InvalidError(
                f"passes={options.passes} is for a predictor of hidden codes, and this model "
                "predicts one code after the other. Leave passes out, or train with "
                "predictor=masked."
            )
        batch = ops.shape(memory)[0]
        step = functools.partial(self.step, embed, self.stack.project_memory(memory), memory_mask)
        # To the search, the codes of a position are symbols one after the other.
        state = self.start(batch * options.num_candidates, length)
        symbols = length * self.num_codebooks
        found = search(step, state, batch, symbols, self.num_codes, options)
        return ops.reshape(found, (-1, options.num_candidates, length, self.num_codebooks))

    def start(self, rows: int, length: int) -> Any:
        """Returns the state with which `step` predicts up to `length` positions."""
        past = self.stack.empty_past(rows, length)
        return code_stack.start_steps(past, rows, self.num_codebooks, self.project.units)

    def step(
        self,
        embed: Callable[[Tensor], Tensor],
        memory: Tensor,
        memory_mask: Tensor,
        symbols: Tensor,
        index: Tensor,
        state: Any,
    ) -> tuple[Tensor, Any]:
        """Scores one symbol, as `t2t_vq.decoding` asks; each code of a position is a symbol.

        Args:
            embed: function from codes `[rows, 1, C]` to their vectors `[rows, 1, dim]`.
            memory: the encoded source, projected by `stack.project_memory`.
            memory_mask: `[batch, 1, 1, keys]` bool.
            symbols: `[rows]` int32, the symbol before.
            index: scalar int32: C times the position, plus the number of the code there.
            state: from `start` or the step before.

        Returns:
            `(float32 logits [rows, K + 1], state)`. No sequence can end before it has a position,
            nor inside of one.
        """

        def first(codes, position, past):
            x = self._input(embed, codes, position)
            hidden, past = self.stack.step(x, past, position, memory, memory_mask)
            return *self._score_first(hidden, position), past

        return code_stack.step(
            first, self.later_heads, symbols, index, state, self.num_codes, self.num_ends
        )

    def grow(
        self,
        embed: Callable[[Tensor], Tensor],
        memory: Tensor,
        memory_mask: Tensor,
        codes: Tensor,
        position: Tensor,
        past: Any,
    ) -> tuple[Tensor, Tensor, Any]:
        """Scores the first code of the position after `past`, as `step` does.

        Args:
            embed, memory, memory_mask: as in `step`.
            codes: `[rows, C]` int32, of the position before; meaningless at position 0.
            position: scalar int32.
            past: for each layer, keys and values `[rows, heads, position, head_size]`.

        Returns:
            `(float32 logits [rows, K + 1], hidden [rows, dim], past)`; what is known of the
            position is hidden, from which the heads score its other codes.
        """
        x = self._input(embed, codes, position)
        hidden, past = self.stack.grow(x, past, memory, memory_mask)
        return *self._score_first(hidden, position), past

    def _input(self, embed, codes, position):
        """Returns the Transformer's input at a position, given the codes of the one before."""
        x = self.project(embed(codes[:, None]))
        return self._add_positions(ops.where(position > 0, x, ops.zeros_like(x)), position[None])

    def _score_first(self, hidden, position):
        """Returns logits of the first code or the end, and what is known of the position."""
        hidden = ops.cast(hidden[:, 0], "float32")
        ends = ops.arange(self.num_codes + 1) == self.num_codes
        empty = ops.logical_and(position == 0, ends)
        return ops.where(empty, code_stack.IMPOSSIBLE, self.first_head(hidden)), hidden

    def _add_positions(self, x, positions):
        return x + ops.cast(sinusoids(positions, x.shape[-1]), x.dtype)

    def _with_end(self, samples, mask):
        """Returns `[rows, latents + 1, m]` labels: samples, then the end from the first gap on."""
        labels = ops.where(mask[..., None], samples, self.num_codes)
        return ops.pad(labels, [[0, 0], [0, 1], [0, 0]], constant_values=self.num_codes)
