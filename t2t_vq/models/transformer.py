"""The autoregressive Transformer: baseline and teacher."""

import functools
from typing import Any

from keras import ops

from t2t_vq.config import TransformerHParams
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID
from t2t_vq.decoding.options import Search
from t2t_vq.decoding.rescoring import until_end
from t2t_vq.decoding.search import search as search_symbols
from t2t_vq.errors import InvalidError
from t2t_vq.layers.positions import shift_right, sinusoids
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.models.cross_entropy import cross_entropy, is_best, weighted_mean
from t2t_vq.models.model import TrainingOutput
from t2t_vq.models.translation_model import TranslationModel
from t2t_vq.registry import register_model
from t2t_vq.tensors import Tensor


@register_model
class Transformer(TranslationModel):
    """Autoregressive Transformer; decodes one token after the other, with caches.

    Args:
        vocab_size: size of the shared vocabulary.
        hidden_size, filter_size, num_heads: shape of the layers.
        encoder_layers, decoder_layers: depth of the two stacks.
        dropout: rate while training.
        label_smoothing: of the token cross-entropy.

    Reference:
        "Attention Is All You Need" (arXiv 1706.03762), with normalisation before each layer.

    Example:
        >>> shape = {"hidden_size": 16, "filter_size": 32, "num_heads": 2}
        >>> model = Transformer(vocab_size=100, encoder_layers=1, decoder_layers=1, **shape)
        >>> tuple(model.translate(ops.array([[5, 7, 1]])).shape)
        (1, 16)
    """

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 512,
        filter_size: int = 2048,
        num_heads: int = 8,
        encoder_layers: int = 6,
        decoder_layers: int = 6,
        dropout: float = 0.1,
        label_smoothing: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            vocab_size, hidden_size, filter_size, num_heads, encoder_layers, dropout, **kwargs
        )
        self.label_smoothing = label_smoothing
        self.decoder = TransformerStack(
            decoder_layers, filter_size, num_heads, dropout, attends_memory=True, name="decoder"
        )
        self.decoder.build((None, None, hidden_size))
        self.built = True

    @classmethod
    def from_hparams(  # type: ignore[override]
        cls, hparams: TransformerHParams, *, vocab_size: int, seed: int = 0
    ) -> "Transformer":
        return cls(vocab_size=vocab_size, **cls._arguments_from(hparams))

    def call(self, batch: dict[str, Tensor], training: bool = False) -> Tensor:
        """Returns float32 logits `[batch, length, vocab]` of each target token given those before.

        Args:
            batch: dict of `source` and `target`, each `[batch, length]` int32.
        """
        memory, memory_mask = self.encode(batch["source"], training)
        return self._score(batch["target"], memory, memory_mask, training)

    def _score(self, target, memory, memory_mask, training=False):
        inputs = self.add_positions(shift_right(self.embedding(target)))
        hidden = self.decoder.causal(inputs, memory, memory_mask, training)
        return self.embedding.logits(hidden)

    def loss_totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"tokens": ops.sum(ops.cast(batch["target"] != PAD_ID, "float32"))}

    def training_output(
        self,
        batch: dict[str, Tensor],
        step: Tensor | int,
        totals: dict[str, Tensor] | None = None,
        training: bool = False,
    ) -> TrainingOutput:
        totals = self.loss_totals(batch) if totals is None else totals
        target = batch["target"]
        logits = self(batch, training=training)
        loss = cross_entropy(logits, target[..., None], self.label_smoothing if training else 0.0)
        right = is_best(logits, target)
        return TrainingOutput(
            losses={"tokens": weighted_mean(loss, target != PAD_ID, totals["tokens"])},
            metrics={"token_accuracy": weighted_mean(right, target != PAD_ID, totals["tokens"])},
            statistics={},
        )

    def candidates(self, source: Tensor, search: Search) -> Tensor:
        if search.refinements or search.passes > 1:
            raise InvalidError(
                "The model transformer decodes word by word, in one pass and with nothing to "
                "refine. Leave out passes and refinements, or decode with a transformer_nat."
            )
        batch = ops.shape(source)[0]
        length = self.target_length(source.shape[1])
        memory, memory_mask = self.encode(source)
        step = functools.partial(self._step, self.decoder.project_memory(memory), memory_mask)
        past = self.decoder.empty_past(batch * search.num_candidates, length)
        return search_symbols(step, past, batch, length, EOS_ID, search)

    def _step(self, memory, memory_mask, tokens, index, past):
        x = self._input(tokens, index)
        hidden, past = self.decoder.step(x, past, index, memory, memory_mask)
        return self.embedding.logits(hidden[:, 0]), past

    def grow(
        self, memory: Any, memory_mask: Tensor, tokens: Tensor, index: Tensor, past: Any
    ) -> tuple[Tensor, Any]:
        """Scores the token after `past`, for programs without static shapes.

        Args:
            memory: the encoded source, projected by `decoder.project_memory`.
            memory_mask: `[batch, 1, 1, keys]` bool.
            tokens: `[rows]` int32, those before; meaningless at position 0.
            index: scalar int32, the position.
            past: for each layer, keys and values `[rows, heads, index, head_size]`.

        Returns:
            `(float32 logits [rows, vocab], past)`, the latter one position longer.
        """
        hidden, past = self.decoder.grow(self._input(tokens, index), past, memory, memory_mask)
        return self.embedding.logits(hidden[:, 0]), past

    def _input(self, tokens, index):
        """Returns the decoder's input at a position, given the tokens before it."""
        x = self.embedding(tokens[:, None])
        x = ops.where(index > 0, x, ops.zeros_like(x))
        return x + ops.cast(sinusoids(index[None], self.hidden_size), x.dtype)

    def log_likelihood(self, source: Tensor, targets: Tensor) -> Tensor:
        memory, memory_mask = self.encode(source)
        _, num_targets, length = ops.shape(targets)
        target = ops.reshape(until_end(targets, EOS_ID, PAD_ID), (-1, length))
        logits = self._score(target, memory, memory_mask)
        losses = cross_entropy(logits, target[..., None])
        total = ops.sum(ops.where(target != PAD_ID, losses, 0.0), axis=-1)
        return -ops.reshape(total, (-1, num_targets))
