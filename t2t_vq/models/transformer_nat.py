"""The non-autoregressive Transformer: latents one after the other, then all tokens at once."""

import typing

import keras
from keras import ops

from t2t_vq import config, registry
from t2t_vq.bottlenecks import replicas
from t2t_vq.data.tokenizer import EOS_ID, PAD_ID
from t2t_vq.decoding.beam import beam_search, repeat_rows
from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.layers.attention import padding_bias
from t2t_vq.layers.compressor import Compressor, compressed_mask
from t2t_vq.layers.decompressor import Decompressor
from t2t_vq.layers.mask_schedule import latent_share
from t2t_vq.layers.positions import sinusoids
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
    Decoding predicts codes and reconstructs from them.

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
        self.latent_inputs = keras.layers.Dense(hidden_size, name="latent_inputs")
        self.latent_logits = keras.layers.Dense(
            bottleneck.num_codes + 1, dtype="float32", name="latent_logits"
        )
        self.predictor = TransformerStack(
            predictor_layers, filter_size, num_heads, dropout, attends_memory=True, name="predictor"
        )
        self.decoder = TransformerStack(
            decoder_layers, filter_size, num_heads, dropout, attends_memory=True, name="decoder"
        )
        for layer in (
            self.bottleneck,
            self.compressor,
            self.decompressor,
            self.latent_inputs,
            self.latent_logits,
            self.predictor,
            self.decoder,
        ):
            layer.build((None, None, hidden_size))
        self.built = True

    @classmethod
    def from_hparams(cls, hparams, vocab_size):
        options = config.to_dict(hparams.bottleneck)
        kind = registry.bottlenecks[options.pop("kind")]
        return cls(
            vocab_size=vocab_size,
            bottleneck=kind.from_options(options),
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
        """Returns logits of each code, and of the end, given the codes before.

        Args:
            codes: `[batch, latents, 1]` int32.
            memory, memory_bias: the encoded source.

        Returns:
            float32 `[batch, latents + 1, num_codes + 1]`; the last symbol is the end.
        """
        inputs = self.latent_inputs(ops.stop_gradient(self.bottleneck.embed(codes)))
        inputs = ops.pad(inputs, [[0, 0], [1, 0], [0, 0]])
        hidden = self.predictor.causal(self.add_positions(inputs), memory, memory_bias, training)
        return self.latent_logits(hidden)

    def loss_totals(self, batch):
        mask = compressed_mask(self._pad(batch["target"]) != PAD_ID, self.compress_steps)
        latents = ops.sum(ops.cast(mask, "float32"))
        rows = ops.sum(ops.cast(mask[:, 0], "float32"))
        return {
            "reconstruction": latents * (1 << self.compress_steps),
            "commitment": latents,
            "latents": latents + rows,
            "tokens": ops.sum(ops.cast(batch["target"] != PAD_ID, "float32")),
        }

    def training_output(self, batch, step, totals=None, training=False):
        local = self.loss_totals(batch)
        totals = local if totals is None else totals
        target = self._pad(batch["target"])
        memory, memory_bias = self.encode(batch["source"], training)
        latents = self.compress(target, training)
        quantized = self.bottleneck.forward(latents.vectors, latents.mask, training=training)
        codes, samples = quantized.output.codes, quantized.output.samples

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

        latent_logits = self.predict_latents(codes, memory, memory_bias, training)
        latent_weights = ops.pad(latents.mask, [[0, 0], [1, 0]], constant_values=True)
        latent_weights = ops.logical_and(latent_weights, latents.mask[:, :1])
        latent_labels = self._with_end(samples[:, :, 0], latents.mask)
        latent_loss = cross_entropy(
            latent_logits, latent_labels, self.latent_label_smoothing if training else 0.0
        )
        right_tokens = is_best(logits, labels)
        right_latents = is_best(latent_logits, self._with_end(codes, latents.mask)[..., 0])
        started = self.bottleneck.started_share()
        return TrainingOutput(
            losses={
                "reconstruction": weighted_mean(
                    token_loss, token_weights, totals["reconstruction"]
                ),
                # Before the codebook starts its codes mean nothing, so nobody learns them.
                "latents": started * weighted_mean(latent_loss, latent_weights, totals["latents"]),
                "commitment": quantized.loss * local["commitment"] / totals["commitment"],
            },
            metrics={
                "token_accuracy": weighted_mean(
                    right_tokens, token_weights, totals["reconstruction"]
                ),
                "latent_accuracy": weighted_mean(right_latents, latent_weights, totals["latents"]),
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
            `[batch, length]` int32; the number `num_codes` is the end and fills the rest.
        """
        batch, end = ops.shape(memory)[0], self.bottleneck.num_codes
        if beam_size == 1:
            state = (self.predictor.start_cache(memory, length), memory_bias)
            return greedy_search(self._step, state, batch, length, end)
        memory, memory_bias = repeat_rows((memory, memory_bias), beam_size)
        state = (self.predictor.start_cache(memory, length), memory_bias)
        return beam_search(self._step, state, batch, beam_size, length, end, alpha)[0][:, 0]

    def decode_latents(self, symbols, memory, memory_bias):
        """Returns the tokens `[batch, latents * 2**compress_steps]` that latents stand for."""
        mask = symbols != self.bottleneck.num_codes
        codes = ops.where(mask, symbols, 0)[..., None]
        dense = self.bottleneck.embed(codes)
        logits = self.reconstruct(dense, mask, memory, memory_bias)
        tokens = ops.cast(ops.argmax(logits, axis=-1), "int32")
        return ops.where(self._block_mask(mask), tokens, EOS_ID)

    def _step(self, symbols, index, state):
        caches, memory_bias = state
        end = self.bottleneck.num_codes
        codes = ops.minimum(symbols, end - 1)[:, None, None]
        x = self.latent_inputs(self.bottleneck.embed(codes))
        x = ops.where(index > 0, x, ops.zeros_like(x))
        x = x + ops.cast(sinusoids(index[None], self.hidden_size), x.dtype)
        hidden, caches = self.predictor.step(x, caches, index, memory_bias)
        logits = self.latent_logits(hidden[:, 0])
        # Every sentence has at least one latent.
        empty = ops.logical_and(index == 0, ops.arange(end + 1) == end)
        return ops.where(empty, -1e9, logits), (caches, memory_bias)

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
