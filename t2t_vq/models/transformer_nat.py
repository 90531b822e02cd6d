"""The non-autoregressive Transformer: latents one after the other, then all tokens at once."""

import functools
import typing

from keras import ops

from t2t_vq import config, registry
from t2t_vq.bottlenecks import make_bottleneck, replicas
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID
from t2t_vq.decoding.beam import beam_search, repeat_rows
from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.layers.attention import padding_bias
from t2t_vq.layers.compressor import Compressor, compressed_mask
from t2t_vq.layers.decompressor import Decompressor
from t2t_vq.layers.latent_predictor import LatentPredictor
from t2t_vq.layers.mask_schedule import latent_share
from t2t_vq.layers.transformer_stack import TransformerStack
from t2t_vq.models.cross_entropy import cross_entropy, is_best, weighted_mean
from t2t_vq.models.translation_model import TrainingOutput, TranslationModel

# For each code, the vectors that its start is found from.
_START_VECTORS = 8
# Of the coins that mix true embeddings in: a stream that no bottleneck draws from.
_SEED, _COINS = 0, 15


class Latents(typing.NamedTuple):
    """A target sentence as the model sees it.

    Attributes:
        vectors: `[batch, latents, dim]`, what is quantised.
        mask: `[batch, latents]` bool, which of them stand for tokens.
    """

    vectors: typing.Any
    mask: typing.Any


