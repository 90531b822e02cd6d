"""An image autoencoder through a discrete bottleneck, and a prior over its codes."""

import math
import typing
from collections.abc import Iterable
from typing import Any

from keras import ops

from t2t_vq import config, registry
from t2t_vq.bottlenecks import make_bottleneck
from t2t_vq.bottlenecks.base import Bottleneck
from t2t_vq.config import ImageHParams
from t2t_vq.config.images import steps_misfit
from t2t_vq.config.ranges import ENCODER, LIKELIHOOD
from t2t_vq.errors import InvalidError
from t2t_vq.layers.categorical_pixels import CategoricalPixels
from t2t_vq.layers.convolutional_decoder import ConvolutionalDecoder
from t2t_vq.layers.convolutional_encoder import ConvolutionalEncoder
from t2t_vq.layers.latent_prior import LatentPrior
from t2t_vq.layers.logistic_mixture_pixels import LogisticMixturePixels
from t2t_vq.layers.transformer_image_decoder import TransformerImageDecoder
from t2t_vq.layers.transformer_image_encoder import TransformerImageEncoder
from t2t_vq.metrics.bits_per_dim import bits_per_dim
from t2t_vq.models.cross_entropy import cross_entropy, is_best
from t2t_vq.models.model import Model, TrainingOutput
from t2t_vq.models.with_bottleneck import WithBottleneck
from t2t_vq.tensors import Statistics, Tensor


class Bits(typing.NamedTuple):
    """Bounds on the negative log-likelihood of images, in bits per dimension; the sum of two parts.

    Attributes:
        reconstruction: `[batch]` float32, of the pixels given the latents.
        prior: `[batch]` float32, of the latents: how unlikely the prior makes those that were
            picked, or drawn, less how unlikely the encoder does.
    """

    reconstruction: typing.Any
    prior: typing.Any


