"""Predicts all codes at once, in one pass or in a few."""

from collections.abc import Callable

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.backend.random_numbers import uniform
from t2t_vq.backend.streams import Stream
from t2t_vq.decoding.options import Search
from t2t_vq.decoding.search import perturb
from t2t_vq.layers.attention import padding_mask
from t2t_vq.layers.code_stack import later_logits
from t2t_vq.layers.latent_predictor import LatentPredictor, Prediction
from t2t_vq.layers.positions import sinusoids
from t2t_vq.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="t2t_vq")
class MaskedLatentPredictor(LatentPredictor):
    """Scores hidden codes given the source and the codes that are not hidden.

    Training hides a random number of a sequence's codes, from one to all; a sequence with c of its
    L codes hidden counts each L / c times, so that the mean loss bounds the negative
    log-likelihood of predicting them one by one in random order. Decoding predicts all codes from
    the source alone, then hides those again that it was least sure of, pass after pass.

    The number of latents follows a discretised normal distribution. Its mean is a sum over the
    source's tokens, each of which says how many latents it takes.

    Args:
        num_codebooks, num_codes, num_layers, filter_size, num_heads, dropout, seed: see
            `LatentPredictor`.

    Call arguments:
        dense: `[rows, latents, dim]`, the vectors that the codes stand for.
        codes: `[rows, latents, C]` int32.
        hidden: `[rows, latents]` bool, which positions to hide.
        mask: `[rows, latents]` bool, false at padding.
        memory, memory_mask: the encoded source.

    Returns:
        A list of float32 logits `[rows, latents, K]`, one for each of the C codes.

    Reference:
        "Mask-Predict" (arXiv 1904.09324) for the decoding; "A Deep and Tractable Density Estimator"
        (arXiv 1310.1757), section 4, for the loss.

    Example:
        >>> shape = {"num_codes": 8, "num_layers": 1, "filter_size": 32, "num_heads": 2}
        >>> predictor = MaskedLatentPredictor(num_codebooks=1, **shape)
        >>> dense, memory = keras.random.normal((1, 3, 16)), keras.random.normal((1, 7, 16))
        >>> codes, yes = ops.zeros((1, 3, 1), "int32"), ops.ones((1, 3), "bool")
        >>> (logits,) = predictor(dense, codes, yes, yes, memory, ops.ones((1, 1, 1, 7), "bool"))
        >>> tuple(logits.shape)
        (1, 3, 8)
    """

    def build(self, shape: Shape) -> None:
        dim = shape[-1]
        self.hidden_code = self.add_weight(
            shape=(dim,), initializer=keras.initializers.RandomNormal(stddev=0.1), name="hidden"
        )
        self.latents_taken = keras.layers.Dense(1, activation="softplus", dtype="float32")
        self.latents_taken.build((None, None, dim))
        self.log_deviation = self.add_weight(
            shape=(), initializer="zeros", dtype="float32", autocast=False, name="log_deviation"
        )
        super().build(shape)

    def call(
        self,
        dense: Tensor,
        codes: Tensor,
        hidden: Tensor,
        mask: Tensor,
        memory: Tensor,
        memory_mask: Tensor,
        training: bool = False,
    ) -> list[Tensor]:
        state = self._states(dense, hidden, mask, memory, memory_mask, training)
        return [self.first_head(state), *later_logits(self.later_heads, state, codes)]

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
        hidden, weights = mask, mask
        if training:
            hidden, weights = self._hide(mask, step)
        logits = self(embed(codes), codes, hidden, mask, memory, memory_mask, training=training)
        found = [
            Prediction(scores, samples[:, :, i], codes[:, :, i], weights)
            for i, scores in enumerate(logits)
        ]
        rows, positions = ops.shape(mask)
        lengths = self.length_logits(memory, memory_mask, positions)
        copies = (ops.shape(memory)[0], rows // ops.shape(memory)[0], positions)
        lengths = ops.reshape(ops.broadcast_to(lengths[:, None], copies), (rows, 1, positions))
        number = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)
        right = ops.maximum(number - 1, 0)
        found.append(Prediction(lengths, right[..., None], right, number > 0))
        return found

    def search(
        self,
        embed: Callable[[Tensor], Tensor],
        memory: Tensor,
        memory_mask: Tensor,
        length: int,
        options: Search,
    ) -> Tensor:
        def choose_hidden(index, state):
            number, codes, certainty, hidden = state
            mask = ops.arange(length) < number
            found, certain = self._choose_codes(
                embed(codes), hidden, mask, memory, memory_mask, options, index
            )
            codes = ops.where(hidden[..., None], found, codes)
            certainty = ops.where(hidden, certain, certainty)
            # Of L codes, L (passes - 1 - index) / passes are hidden again.
            again = number * (options.passes - 1 - index) // options.passes
            return number, codes, certainty, _lowest(certainty, mask, again)

        number = self._choose_lengths(memory, memory_mask, length, options)
        mask = ops.arange(length) < number
        codes = ops.zeros((*ops.shape(mask), self.num_codebooks), "int32")
        state = (number, codes, ops.zeros(ops.shape(mask), "float32"), mask)
        # A loop even for one pass, and the number of latents goes through it: to see whether a
        # later switch always goes one way, XLA interprets what leads to it, all matrix products of
        # the encoder too, which takes minutes. It does not look into loops.
        number, codes, _, _ = ops.fori_loop(0, options.passes, choose_hidden, state)
        mask = ops.arange(length) < number
        found = ops.where(mask[..., None], codes, self.num_codes)
        return ops.reshape(found, (-1, options.num_candidates, length, self.num_codebooks))

    def score_first(
        self, dense: Tensor, hidden: Tensor, mask: Tensor, memory: Tensor, memory_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Scores the first code of each position.

        Args:
            dense, hidden, mask, memory, memory_mask: as in a call.

        Returns:
            `(float32 logits [rows, latents, K], state [rows, latents, dim])`; what is known of each
            position is its state, from which the heads score its other codes.
        """
        state = self._states(dense, hidden, mask, memory, memory_mask)
        return self.first_head(state), state

    def _states(self, dense, hidden, mask, memory, memory_mask, training=False):
        x = self.project(dense)
        x = ops.where(hidden[..., None], ops.cast(self.hidden_code, x.dtype), x)
        x = x + ops.cast(sinusoids(ops.arange(ops.shape(x)[1]), x.shape[-1]), x.dtype)
        state = self.stack(
            x,
            padding_mask(mask),
            memory=memory,
            memory_mask=memory_mask,
            training=training,
        )
        return ops.cast(state, "float32")

    def _hide(self, mask, step):
        """Draws which positions training hides, and what they count."""
        shape = (ops.shape(mask)[0], mask.shape[1] + 1)
        draws = uniform(shape, self.seed, step, Stream.HIDDEN_CODES)
        number = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)
        share = draws[:, :1] * ops.cast(number, "float32")
        count = ops.cast(ops.floor(share), "int32") + 1
        hidden = _lowest(draws[:, 1:], mask, count)
        weights = ops.cast(number, "float32") / ops.cast(count, "float32")
        return hidden, ops.where(hidden, weights, 0.0)

    def length_logits(self, memory: Tensor, memory_mask: Tensor, most: int) -> Tensor:
        """Returns `[batch, most]` scores of 1, 2, ... latents."""
        taken = self.latents_taken(memory)[..., 0]
        mean = ops.sum(ops.where(memory_mask[:, 0, 0], taken, 0.0), axis=-1, keepdims=True)
        numbers = ops.arange(1, most + 1, dtype="float32")
        return -0.5 * ops.square((numbers - mean) * ops.exp(-self.log_deviation))

    def _choose_lengths(self, memory, memory_mask, most, options):
        """Returns numbers of latents, one for each candidate, `[batch * num_candidates, 1]`."""
        logits = self.length_logits(memory, memory_mask, most)
        if options.num_samples:
            repeated = ops.repeat(logits, options.num_samples, axis=0)
            chosen = ops.argmax(perturb(repeated, options, 0), axis=-1)
        else:
            chosen = ops.top_k(logits, min(options.beam_size, most))[1]
            # A beam wider than there are lengths holds the best more than once.
            chosen = ops.take(chosen, ops.arange(options.beam_size) % chosen.shape[1], axis=1)
        return ops.reshape(ops.cast(chosen, "int32"), (-1, 1)) + 1

    def _choose_codes(self, dense, hidden, mask, memory, memory_mask, options, index):
        """Returns codes `[rows, latents, C]`, and the log-probability of each position's."""
        logits, state = self.score_first(dense, hidden, mask, memory, memory_mask)
        codes, certain = [], 0.0
        for i in range(self.num_codebooks):
            drawn = logits
            if options.num_samples:
                drawn = perturb(logits, options, 1 + index * self.num_codebooks + i)
            chosen = em.most_probable(drawn)
            scores = ops.take_along_axis(ops.log_softmax(logits), chosen[..., None], axis=-1)
            codes.append(chosen)
            certain += scores[..., 0]
            if i < len(self.later_heads):
                logits, state = self.later_heads[i](state, chosen)
        return ops.stack(codes, axis=-1), certain


def _lowest(values, mask, count):
    """Returns which of the masked positions have the `count` `[rows, 1]` lowest values."""
    order = ops.argsort(ops.where(mask, values, float("inf")), axis=-1)
    rank = ops.argsort(order, axis=-1)
    return ops.logical_and(mask, rank < count)