@registry.register_model
class TransformerNat(TranslationModel):
    """Non-autoregressive Transformer; decodes all tokens in parallel from discrete latents.

    Training compresses the target `2**compress_steps` times, quantises it, and reconstructs it from
    the codes and the source; a causal predictor learns the codes, and an end, from the source.
    Decoding predicts codes and reconstructs from them. Where a bottleneck has several codebooks,
    the codes of a position are predicted one by one too; an end takes the place of the first.

    Args:
        vocab_size: size of the shared vocabulary.
        bottleneck: a layer of `t2t_vq.bottlenecks` that has codes.
        hidden_size, filter_size, num_heads: shape of the layers.
        encoder_layers, decoder_layers, predictor_layers: depths.
        compress_steps: n_c, halvings of the target's length.
        dropout: rate while training.
        label_smoothing, latent_label_smoothing: of the two cross-entropies.
        startup_steps: updates before the trainer starts the codebook from data; until then the
            decoder sees the vectors themselves.
        mask_startup_steps: see `t2t_vq.layers.mask_schedule`.

    Raises:
        ValueError: when the bottleneck has no codes to predict.

    Reference: arXiv 1805.11063, section 4.

    Example:
        model = TransformerNat(vocab_size=100, bottleneck=SoftEM(num_codes=16), hidden_size=16,
                               filter_size=32, num_heads=2, encoder_layers=1, decoder_layers=1,
                               predictor_layers=1)
        model.translate(ops.array([[5, 7, 1]])).shape  # (1, 16)
    """

    def __init__(
        self,
        vocab_size,
        bottleneck,
        hidden_size=512,
        filter_size=2048,
        num_heads=8,
        encoder_layers=6,
        decoder_layers=6,
        predictor_layers=6,
        compress_steps=3,
        dropout=0.1,
        label_smoothing=0.0,
        latent_label_smoothing=0.0,
        startup_steps=0,
        mask_startup_steps=0,
        **kwargs,
    ):
        super().__init__(
            vocab_size, hidden_size, filter_size, num_heads, encoder_layers, dropout, **kwargs
        )
        if not bottleneck.has_codes:
            raise ValueError(
                f"The bottleneck {type(bottleneck).__name__} has no codes, and transformer_nat "
                "must predict codes. Choose a kind that has them, such as vq or em."
            )
        self.compress_steps = compress_steps
        self.label_smoothing = label_smoothing
        self.latent_label_smoothing = latent_label_smoothing
        self.startup_steps = startup_steps
        self.mask_startup_steps = mask_startup_steps
        self.bottleneck = bottleneck
        self.compressor = Compressor(compress_steps, dropout, name="compressor")
        self.decompressor = Decompressor(compress_steps, dropout, name="decompressor")
        self.predictor = LatentPredictor(
            bottleneck.num_codebooks,
            bottleneck.num_codes,
            predictor_layers,
            filter_size,
            num_heads,
            dropout,
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
    def from_hparams(cls, hparams, vocab_size):
        return cls(
            vocab_size=vocab_size,
            bottleneck=make_bottleneck(config.to_dict(hparams.bottleneck)),
            hidden_size=hparams.hidden_size,
            filter_size=hparams.filter_size,
            num_heads=hparams.num_heads,
            encoder_layers=hparams.encoder_layers,
            decoder_layers=hparams.decoder_layers,
            predictor_layers=hparams.predictor_layers,
            compress_steps=hparams.compress_steps,
            dropout=hparams.dropout,
            label_smoothing=hparams.label_smoothing,
            latent_label_smoothing=hparams.latent_label_smoothing,
            startup_steps=hparams.startup_steps,
            mask_startup_steps=hparams.mask_startup_steps,
        )

    def target_length(self, source_length):
        block = 1 << max(self.compress_steps, 3)
        return -(-(3 * source_length // 2 + 8) // block) * block

    def compress(self, target, training=False):
        """Returns the `Latents` of target tokens `[batch, length]`, before quantisation."""
        target = self._pad(target)
        mask = target != PAD_ID
        vectors = self.compressor(self.embed(target), mask, training=training)
        return Latents(vectors, compressed_mask(mask, self.compress_steps))

    def call(self, batch, training=False):
        """Returns float32 logits `[batch, length, vocab]` of the target rebuilt from its codes.

        Args:
            batch: dict of `source` and `target`, each `[batch, length]` int32.
        """
        memory, memory_bias = self.encode(batch["source"], training)
        latents = self.compress(batch["target"], training)
        quantized = self.bottleneck.forward(latents.vectors, latents.mask, training=training)
        return self.reconstruct(
            quantized.output.dense, latents.mask, memory, memory_bias, training=training
        )

    def reconstruct(self, dense, mask, memory, memory_bias, gold=None, step=None, training=False):
        """Decodes all tokens in parallel.

        Args:
            dense: `[batch, latents, dim]`, quantised.
            mask: `[batch, latents]` bool.
            memory, memory_bias: the encoded source.
            gold: `[batch, length, dim]` embeddings of the true target, which take part while
                `step` is in the start-up schedule; none in decoding and evaluation.

        Returns:
            float32 logits `[batch, latents * 2**compress_steps, vocab]`.
        """
        inputs = self.decompressor(dense, mask, training=training)
        if gold is not None and self.mask_startup_steps:
            coins = replicas.uniform((*ops.shape(gold)[:2], 1), _SEED, step, _COINS)
            inputs = ops.where(coins < latent_share(step, self.mask_startup_steps), inputs, gold)
        block_bias = padding_bias(self._block_mask(mask))
        hidden = self.decoder(
            self.add_positions(inputs),
            bias=block_bias,
            memory=memory,
            memory_bias=memory_bias,
            training=training,
        )
        return self.embedding.logits(hidden)

    def predict_latents(self, codes, memory, memory_bias, training=False):
        """Scores each code, and the end, given the codes before.

        Args:
            codes: `[batch, latents, num_codebooks]` int32.
            memory, memory_bias: the encoded source.

        Returns:
            What a `LatentPredictor` does: logits `[batch, latents + 1, num_codes + 1]` of the first
            code at each position or the end, and logits of the other codes, if any.
        """
        dense = ops.stop_gradient(self.bottleneck.embed(codes))
        return self.predictor(dense, codes, memory, memory_bias, training=training)

    def loss_totals(self, batch):
        mask = compressed_mask(self._pad(batch["target"]) != PAD_ID, self.compress_steps)
        latents = ops.sum(ops.cast(mask, "float32"))
        rows = ops.sum(ops.cast(mask[:, 0], "float32"))
        return {
            "reconstruction": latents * (1 << self.compress_steps),
            "commitment": latents,
            "latents": latents * self.bottleneck.num_codebooks + rows,
            "tokens": ops.sum(ops.cast(batch["target"] != PAD_ID, "float32")),
        }

    def training_output(self, batch, step, totals=None, training=False):
        local = self.loss_totals(batch)
        totals = local if totals is None else totals
        target = self._pad(batch["target"])
        memory, memory_bias = self.encode(batch["source"], training)
        latents = self.compress(target, training)
        quantized = self.bottleneck.forward(latents.vectors, latents.mask, training=training)

        # The rest of the last block learns the end too: one missed end is then made good by the
        # next, and decoding, which knows blocks only, sees what training saw.
        labels = ops.where(target != PAD_ID, target, EOS_ID)
        token_weights = self._block_mask(latents.mask)
        # Validation is as decoding: it sees no true token and draws no coin.
        gold = self.embedding(labels) if training else None
        logits = self.reconstruct(
            quantized.output.dense, latents.mask, memory, memory_bias, gold, step, training
        )
        token_loss = cross_entropy(
            logits, labels[..., None], self.label_smoothing if training else 0.0
        )

        latent_loss, latent_accuracy = self._latent_means(
            quantized.output, latents.mask, memory, memory_bias, totals["latents"], training
        )
        started = self.bottleneck.started_share()
        return TrainingOutput(
            losses={
                "reconstruction": weighted_mean(
                    token_loss, token_weights, totals["reconstruction"]
                ),
                # Before the codebook starts its codes mean nothing, so nobody learns them.
                "latents": started * latent_loss,
                "commitment": quantized.loss * local["commitment"] / totals["commitment"],
            },
            metrics={
                "token_accuracy": weighted_mean(
                    is_best(logits, labels), token_weights, totals["reconstruction"]
                ),
                "latent_accuracy": latent_accuracy,
            },
            # Nor do they move the codebook: left to itself, it would start with the first update.
            statistics={name: started * value for name, value in quantized.statistics.items()},
        )

    def adapt(self, batches):
        """Starts the codebook by k-means from the latents of a few batches; outside of replicas.

        Args:
            batches: iterable of batches; as many are used as give `_START_VECTORS` vectors a code.
        """
        vectors, wanted = [], _START_VECTORS * self.bottleneck.num_codes
        for batch in batches:
            latents = self.compress(batch["target"])
            vectors.append(ops.cast(latents.vectors, "float32")[latents.mask])
            if sum(len(found) for found in vectors) >= wanted:
                break
        self.bottleneck.adapt(ops.concatenate(vectors)[None, :wanted])

    def update(self, statistics):
        self.bottleneck.update(statistics)

    def describe(self, statistics):
        return self.bottleneck.describe(statistics)

    def translate(self, source, beam_size=1, alpha=0.6):
        memory, memory_bias = self.encode(source)
        length = self.target_length(source.shape[1]) >> self.compress_steps
        symbols = self.search_latents(memory, memory_bias, length, beam_size, alpha)
        return self.decode_latents(symbols, memory, memory_bias)

    def search_latents(self, memory, memory_bias, length, beam_size=1, alpha=0.6):
        """Predicts latents from the source.

        Args:
            memory, memory_bias: the encoded source.
            length: most latents.
            beam_size, alpha: of the beam search; 1 is greedy.

        Returns:
            `[batch, length, num_codebooks]` int32; the number `num_codes` is the end and fills the
            rest.
        """
        rows, end = ops.shape(memory)[0], self.bottleneck.num_codes
        # To the search, the codes of a position are symbols one after the other.
        num_codebooks = self.bottleneck.num_codebooks
        symbols = length * num_codebooks
        step = functools.partial(self.predictor.step, self.bottleneck.embed)
        if beam_size == 1:
            state = self.predictor.start(memory, memory_bias, length)
            found = greedy_search(step, state, rows, symbols, end)
        else:
            memory, memory_bias = repeat_rows((memory, memory_bias), beam_size)
            state = self.predictor.start(memory, memory_bias, length)
            found = beam_search(step, state, rows, beam_size, symbols, end, alpha)[0][:, 0]
        return ops.reshape(found, (-1, length, num_codebooks))

    def decode_latents(self, symbols, memory, memory_bias):
        """Returns the tokens that latents stand for.

        Args:
            symbols: `[batch, latents, num_codebooks]` int32, of `search_latents`.
            memory, memory_bias: the encoded source.

        Returns:
            `[batch, latents * 2**compress_steps]` int32.
        """
        mask = symbols[..., 0] != self.bottleneck.num_codes
        dense = self.bottleneck.embed(ops.where(mask[..., None], symbols, 0))
        logits = self.reconstruct(dense, mask, memory, memory_bias)
        tokens = ops.cast(ops.argmax(logits, axis=-1), "int32")
        return ops.where(self._block_mask(mask), tokens, EOS_ID)

    def _latent_means(self, output, mask, memory, memory_bias, total, training):
        """Returns the mean loss of the samples and the accuracy of the codes, ends included."""
        codes, samples = output.codes, output.samples
        smoothing = self.latent_label_smoothing if training else 0.0
        first, later = self.predict_latents(codes, memory, memory_bias, training)
        labels, best = (self._with_end(item, mask) for item in (samples[:, :, 0], codes[:, :, :1]))
        # One end a row, unless all of it is padding.
        weights = ops.pad(mask, [[0, 0], [1, 0]], constant_values=True)
        weights = ops.logical_and(weights, mask[:, :1])
        loss = weighted_mean(cross_entropy(first, labels, smoothing), weights, total)
        accuracy = weighted_mean(is_best(first, best[..., 0]), weights, total)
        for i, logits in enumerate(later, start=1):
            losses = cross_entropy(logits, samples[:, :, i], smoothing)
            loss += weighted_mean(losses, mask, total)
            accuracy += weighted_mean(is_best(logits, codes[:, :, i]), mask, total)
        return loss, accuracy

    def _pad(self, target):
        missing = -target.shape[1] % (1 << self.compress_steps)
        return ops.pad(target, [[0, 0], [0, missing]])

    def _block_mask(self, mask):
        return ops.repeat(mask, 1 << self.compress_steps, axis=1)

    def _with_end(self, samples, mask):
        """Returns `[batch, latents + 1, m]` labels: samples, then the end from the first gap on."""
        end = self.bottleneck.num_codes
        labels = ops.where(mask[..., None], samples, end)
        return ops.pad(labels, [[0, 0], [0, 1], [0, 0]], constant_values=end)