@registry.register_model
class VqAutoencoder(WithBottleneck, Model):  # type: ignore[override]
    """Image autoencoder through any bottleneck; where that has codes, a prior learns them.

    An encoder makes a grid of vectors, each for `2**downsample_steps` pixels square; the bottleneck
    quantises them; a decoder makes of them the parameters of a distribution over the pixels, which
    are independent of each other given the latents. The prior scores the codes, from which no
    gradient reaches the encoder.

    The loss is the sum of `reconstruction`, nats per dimension of the image (an image has height x
    width x channels), `prior`, the prior's nats a code, and `bottleneck`, which is what the
    bottleneck's kind adds: for a codebook the commitment to it, for others an entropy or a
    divergence.

    Args:
        bottleneck: a layer of `t2t_vq.bottlenecks`.
        image_shape: height, width and channels; `2**downsample_steps` divides the first two.
        num_classes: classes that the prior is told; 0 tells it none.
        encoder: "convolutional" or "transformer", of encoder and decoder both.
        likelihood: of the pixels, "logistic_mixture" or "categorical".
        num_mixtures: logistic distributions in a mixture.
        hidden_size, num_layers: width of encoder and decoder, and depth of each: residual layers,
            or Transformer layers.
        filter_size, num_heads: of their Transformer layers, where they have such.
        downsample_steps: halvings of height and width.
        dropout: of encoder and decoder, while training.
        prior_size, prior_layers, prior_filter_size, prior_heads, prior_dropout: of the prior.
        startup_steps: updates before the trainer starts the codebook from data; until then the
            decoder sees the vectors themselves.
        autoencoder_steps: updates after which encoder, bottleneck and decoder stand still and only
            the prior learns: codes drawn from the posterior, or picked by kinds that have none. 0
            lets all learn to the end.

    Raises:
        ValueError: for an unknown encoder or likelihood, a shape that cannot be halved so often,
            classes or `autoencoder_steps` without a prior that could learn, or
            `autoencoder_steps` before the codebook's start.

    Reference:
        arXiv 1805.11063, section 5.1; arXiv 1711.00937.

    Example:
        >>> from t2t_vq.bottlenecks import SoftEM
        >>> prior = {"prior_size": 16, "prior_layers": 1, "prior_filter_size": 32, "prior_heads": 2}
        >>> shape = {"image_shape": (8, 8, 3), "hidden_size": 16, "num_layers": 1}
        >>> model = VqAutoencoder(SoftEM(num_codes=16), **shape, **prior)
        >>> tuple(model.sample(2).shape)
        (2, 8, 8, 3)
    """

    unit = "images"

    def __init__(
        self,
        bottleneck: Bottleneck,
        image_shape: tuple[int, int, int] = (32, 32, 3),
        num_classes: int = 0,
        encoder: str = "convolutional",
        likelihood: str = "logistic_mixture",
        num_mixtures: int = 10,
        hidden_size: int = 256,
        num_layers: int = 2,
        filter_size: int = 1024,
        num_heads: int = 4,
        downsample_steps: int = 2,
        dropout: float = 0.0,
        prior_size: int = 512,
        prior_layers: int = 8,
        prior_filter_size: int = 2048,
        prior_heads: int = 8,
        prior_dropout: float = 0.1,
        startup_steps: int = 0,
        autoencoder_steps: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if encoder not in ENCODER:
            raise InvalidError(f"There is no encoder '{encoder}'. Choose {ENCODER}.")
        if likelihood not in LIKELIHOOD:
            raise InvalidError(f"There is no likelihood '{likelihood}'. Choose {LIKELIHOOD}.")
        height, width, channels = image_shape
        if autoencoder_steps and not bottleneck.has_codes:
            raise InvalidError(
                f"autoencoder_steps={autoencoder_steps} leaves only a prior to learn, and the "
                f"bottleneck {type(bottleneck).__name__} has no codes that one could score. Set "
                "autoencoder_steps=0, or choose a kind with codes, such as vq or em."
            )
        if num_classes and not bottleneck.has_codes:
            raise InvalidError(
                f"num_classes={num_classes} (class_conditional=true) tells a prior the class of an "
                f"image, and the bottleneck {type(bottleneck).__name__} has no codes that one "
                "could score. Set class_conditional=false, or choose a kind with codes, such as vq "
                "or em."
            )
        for misfit in steps_misfit(autoencoder_steps, startup_steps):
            raise InvalidError(misfit)
        self.image_shape = tuple(image_shape)
        self.num_dimensions = math.prod(image_shape)
        self.grid = (height >> downsample_steps, width >> downsample_steps)
        self.hidden_size = hidden_size
        self.num_classes = num_classes
        self.autoencoder_steps = autoencoder_steps
        self.frozen = False
        self.bottleneck = bottleneck
        bottleneck.startup_steps = startup_steps
        if likelihood == "categorical":
            self.likelihood = CategoricalPixels(channels)
        else:
            self.likelihood = LogisticMixturePixels(channels, num_mixtures)
        num_outputs = self.likelihood.num_parameters
        if encoder == "convolutional":
            depth = (downsample_steps, num_layers)
            self.encoder = ConvolutionalEncoder(hidden_size, *depth, dropout, name="encoder")
            self.decoder = ConvolutionalDecoder(
                hidden_size, image_shape, *depth, num_outputs, dropout, name="decoder"
            )
        else:
            sizes = (downsample_steps, num_layers, filter_size, num_heads)
            self.encoder = TransformerImageEncoder(hidden_size, *sizes, dropout, name="encoder")
            self.decoder = TransformerImageDecoder(
                hidden_size, image_shape, *sizes, num_outputs, dropout, name="decoder"
            )
        self.encoder.build((None, *image_shape))
        for layer in (self.bottleneck, self.decoder):
            layer.build((None, self.grid[0] * self.grid[1], hidden_size))
        self.prior: Any = None
        if bottleneck.has_codes:
            self.prior = LatentPrior(
                self.grid,
                bottleneck.num_codebooks,
                bottleneck.num_codes,
                prior_size,
                prior_layers,
                prior_filter_size,
                prior_heads,
                prior_dropout,
                num_classes,
                name="prior",
            )
            self.prior.build()
        self.built = True

    @classmethod
    def from_hparams(  # type: ignore[override]
        cls,
        hparams: ImageHParams,
        *,
        image_shape: tuple[int, int, int],
        num_classes: int,
        seed: int = 0,
    ) -> "VqAutoencoder":
        arguments = cls._arguments_from(hparams)
        arguments["bottleneck"] = make_bottleneck(config.to_dict(hparams.bottleneck), seed)
        arguments["num_classes"] = num_classes if hparams.class_conditional else 0
        return cls(image_shape=image_shape, **arguments)

    @property
    def has_prior(self) -> bool:
        """Whether there are codes, which a prior learns."""
        return self.prior is not None

    @property
    def has_bound(self) -> bool:
        """Whether the latents have a prior, learned or their own: for all kinds but `dense`.

        Then there is a bound on the likelihood of images, and images can be drawn.
        """
        return self.has_prior or self.bottleneck.has_own_prior

    def encode(self, images: Tensor, training: bool = False) -> Tensor:
        """Returns vectors `[batch, positions, dim]` of images, before quantisation."""
        return self.encoder(images, training=training)

    def decode(self, dense: Tensor, training: bool = False) -> Tensor:
        """Returns the likelihood's parameters, `[batch, height, width, num_parameters]`."""
        return self.decoder(dense, training=training)

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        """Returns the likelihood's parameters of images rebuilt from their latents."""
        vectors = self.encode(images, training)
        return self.decode(self.bottleneck.forward_pass(vectors, training=training).output.dense)

    def loss_totals(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"images": ops.cast(ops.shape(batch["image"])[0], "float32")}

    def training_output(
        self,
        batch: dict[str, Tensor],
        step: Tensor | int,
        totals: dict[str, Tensor] | None = None,
        training: bool = False,
    ) -> TrainingOutput:
        """Returns losses, metrics and statistics of a batch.

        The metrics `reconstruction_bits`, `prior_bits` and `bits_per_dim`, their sum, are in bits
        per dimension. In evaluation they are the bound of `bits` for picked codes; in training,
        with dropout and several drawn codes, they are there to be watched. The latter two are
        infinite before the codebook starts, as no code says what the decoder sees, and missing for
        a kind that has neither codes nor a prior.

        Args:
            batch: dict of `image`, `[batch, height, width, channels]` uint8, and `label`, `[batch]`
                int32.
            step, totals, training: see `Model.training_output`.
        """
        local = self.loss_totals(batch)
        totals = local if totals is None else totals
        images, learns = batch["image"], training and not self.frozen
        vectors = self.encode(images, learns)
        quantized = self.bottleneck.forward_pass(vectors, training=learns)
        dense, divergence = quantized.output.dense, None
        if self.bottleneck.has_own_prior:
            # Without a sample of the latents there is no bound, in evaluation neither.
            dense, _, divergence = self.bottleneck.draw(vectors, 1, step if training else 0)
        reconstruction = -self.likelihood.log_prob(self.decode(dense, learns), images)
        losses = {
            "reconstruction": ops.sum(reconstruction) / (totals["images"] * self.num_dimensions),
            "bottleneck": quantized.loss * local["images"] / totals["images"],
        }
        metrics = {"reconstruction_bits": self._bits(ops.sum(reconstruction) / totals["images"])}
        if self.has_prior:
            started = self.bottleneck.started_share()
            output = quantized.output
            if training and self.frozen:
                output = output._replace(samples=self._drawn(vectors, output, step))
            nats, right = self._score_codes(output, batch["label"], training)
            codes = totals["images"] * math.prod(self.grid) * self.bottleneck.num_codebooks
            # Before the codebook starts its codes mean nothing, so nobody learns them.
            losses["prior"] = started * ops.sum(nats) / codes
            metrics["prior_accuracy"] = ops.sum(right) / codes
            divergence = ops.where(started < 1, float("inf"), nats)
        if divergence is not None:
            metrics["prior_bits"] = self._bits(ops.sum(divergence) / totals["images"])
            metrics["bits_per_dim"] = metrics["reconstruction_bits"] + metrics["prior_bits"]
        return TrainingOutput(losses, metrics, quantized.statistics)

    def _drawn(self, vectors, output, step):
        """Returns the samples that the prior learns while the bottleneck stands still.

        The bottleneck's own draws hang on the number of its updates, which stands still too.
        """
        if not (self.bottleneck.has_posterior and self.bottleneck.num_samples):
            return output.samples
        return self.bottleneck.draw(vectors, self.bottleneck.num_samples, step).samples

    def _score_codes(self, output, labels, training):
        """Scores known codes.

        The codes before a code are one sample, and what is scored are all: given the image its
        codes at different positions are independent, so that every sample of a code may follow any
        of those before it. That is the expectation of what one whole sample would give, with less
        noise.

        Returns:
            Nats of all codes, and whether the most probable code was the prior's guess too, both
            `[batch, positions, C]`.
        """
        logits = self.prior(output.samples[..., 0], self._labels(labels), training=training)
        samples, codes = output.samples, output.codes
        nats = [cross_entropy(scores, samples[:, :, i]) for i, scores in enumerate(logits)]
        right = [is_best(scores, codes[:, :, i]) for i, scores in enumerate(logits)]
        return ops.stack(nats, axis=-1), ops.cast(ops.stack(right, axis=-1), "float32")

    def _labels(self, labels):
        return labels if self.num_classes else None

    def _bits(self, nats):
        return bits_per_dim(nats, self.num_dimensions)

    def freeze(self, step: int) -> bool:
        due = 0 < self.autoencoder_steps <= step
        changes, self.frozen = due != self.frozen, due
        return changes

    @property
    def learned_variables(self) -> list[Any]:
        return self.prior.trainable_variables if self.frozen else self.trainable_variables

    def adapt(self, batches: Iterable[dict[str, Tensor]]) -> None:
        """Starts the codebook by k-means from the vectors of a few batches; outside of replicas."""
        found = (self.encode(batch["image"]) for batch in batches)
        self.bottleneck.start_from(ops.reshape(x, (-1, self.hidden_size)) for x in found)

    def update(self, statistics: Statistics) -> None:
        if not self.frozen:
            super().update(statistics)

    def bits(
        self,
        images: Tensor,
        labels: Tensor | None = None,
        num_samples: int | None = None,
        seed: Tensor | int = 0,
    ) -> Bits:
        """Bounds the negative log-likelihood of each image from above.

        Without `num_samples` the encoder picks one latent z for each image x. As the likelihood is
        a sum over all latents, one of its terms bounds it, whatever the rule that picks it:
        `-log p(x) <= -log p(x | z) - log p(z)`.

        Under soft EM with m samples the decoder sees the mean of m codes at each position, so the
        latent of an image is m sequences of codes, drawn independently both from the prior p and
        from the posterior q, and Jensen's inequality gives

            -log p(x) <= E_q[-log p(x | mean of z^1 .. z^m) + sum_l (log q(z^l | x) - log p(z^l))]

        whose expectation is taken at one draw. It pays for m sequences and gets back only what the
        posterior leaves open: where that is nearly one-hot it is about m times the price of one.
        So one sample bounds best, whatever m the model was trained with; and below the most
        probable codes, which get nothing back, unless the posterior is too wide for the decoder.
        The bound of the variational kind is the same with one Gaussian sample and the divergence
        of its posterior from its prior in closed form.

        Args:
            images: `[batch, height, width, channels]` uint8.
            labels: `[batch]` int32, the classes; needed where the prior is told them.
            num_samples: m, for soft kinds; none picks the most probable code.
            seed: integer scalar, of the draw.

        Returns:
            `Bits`; infinite before the codebook has started.

        Raises:
            ValueError: when the bottleneck has neither codes nor a prior, so that there is no
                bound; or when it draws no samples and is asked for some.

        Reference:
            arXiv 1312.6114, equation 3, for the bound in general.

        Example:
            >>> from t2t_vq.bottlenecks import SoftEM
            >>> shape = {"image_shape": (8, 8, 3), "hidden_size": 16, "num_layers": 1}
            >>> model = VqAutoencoder(SoftEM(num_codes=16), prior_layers=1, **shape)
            >>> tuple(model.bits(ops.zeros((5, 8, 8, 3), "uint8")).reconstruction.shape)
            (5,)
        """
        if not self.has_bound:
            raise InvalidError(
                f"The bottleneck {type(self.bottleneck).__name__} has no codes and no prior, so "
                "nothing bounds the likelihood of an image. Compare its reconstruction, or use a "
                "kind with codes, or vae."
            )
        vectors = self.encode(images)
        if num_samples is None and not self.bottleneck.has_own_prior:
            output = self.bottleneck.forward_pass(vectors).output
            dense, samples, nats = output.dense, output.codes[..., None], 0.0
        else:
            dense, samples, log_ratio = self.bottleneck.draw(vectors, num_samples or 1, seed)
            nats = ops.sum(log_ratio, axis=-1)
        if self.has_prior:
            labels = self._labels(labels)
            sequences = ops.moveaxis(samples, -1, 0)
            log_probs = ops.map(lambda codes: self.prior.log_prob(codes, labels), sequences)
            nats = nats - ops.sum(log_probs, axis=0)
            nats = ops.where(self.bottleneck.started_share() < 1, float("inf"), nats)
        reconstruction = -self.likelihood.log_prob(self.decode(dense), images)
        return Bits(self._bits(reconstruction), self._bits(nats))

    def to_codes(self, images: Tensor) -> Tensor:
        """Returns the codes of images, `[batch, positions, num_codebooks]` int32.

        Args:
            images: `[batch, height, width, channels]` uint8.
        """
        return self.bottleneck.forward_pass(self.encode(images)).output.codes

    def from_codes(self, codes: Tensor) -> Tensor:
        """Returns the expected images given codes, `[batch, height, width, channels]` uint8.

        Args:
            codes: `[batch, positions, num_codebooks]` int32.
        """
        return self.expected(self.bottleneck.embed(codes))

    def reconstruct(self, images: Tensor) -> Tensor:
        """Returns the expected images, `[batch, height, width, channels]` uint8, given their codes.

        Args:
            images: `[batch, height, width, channels]` uint8.
        """
        return self.expected(self.bottleneck.forward_pass(self.encode(images)).output.dense)

    def sample(
        self,
        num: int,
        labels: Tensor | None = None,
        seed: Tensor | int = 0,
        temperature: Tensor | float = 1.0,
    ) -> Tensor:
        """Draws latents from the prior, and returns the expected images given them.

        Args:
            num: number of images, a Python integer.
            labels: `[num]` int32; where the prior is told classes, the default is all of them in
                turn.
            seed: integer scalar; the same gives the same images.
            temperature: of the prior, more than 0; 1 is as it learned. Default 1.

        Returns:
            `[num, height, width, channels]` uint8.

        Raises:
            ValueError: when the latents have no prior to draw from.
        """
        if not self.has_bound:
            raise InvalidError(
                f"The latents of the bottleneck {type(self.bottleneck).__name__} have no prior to "
                "draw images from. Choose a kind with codes, such as vq or em, or vae."
            )
        if not self.has_prior:
            positions = math.prod(self.grid)
            return self.expected(self.bottleneck.draw_from_prior(num, positions, seed, temperature))
        if self.num_classes and labels is None:
            labels = ops.arange(num, dtype="int32") % self.num_classes
        return self.from_codes(self.prior.sample(num, labels, seed, temperature))

    def expected(self, dense: Tensor) -> Tensor:
        """Returns the expected images, `[batch, height, width, channels]` uint8, given vectors.

        Args:
            dense: `[batch, positions, dim]`, what a bottleneck makes.
        """
        mean = self.likelihood.mean(self.decode(dense))
        return ops.cast(ops.clip(ops.round(mean), 0, 255), "uint8")
