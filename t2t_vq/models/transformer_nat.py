"""The non-autoregressive Transformer: latents one after the other, then all tokens at once."""

import typing
from collections.abc import Iterable
from typing import Any

from keras import ops

from t2t_vq import config, em, registry
from t2t_vq.backend.random_numbers import uniform
from t2t_vq.backend.streams import Stream
from t2t_vq.bottlenecks import make_bottleneck
from t2t_vq.bottlenecks.base import Bottleneck, BottleneckOutput
from t2t_vq.config import TransformerNatHParams
from t2t_vq.config.ranges import PREDICTOR
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID
from t2t_vq.decoding.options import GREEDY, Search
from t2t_vq.decoding.rescoring import until_end
from t2t_vq.decoding.shortest import at_shortest
from t2t_vq.errors import InvalidError
from t2t_vq.layers.attention import padding_mask
from t2t_vq.layers.causal_latent_predictor import CausalLatentPredictor
from t2t_vq.layers.compressor import Compressor, compressed_mask
from t2t_vq.layers.decompressor import Decompressor
from t2t_vq.layers.latent_predictor import Prediction
from t2t_vq.layers.mask_schedule import latent_share
from t2t_vq.layers.masked_latent_predictor import MaskedLatentPredictor
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.models.cross_entropy import cross_entropy, is_best, weighted_mean
from t2t_vq.models.model import TrainingOutput
from t2t_vq.models.translation_model import TranslationModel
from t2t_vq.models.with_bottleneck import WithBottleneck
from t2t_vq.tensors import Tensor

_PREDICTORS = {"causal": CausalLatentPredictor, "masked": MaskedLatentPredictor}


class Latents(typing.NamedTuple):
    """A target sentence as the model sees it.

    Attributes:
        vectors: `[batch, latents, dim]`, what is quantised.
        mask: `[batch, latents]` bool, which of them stand for tokens.
    """

    vectors: typing.Any
    mask: typing.Any


