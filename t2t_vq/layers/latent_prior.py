"""A distribution over the codes of an image."""

from typing import Any

import keras
from keras import ops

from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.decoding.options import Search
from t2t_vq.decoding.search import perturb
from t2t_vq.errors import InvalidError
from t2t_vq.layers import code_stack
from t2t_vq.layers.code_head import CodeHead
from t2t_vq.layers.positions import check_grid_width, sinusoids_2d
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class LatentPrior(keras.layers.Layer):
    """Scores each code of a grid given all codes before it, and draws such grids.

    A causal Transformer goes over the positions row by row and predicts the first code of each; a
    `CodeHead` for each other codebook predicts the position's other codes, one after the other.
    Codes are embedded by tables of the prior's own: the codebook of a bottleneck moves while both
    learn, and what a code is worth to the prediction of others is not where its vector lies.

    Args:
        grid: height and width of the grid. Its positions are in raster order.
        num_codebooks: C, codes at each position.
        num_codes: K of each codebook.
        hidden_size, num_heads: of the Transformer; a model calls them `prior_size` and
            `prior_heads`. The first is a multiple of 4 and of the second.
        num_layers, filter_size, dropout: of the Transformer.
        num_classes: where it is more than 0, each grid is drawn given a class, whose embedding is
            the first input. Default 0.

    Call arguments:
        codes: `[batch, positions, C]` int32.
        labels: `[batch]` int32, the classes; left out where there are none.

    Returns:
        A list of C tensors, float32 logits `[batch, positions, K]`.

    Raises:
        ValueError: for a width that does not fit; when there are classes and no labels or the
            other way round; or for codes of another grid.

    Reference:
        "Neural discrete representation learning" (arXiv 1711.00937), section 3.3, with a
        Transformer for its PixelCNN.

    Example:
        >>> shape = {"hidden_size": 16, "num_layers": 1, "filter_size": 32, "num_heads": 2}
        >>> prior = LatentPrior((4, 4), num_codebooks=2, num_codes=8, **shape)
        >>> tuple(prior(ops.zeros((3, 16, 2), "int32"))[1].shape)
        (3, 16, 8)
        >>> tuple(prior.sample(5).shape)
        (5, 16, 2)
    """

    def __init__(
        self,
        grid: tuple[int, int] = (8, 8),
        num_codebooks: int = 1,
        num_codes: int = 512,
        hidden_size: int = 256,
        num_layers: int = 4,
        filter_size: int = 1024,
        num_heads: int = 4,
        dropout: float = 0.0,
        num_classes: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_grid_width(hidden_size, num_heads, ("prior_size", "prior_heads"))
        self.grid = tuple(grid)
        self.num_codebooks = num_codebooks
        self.num_codes = num_codes
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.filter_size = filter_size
        self.num_heads = num_heads
        self.dropout_rate = dropout
        self.num_classes = num_classes
        self.num_positions = self.grid[0] * self.grid[1]
        # Sums of C rows of one table are as large as a row of the other, and as the positions.
        self.code_embedding = self._embedding(num_codebooks * num_codes, num_codebooks**-0.5)
        self.class_embedding = self._embedding(max(num_classes, 1), 1.0)
        self.stack = TransformerStack(
            num_layers, filter_size, num_heads, dropout, dtype=self.dtype_policy
        )
        self.first_head = keras.layers.Dense(num_codes, dtype="float32")
        self.later_heads = [CodeHead(num_codes, dtype="float32") for _ in range(num_codebooks - 1)]

    def _embedding(self, rows, deviation):
        return keras.layers.Embedding(
            rows,
            self.hidden_size,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=deviation),
            dtype=self.dtype_policy,
        )

    def build(self, codes_shape: Shape | None = None, labels_shape: Shape | None = None) -> None:
        for layer in (self.code_embedding, self.class_embedding):
            layer.build((None, None))
        for layer in (self.stack, self.first_head, *self.later_heads):
            layer.build((None, None, self.hidden_size))
        self.built = True

    def call(
        self, codes: Tensor, labels: Tensor | None = None, training: bool = False
    ) -> list[Tensor]:
        if tuple(codes.shape[1:]) != (self.num_positions, self.num_codebooks):
            raise InvalidError(
                f"The prior '{self.name}' of a {self.grid[0]} x {self.grid[1]} grid takes codes "
                f"[batch, {self.num_positions}, {self.num_codebooks}], but their shape is "
                f"{tuple(codes.shape)}."
            )
        start = self.start(labels, ops.shape(codes)[0])
        x = ops.concatenate([start, self._embed(codes[:, :-1])], axis=1)
        hidden = self.stack.causal(x + self._positions(x.dtype), training=training)
        known = ops.cast(hidden, "float32")
        later = code_stack.later_logits(self.later_heads, known, codes)
        return [self.first_head(hidden), *later]

    def log_prob(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """Returns the log-probabilities of grids.

        Args:
            codes: `[batch, positions, C]` int32.
            labels: `[batch]` int32, the classes; left out where there are none.

        Returns:
            `[batch]` float32, nats.

        Example:
            >>> shape = {"hidden_size": 16, "num_layers": 1, "filter_size": 32, "num_heads": 2}
            >>> prior = LatentPrior((4, 4), num_codes=8, **shape)
            >>> tuple(prior.log_prob(ops.zeros((3, 16, 1), "int32")).shape)
            (3,)
        """
        total = 0.0
        for i, logits in enumerate(self(codes, labels)):
            chosen = ops.take_along_axis(logits, codes[..., i : i + 1], axis=-1)[..., 0]
            total += ops.sum(chosen - ops.logsumexp(logits, axis=-1), axis=-1)
        return total

    def sample(
        self,
        num: int,
        labels: Tensor | None = None,
        seed: Tensor | int = 0,
        temperature: Tensor | float = 1.0,
    ) -> Tensor:
        """Draws grids of codes, one code after the other with cached keys and values.

        Args:
            num: number of grids, a Python integer.
            labels: `[num]` int32, the classes; left out where there are none.
            seed: integer scalar; the same gives the same grids.
            temperature: that all logits are divided by, scalar, more than 0. Default 1.

        Returns:
            `[num, positions, C]` int32.
        """
        length = self.num_positions * self.num_codebooks
        if not ops.is_tensor(temperature):
            temperature = Search(temperature=temperature).temperature
        options = Search(num_samples=num, temperature=1.0)
        start = self.start(labels, num)
        # In 64 bits: the draws of no two seeds overlap.
        first_draw = ops.cast(seed, "int64") * length

        def draw(symbols, index, state):
            logits, state = self.step(start, symbols, index, state)
            logits = logits / temperature
            return perturb(logits, options, first_draw + ops.cast(index, "int64")), state

        # No grid ends early: its end is a symbol that the prior does not have.
        codes = greedy_search(draw, self.start_steps(num), num, length, end=self.num_codes)
        return ops.reshape(codes, (num, self.num_positions, self.num_codebooks))

    def start_steps(self, rows: int) -> Any:
        """Returns the state with which `step` draws `rows` grids."""
        past = self.stack.empty_past(rows, self.num_positions)
        return code_stack.start_steps(past, rows, self.num_codebooks, self.hidden_size)

    def step(self, start: Tensor, symbols: Tensor, index: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Scores one code, as `t2t_vq.decoding` asks; each code of a position is a symbol.

        Args:
            start: `[rows, 1, dim]`, the first input, which `start` returns.
            symbols: `[rows]` int32, the code before.
            index: scalar int32: C times the position, plus the number of the code there.
            state: from `start_steps` or the step before.

        Returns:
            `(float32 logits [rows, K], state)`.
        """

        def first(codes, position, past):
            hidden, past = self.stack.step(self._input(start, codes, position), past, position)
            return *self._score_first(hidden), past

        return code_stack.step(first, self.later_heads, symbols, index, state, self.num_codes)

    def grow(
        self, start: Tensor, codes: Tensor, position: Tensor, past: Any
    ) -> tuple[Tensor, Tensor, Any]:
        """Scores the first code of the position after `past`, as `step` does.

        Args:
            start: as in `step`.
            codes: `[rows, C]` int32, of the position before; meaningless at position 0.
            position: scalar int32.
            past: for each layer, keys and values `[rows, heads, position, head_size]`.

        Returns:
            `(float32 logits [rows, K], hidden [rows, dim], past)`; what is known of the position is
            hidden, from which the heads score its other codes.
        """
        hidden, past = self.stack.grow(self._input(start, codes, position), past)
        return *self._score_first(hidden), past

    def start(self, labels: Tensor | None, rows: int) -> Tensor:
        """Returns the first input of grids, `[rows, 1, dim]`.

        Args:
            labels: `[rows]` int32, the classes; None where there are none.
            rows: number of grids.

        Raises:
            ValueError: when there are classes and no labels or the other way round.
        """
        if (labels is not None) != (self.num_classes > 0):
            given = "none were given" if labels is None else "labels were given"
            raise InvalidError(
                f"The prior '{self.name}' has num_classes={self.num_classes}, and {given}. Give "
                "labels to a prior with classes, and only to such a one."
            )
        labels = ops.zeros((rows,), "int32") if labels is None else labels
        return self.class_embedding(labels)[:, None]

    def _input(self, start, codes, position):
        """Returns the Transformer's input at a position, given the codes of the one before."""
        x = ops.where(position > 0, self._embed(codes[:, None]), start)
        return x + ops.take(self._positions(x.dtype), position[None], axis=0)

    def _score_first(self, hidden):
        """Returns logits of the first code, and what is known of the position."""
        hidden = ops.cast(hidden[:, 0], "float32")
        return self.first_head(hidden), hidden

    def _embed(self, codes):
        """Embeds codes `[batch, positions, C]` as `[batch, positions, dim]`."""
        rows = codes + self.num_codes * ops.arange(self.num_codebooks, dtype="int32")
        return ops.sum(self.code_embedding(rows), axis=2)

    def _positions(self, dtype):
        """Returns encodings of all positions, `[positions, dim]`."""
        return ops.cast(sinusoids_2d(*self.grid, self.hidden_size), dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "grid": self.grid,
            "num_codebooks": self.num_codebooks,
            "num_codes": self.num_codes,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "filter_size": self.filter_size,
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
            "num_classes": self.num_classes,
        }