@registry.register_model
class TransformerNat(WithBottleneck, TranslationModel):  # type: ignore[override]
    """Non-autoregressive Transformer; decodes all tokens in parallel from discrete latents.

    Training compresses the target `2**compress_steps` times, quantises it, and reconstructs it from
    the codes and the source; a predictor learns the codes, and how many they are, from the source.
    Decoding predicts codes and reconstructs from them. Where a bottleneck has several codebooks,
    the codes of a position are predicted one by one too.

    The loss is the sum of `reconstruction`, of tokens, `latents`, of codes, and `bottleneck`, which
    is what the bottleneck's kind adds: for a codebook the commitment to it, for others an entropy
    or a divergence.

    Args:
        vocab_size: size of the shared vocabulary.
        bottleneck: a layer of `t2t_vq.bottlenecks` that has codes.
        hidden_size, filter_size, num_heads: shape of the layers.
        encoder_layers, decoder_layers, predictor_layers: depths.
        predictor: "causal", one code after the other, or "masked", all in one pass or in a few.
        compress_steps: n_c, halvings of the target's length.
        dropout: rate while training.
        label_smoothing, latent_label_smoothing: of the two cross-entropies.
        startup_steps: updates before the trainer starts the codebook from data; until then the
            decoder sees the vectors themselves.
        mask_startup_steps: see `t2t_vq.layers.mask_schedule`.
        predicted_latents: share of the latents that the decoder sees, in training, as the predictor
            takes them to be when it knows the others as `predictor` says. So it learns to make good
            what the predictor gets wrong. At 1 nothing teaches the compressor. Default 0.
        seed: of all draws in training but dropout's and the bottleneck's.

    Raises:
        ValueError: when the bottleneck has no codes to predict, for another predictor, or for a
            share outside of 0 to 1.

    Reference:
        arXiv 1805.11063, section 4.

    Example:
        >>> from t2t_vq.bottlenecks import SoftEM
        >>> shape = {"hidden_size": 16, "filter_size": 32, "num_heads": 2}
        >>> depth = {"encoder_layers": 1, "decoder_layers": 1, "predictor_layers": 1}
        >>> model = TransformerNat(100, SoftEM(num_codes=16), **shape, **depth)
        >>> tuple(model.translate(ops.array([[5, 7, 1]])).shape)
        (1, 16)
    """

    def __init__(
        self,
        vocab_size: int,
        bottleneck: Bottleneck,
        hidden_size: int = 512,
        filter_size: int = 2048,
        num_heads: int = 8,
        encoder_layers: int = 6,
        decoder_layers: int = 6,
        predictor: str = "causal",
        predictor_layers: int = 6,
        compress_steps: int = 3,
        dropout: float = 0.1,
        label_smoothing: float = 0.0,
        latent_label_smoothing: float = 0.0,
        startup_steps: int = 0,
        mask_startup_steps: int = 0,
        predicted_latents: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            vocab_size, hidden_size, filter_size, num_heads, encoder_layers, dropout, **kwargs
        )
        if not bottleneck.has_codes:
            raise InvalidError(
                f"The bottleneck {type(bottleneck).__name__} has no codes, and transformer_nat "
                "must predict codes. Choose a kind that has them, such as vq or em."
            )
        if predictor not in PREDICTOR:
            raise InvalidError(f"There is no latent predictor '{predictor}'. Choose {PREDICTOR}.")
        if not 0.0 <= predicted_latents <= 1.0:
            raise InvalidError(
                f"predicted_latents={predicted_latents} is a share of the latents, so it must be "
                "from 0 to 1."
            )
        self.predictor_name = predictor
        self.compress_steps = compress_steps
        self.label_smoothing = label_smoothing
        self.latent_label_smoothing = latent_label_smoothing
        self.mask_startup_steps = mask_startup_steps
        self.predicted_latents = predicted_latents
        self.seed = seed
        self.bottleneck = bottleneck
        bottleneck.startup_steps = startup_steps
        self.compressor = Compressor(compress_steps, dropout, name="compressor")
        self.decompressor = Decompressor(compress_steps, dropout, name="decompressor")
        self.predictor = _PREDICTORS[predictor](
            bottleneck.num_codebooks,
            bottleneck.num_codes,
            predictor_layers,
            filter_size,
            num_heads,
            dropout,
            seed,
            name="predictor",
        )
        self.decoder = TransformerStack(
            decoder_layers, filter_size, num_heads, dropout, attends_memory=True, name="decoder"
        )
        for layer in (
            self.bottleneck,
            self.compressor,
            self.decompressor,
            self.predictor,
            self.decoder,
        ):
            layer.build((None, None, hidden_size))
        self.built = True

    @classmethod
    def from_hparams(  # type: ignore[override]
        cls, hparams: TransformerNatHParams, *, vocab_size: int, seed: int = 0
    ) -> "TransformerNat":
        arguments = cls._arguments_from(hparams)
        arguments["bottleneck"] = make_bottleneck(config.to_dict(hparams.bottleneck), seed)
        return cls(vocab_size=vocab_size, seed=seed, **arguments)

    def target_length(self, source_length: int) -> int:
        block = 1 << max(self.compress_steps, 3)
        return -(-(3 * source_length // 2 + 8) // block) * block

    def compress(self, target: Tensor, training: bool = False) -> Latents:
        """Returns the `Latents` of target tokens `[batch, length]`, before quantisation."""
        target = self._pad(target)
        mask = target != PAD_ID
        vectors = self.compressor(self.embed(target), mask, training=training)
        return Latents(vectors, compressed_mask(mask, self.compress_steps))

    def call(self, batch: dict[str, Tensor], training: bool = False) -> Tensor:
        """Returns float32 logits `[batch, length, vocab]` of the target rebuilt from its codes.

        Args:
            batch: dict of `source` and `target`, each `[batch, length]` int32.
        """
        memory, memory_mask = self.encode(batch["source"], training)
        latents = self.compress(batch["target"], training)
        quantized = self.bottleneck.forward_pass(latents.vectors, latents.mask, training=training)
        return self.reconstruct(
            quantized.output.dense, latents.mask, memory, memory_mask, training=training
        )

    def reconstruct(
        self,
        dense: Tensor,
        mask: Tensor,
        memory: Tensor,
        memory_mask: Tensor,
        gold: Tensor | None = None,
        step: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Decodes all tokens in parallel.

        Args:
            dense: `[batch, latents, dim]`, quantised.
            mask: `[batch, latents]` bool.
            memory, memory_mask: the encoded source.
            gold: `[batch, length, dim]` embeddings of the true target, which take part while
                `step` is in the start-up schedule; none in decoding and evaluation.

        Returns:
            float32 logits `[batch, latents * 2**compress_steps, vocab]`.
        """
        inputs = self.decompressor(dense, mask, training=training)
        if gold is not None and self.mask_startup_steps:
            coins = uniform((*ops.shape(gold)[:2], 1), self.seed, step, Stream.TRUE_EMBEDDINGS)
            inputs = ops.where(coins < latent_share(step, self.mask_startup_steps), inputs, gold)
        block_mask = padding_mask(self._block_mask(mask))
        hidden = self.decoder(
            self.add_positions(inputs),
            block_mask,
            memory=memory,
            memory_mask=memory_mask,
            training=training,
        )
        return self.embedding.logits(hidden)

    def predict_latents(
        self,
        output: BottleneckOutput,
        mask: Tensor,
        memory: Tensor,
        memory_mask: Tensor,
        step: Tensor | int = 0,
        training: bool = False,
    ) -> list[Prediction]:
        """Scores known codes, given the source.

        Args:
            output: the `BottleneckOutput` that holds them.
            mask: `[rows, latents]` bool.
            memory, memory_mask: the encoded source.
            step: scalar, the training step.

        Returns:
            A list of `t2t_vq.layers.latent_predictor.Prediction`.
        """
        return self.predictor.predictions(
            self._embed, output.codes, output.samples, mask, memory, memory_mask, step, training
        )

    def loss_totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        mask = compressed_mask(self._pad(batch["target"]) != PAD_ID, self.compress_steps)
        latents = ops.sum(ops.cast(mask, "float32"))
        rows = ops.sum(ops.cast(mask[:, 0], "float32"))
        return {
            "reconstruction": latents * (1 << self.compress_steps),
            "bottleneck": latents,
            "latents": latents * self.bottleneck.num_codebooks + rows,
            "tokens": ops.sum(ops.cast(batch["target"] != PAD_ID, "float32")),
        }

    def training_output(
        self,
        batch: dict[str, Tensor],
        step: Tensor | int,
        totals: dict[str, Tensor] | None = None,
        training: bool = False,
    ) -> TrainingOutput:
        local = self.loss_totals(batch)
        totals = local if totals is None else totals
        target = self._pad(batch["target"])
        memory, memory_mask = self.encode(batch["source"], training)
        latents = self.compress(target, training)
        quantized = self.bottleneck.forward_pass(latents.vectors, latents.mask, training=training)

        latent_loss, latent_accuracy = 0.0, 0.0
        smoothing = self.latent_label_smoothing if training else 0.0
        predictions = self.predict_latents(
            quantized.output, latents.mask, memory, memory_mask, step, training
        )
        for scores, samples, best, weights in predictions:
            losses = cross_entropy(scores, samples, smoothing)
            latent_loss += weighted_mean(losses, weights, totals["latents"])
            latent_accuracy += weighted_mean(is_best(scores, best), weights, totals["latents"])

        dense = quantized.output.dense
        if training and self.predicted_latents:
            dense = self._mix_predicted(dense, predictions, step)
        # The rest of the last block learns the end too: one missed end is then made good by the
        # next, and decoding, which knows blocks only, sees what training saw.
        labels = ops.where(target != PAD_ID, target, EOS_ID)
        token_weights = self._block_mask(latents.mask)
        # Validation is as decoding: it sees no true token and draws no coin.
        gold = self.embedding(labels) if training else None
        logits = self.reconstruct(dense, latents.mask, memory, memory_mask, gold, step, training)
        token_loss = cross_entropy(
            logits, labels[..., None], self.label_smoothing if training else 0.0
        )

        return TrainingOutput(
            losses={
                "reconstruction": weighted_mean(
                    token_loss, token_weights, totals["reconstruction"]
                ),
                # Before the codebook starts its codes mean nothing, so nobody learns them.
                "latents": self.bottleneck.started_share() * latent_loss,
                "bottleneck": quantized.loss * local["bottleneck"] / totals["bottleneck"],
            },
            metrics={
                "token_accuracy": weighted_mean(
                    is_best(logits, labels), token_weights, totals["reconstruction"]
                ),
                "latent_accuracy": latent_accuracy,
            },
            statistics=quantized.statistics,
        )

    def _mix_predicted(self, dense, predictions, step):
        """Puts the predictor's choice in place of a share of latents `[batch, latents, dim]`."""
        codes = [
            em.most_probable(prediction.logits[:, : dense.shape[1], : self.bottleneck.num_codes])
            for prediction in predictions[: self.bottleneck.num_codebooks]
        ]
        predicted = self._embed(ops.stack(codes, axis=-1))
        coins = uniform((*ops.shape(dense)[:2], 1), self.seed, step, Stream.PREDICTED_LATENTS)
        # Before the codebook starts no code says what the decoder sees.
        share = self.predicted_latents * self.bottleneck.started_share()
        return ops.where(coins < share, predicted, dense)

    def adapt(self, batches: Iterable[dict[str, Tensor]]) -> None:
        """Starts the codebook by k-means from the latents of a few batches; outside of replicas."""
        found = (self.compress(batch["target"]) for batch in batches)
        self.bottleneck.start_from(latents.vectors[latents.mask] for latents in found)

    def candidates(self, source: Tensor, search: Search) -> Tensor:
        return self.coded_candidates(source, search)[0]

    def coded_candidates(self, source: Tensor, search: Search) -> tuple[Tensor, Tensor]:
        """Translates a batch in several ways, and tells the latents of each.

        Args:
            source, search: as `candidates` takes them.

        Returns:
            `(candidates, latents)`: what `candidates` returns, and the latents that these were
            decoded from, `[batch, search.num_candidates, latents, num_codebooks]` int32; the
            number `num_codes` stands where no token is.
        """
        memory, memory_mask = self.encode(source)
        length = self.target_length(source.shape[1]) >> self.compress_steps
        symbols = self.search_latents(memory, memory_mask, length, search)
        rows = ops.reshape(symbols, (-1, *symbols.shape[2:]))
        tokens = self.decode_latents(rows, memory, memory_mask)
        for _ in range(search.refinements):
            rows = self.symbols_of(tokens)
            tokens = self.decode_symbols(rows, memory, memory_mask)
        return (
            ops.reshape(tokens, (-1, search.num_candidates, tokens.shape[-1])),
            ops.reshape(rows, (-1, search.num_candidates, *rows.shape[1:])),
        )

    def search_latents(
        self, memory: Tensor, memory_mask: Tensor, length: int, search: Search = GREEDY
    ) -> Tensor:
        """Predicts latents from the source.

        Args:
            memory, memory_mask: the encoded source.
            length: most latents.
            search: a `t2t_vq.decoding.options.Search`.

        Returns:
            `[batch, search.num_candidates, length, num_codebooks]` int32; the number `num_codes`
            is the end and fills the rest.
        """
        return self.predictor.search(self._embed, memory, memory_mask, length, search)

    def refine(self, tokens: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        """Decodes again from the codes of a translation.

        Args:
            tokens: `[rows, length]` int32, of `decode_latents`.
            memory, memory_mask: the encoded source.

        Returns:
            `[rows, length]` int32.
        """
        return self.decode_symbols(self.symbols_of(tokens), memory, memory_mask)

    def symbols_of(self, tokens: Tensor) -> Tensor:
        """Returns the latents of a translation.

        Args:
            tokens: `[rows, length]` int32, each row to be cut at its first 1.

        Returns:
            `[rows, length / 2**compress_steps, num_codebooks]` int32; the number `num_codes`
            stands where no token is.
        """
        latents = self.compress(until_end(tokens, EOS_ID, PAD_ID))
        codes = self.bottleneck.forward_pass(latents.vectors, latents.mask).output.codes
        return ops.where(latents.mask[..., None], codes, self.bottleneck.num_codes)

    def log_likelihood(self, source: Tensor, targets: Tensor) -> Tensor:
        """Scores given translations by a bound: of the translation and its own codes together."""
        memory, memory_mask = self.encode(source)
        num_targets, length = ops.shape(targets)[1:]
        target = self._pad(ops.reshape(until_end(targets, EOS_ID, PAD_ID), (-1, length)))
        latents = self.compress(target)
        output = self.bottleneck.forward_pass(latents.vectors, latents.mask).output
        logits = self.reconstruct(output.dense, latents.mask, memory, memory_mask)
        losses = cross_entropy(logits, target[..., None])
        total = ops.sum(ops.where(target != PAD_ID, losses, 0.0), axis=-1)
        for scores, _, best, weights in self.predict_latents(
            output, latents.mask, memory, memory_mask
        ):
            losses = cross_entropy(scores, best[..., None])
            total += ops.sum(ops.where(weights, losses, 0.0), axis=-1)
        return -ops.reshape(total, (-1, num_targets))

    def decode_latents(self, symbols: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        """Returns the tokens that latents stand for.

        Args:
            symbols: `[rows, latents, num_codebooks]` int32, of `search_latents`.
            memory, memory_mask: the encoded source.

        Returns:
            `[rows, latents * 2**compress_steps]` int32.
        """
        most = symbols.shape[1]

        def decode(length):
            tokens = self.decode_symbols(symbols[:, :length], memory, memory_mask)
            missing = (most - length) << self.compress_steps
            return ops.pad(tokens, [[0, 0], [0, missing]], constant_values=EOS_ID)

        used = ops.cast(symbols[..., 0] != self.bottleneck.num_codes, "int32")
        return at_shortest(decode, most, ops.max(ops.sum(used, axis=1)))

    def decode_symbols(self, symbols: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        """Returns what `decode_latents` does, computed on all positions, needed or not."""
        mask = symbols[..., 0] != self.bottleneck.num_codes
        dense = self.bottleneck.embed(ops.where(mask[..., None], symbols, 0))
        tokens = em.most_probable(self.reconstruct(dense, mask, memory, memory_mask))
        return ops.where(self._block_mask(mask), tokens, EOS_ID)

    def _embed(self, codes):
        # Predicting codes moves none.
        return ops.stop_gradient(self.bottleneck.embed(codes))

    def _pad(self, target):
        missing = -ops.shape(target)[1] % (1 << self.compress_steps)
        return ops.pad(target, [[0, 0], [0, missing]])

    def _block_mask(self, mask):
        return ops.repeat(mask, 1 << self.compress_steps, axis=1)
