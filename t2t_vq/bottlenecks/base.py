"""The contract of every bottleneck."""

import inspect
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.arguments import check_codes
from t2t_vq.backend import replicas
from t2t_vq.backend.values import known_array, known_value
from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.layer_metric import LayerMetric
from t2t_vq.errors import InvalidError
from t2t_vq.tensors import Shape, Statistics, Tensor

# For each code, the vectors that its start is found from.
_START_VECTORS = 8


class BottleneckOutput(NamedTuple):
    """What a bottleneck returns.

    Attributes:
        dense: `[batch, ..., dim]`, what the decoder sees, with gradients, in the compute dtype.
        codes: `[batch, ..., num_codebooks]` int32, the most probable codes.
        samples: `[batch, ..., num_codebooks, m]` int32, the codes that a predictor of latents
            learns; m is 1 unless the kind draws several.
    """

    dense: Any
    codes: Any
    samples: Any


class Quantized(NamedTuple):
    """Everything that one forward pass through a bottleneck computes.

    Attributes:
        output: a `BottleneckOutput`.
        loss: float32 scalar, with its weights applied; a mean over this batch's valid vectors. It
            is what the kind adds to a model's loss: commitment to codes, an entropy, a divergence.
        statistics: dict of float32 tensors, each a sum over valid vectors, so that the sum over
            replicas is that of the global batch. Empty for a kind that learns without statistics.
    """

    output: BottleneckOutput
    loss: Any
    statistics: dict


class Draw(NamedTuple):
    """Latents drawn from their posterior, as a bound on a likelihood needs them.

    Attributes:
        dense: `[batch, ..., dim]`, what the decoder sees, in the compute dtype.
        samples: `[batch, ..., num_codebooks, m]` int32.
        log_ratio: `[batch, ...]` float32, nats: the log-probability of all samples together; for
            a kind that has a prior, the divergence of the posterior from it.
    """

    dense: Any
    samples: Any
    log_ratio: Any


class NormalPrior(NamedTuple):
    """The standard normal distribution as a prior of latents without codes.

    Attributes:
        latent_dim: latents that stand for one vector.
        seed: of what `Bottleneck.draw_from_prior` draws, together with its own.
    """

    latent_dim: int
    seed: int


class Bottleneck(keras.layers.Layer):
    """Base of all bottlenecks; as it stands, the contract of a kind without codes or state.

    It takes vectors `[batch, ..., dim]` with any axes between: `[batch, length, dim]`, or images
    `[batch, height, width, dim]`. Codes and mask have the same axes.

    A forward pass and what it changes are apart. `forward_pass` is pure: it reads variables and
    changes none, so it may run inside a gradient function that XLA compiles. `update` then moves
    the state; it sums over replicas, which XLA cannot do under MirroredStrategy. Calling the layer,
    as `Model.fit` does, does both, adds the loss and keeps metrics, named after the layer.

    A layer that is not `trainable` is in evaluation even while the model around it trains: it
    quantizes as in decoding, and nothing moves its state.

    What starts from data, as a codebook does, starts with the first update, unless a training loop
    sets `startup_steps`: then it starts after so many updates, when the loop calls `start_from`,
    and until it has the statistics of a forward pass are 0, so that no update moves it.
    `started_share` tells how far it is.

    A kind of its own implements `_quantize`, and `update` and `describe` where it needs them. What
    it keeps under the names of its constructor's arguments is saved with it.

    Args:
        reports: whether a call keeps metrics; the parts of a composition leave that to the whole.
        **kwargs: of `keras.layers.Layer`.

    Attributes:
        startup_steps: updates after which a training loop calls `start_from`; None where the first
            update starts the layer.

    Example:
        >>> class Rounded(Bottleneck):
        ...     def _quantize(self, x, mask, training):
        ...         dense = em.straight_through(x, ops.round(x))
        ...         codes = ops.zeros((*ops.shape(x)[:-1], 0), "int32")
        ...         return Quantized(BottleneckOutput(dense, codes, codes[..., None]), 0.0, {})
        >>> np.asarray(Rounded()(ops.array([[0.2, 1.7]])).dense)
        array([[0., 2.]], dtype=float32)
    """

    # What `describe` returns; a call reports it under the layer's name and this.
    metric_names: tuple[str, ...] = ()
    startup_steps: int | None = None
    step: Any = None
    _is_start_known = False

    def __init__(self, *, reports: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        # `Model.fit` with jit_compile="auto" must not put the sum over replicas inside XLA.
        self.supports_jit = replicas.num_replicas() == 1
        self.reports = reports
        names = self.metric_names if reports else ()
        self._dim = None
        self._metrics_by_name = {name: LayerMetric(name=f"{self.name}_{name}") for name in names}

    @property
    def output(self) -> BottleneckOutput:
        """The symbolic `BottleneckOutput` of the layer's first call in a functional model."""
        return BottleneckOutput(*super().output)

    def build(self, input_shape: Shape) -> None:
        """Takes note of the width of the vectors; a kind's own `build` adds its weights.

        Raises:
            ValueError: when the width is not known.
        """
        self._dim = input_shape[-1]
        if self._dim is None:
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' must know how wide its vectors are, but the "
                f"shape of its input is {tuple(input_shape)}. Give the last axis a size."
            )

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "Bottleneck":
        """Builds the layer from options for bottlenecks of any kind, leaving out what is not its.

        Args:
            options: dict of constructor arguments, as in `t2t_vq.config.BottleneckConfig`.
        """
        known: set[str] = set()
        for base in cls.__mro__:
            known.update(_arguments(base))
        return cls(**{name: value for name, value in options.items() if name in known})

    @property
    def num_codebooks(self) -> int:
        """Codes at each position; 0 for a kind without codes."""
        return 0

    @property
    def num_codes(self) -> int:
        """Codes in each codebook; 0 for a kind without codes."""
        return 0

    @property
    def has_codes(self) -> bool:
        """Whether there are codes that a model could predict."""
        return self.num_codebooks > 0

    @property
    def num_samples(self) -> int | None:
        """m, codes that soft EM draws for each vector in training; None for a kind that does not.

        The exact posterior mean draws none either.
        """
        return None

    @property
    def has_posterior(self) -> bool:
        """Whether codes can be drawn from a posterior over them, as under soft EM."""
        return False

    @property
    def starts_from_data(self) -> bool:
        """Whether `adapt` starts anything: by default, where a kind has one of its own."""
        return type(self).adapt is not Bottleneck.adapt

    @property
    def has_own_prior(self) -> bool:
        """Whether the latents of a kind without codes come with a prior of their own."""
        return self.normal_prior is not None

    @property
    def normal_prior(self) -> NormalPrior | None:
        """The prior that `has_own_prior` tells of, where it is a standard normal one; or None."""
        return None

    def forward_pass(
        self, x: Tensor, mask: Tensor | None = None, training: bool = False
    ) -> Quantized:
        """Computes output, loss and statistics without changing any variable.

        Args:
            x: `[batch, ..., dim]`.
            mask: `[batch, ...]`, true where a vector is valid; None if all are. Padding counts
                in no loss and no statistic, whatever it holds.
            training: Python bool. Only in training are codes sampled and vectors drawn that may
                replace dead codes; a layer that is not `trainable` never is in training.

        Returns:
            A `Quantized`.

        Raises:
            ValueError: when the layer has no weights yet, or a shape is not one of those above.

        Example:
            >>> from t2t_vq.bottlenecks import VectorQuantizer
            >>> layer = VectorQuantizer(num_codes=64)
            >>> layer.build((None, None, 32))
            >>> output, loss, statistics = layer.forward_pass(keras.random.normal((8, 16, 32)))
            >>> tuple(output.codes.shape), float(statistics["weight"])
            ((8, 16, 1), 128.0)
        """
        self._check_built()
        quantized = self._quantize(x, mask, self._trains(training))
        if self.startup_steps is None:
            return quantized
        started = self.started_share()
        statistics = {name: started * value for name, value in quantized.statistics.items()}
        return quantized._replace(statistics=statistics)

    def _quantize(self, x, mask, training):
        """Does what `forward_pass` says."""
        raise NotImplementedError(f"{type(self).__name__} does not implement _quantize().")

    def _trains(self, training):
        return bool(training and self.trainable)

    def update(self, statistics: Statistics) -> None:
        """Moves the state by one step, from the statistics of every replica; for training only.

        Here it counts the step, if there is one: all else may learn by gradient. Nothing moves in
        a layer that is not `trainable`.

        Args:
            statistics: this replica's, of a `forward_pass` in training.
        """
        self._check_built()
        if self.trainable and self.step is not None:
            self.step.assign(self.step + 1)

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics as a dict of scalars, one for each of `metric_names`."""
        return {}

    def num_vectors(self, statistics: Statistics) -> Tensor:
        """Returns how many vectors statistics are of, a scalar; 1 if they do not say."""
        return statistics.get("weight", 1.0)

    def started_share(self) -> Tensor:
        """Share of the codebooks that have started, a scalar; 1 where there is nothing to start."""
        return ops.ones((), "float32")

    def draw(self, x: Tensor, num_samples: int = 1, seed: Tensor | int = 0) -> Draw:
        """Draws latents from their posterior; changes no variable.

        Args:
            x: `[batch, ..., dim]`, all of it valid.
            num_samples: m, codes drawn for each vector, whose mean the decoder sees.
            seed: integer scalar; the same gives the same latents.

        Returns:
            A `Draw`.

        Example:
            >>> from t2t_vq.bottlenecks import SoftEM
            >>> layer, x = SoftEM(num_codes=64), keras.random.normal((8, 16, 32))
            >>> layer.adapt(x)
            >>> tuple(layer.draw(x, num_samples=10).samples.shape)
            (8, 16, 1, 10)
        """
        raise InvalidError(
            f"{type(self).__name__} '{self.name}' picks its latents and draws none, so there is no "
            "num_samples to choose. Leave it out, or use a soft kind such as em, or vae."
        )

    def draw_from_prior(
        self, batch: int, length: int, seed: Tensor | int = 0, temperature: Tensor | float = 1.0
    ) -> Tensor:
        """Draws latents from the prior that `has_own_prior` tells of; changes no variable.

        Args:
            batch, length: how many, Python integers.
            seed: integer scalar; the same gives the same latents.
            temperature: of the prior; 1 is the prior itself.

        Returns:
            `[batch, length, dim]`, what the decoder sees.

        Example:
            >>> from t2t_vq.bottlenecks import VariationalBottleneck
            >>> layer = VariationalBottleneck()
            >>> layer.build((None, None, 32))
            >>> tuple(layer.draw_from_prior(batch=2, length=16).shape)
            (2, 16, 32)
        """
        raise InvalidError(
            f"{type(self).__name__} '{self.name}' has no prior of its own to draw from. Use vae, "
            "or a kind with codes and a prior that learns them."
        )

    def from_latents(self, latents: Tensor) -> Tensor:
        """Maps latents, such as `normal_prior` gives, to what the decoder sees.

        Args:
            latents: `[batch, ..., latent_dim]` float32.

        Returns:
            `[batch, ..., dim]`.

        Example:
            >>> from t2t_vq.bottlenecks import VariationalBottleneck
            >>> layer = VariationalBottleneck(latent_dim=4)
            >>> layer.build((None, None, 32))
            >>> tuple(layer.from_latents(keras.random.normal((2, 16, 4))).shape)
            (2, 16, 32)
        """
        raise InvalidError(
            f"{type(self).__name__} '{self.name}' has no latents with a normal prior. Use vae, or "
            "a kind with codes."
        )

    def embed(self, codes: Tensor) -> Tensor:
        """Maps codes `[batch, ..., num_codebooks]` to `[batch, ..., dim]`."""
        raise InvalidError(
            f"{type(self).__name__} '{self.name}' has no codes to embed. A model that predicts "
            "codes needs a bottleneck whose has_codes is true, such as em or vq."
        )

    def adapt(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Starts the state from data `[batch, ..., dim]`; nothing to do for a kind without."""

    def start_from(self, vectors: Iterable[Tensor]) -> None:
        """Starts the state, by `adapt`, from as many vectors as give 8 a code.

        Args:
            vectors: iterable of tensors `[n, dim]`, all valid; none is asked for where there is
                nothing to start.
        """
        if not self.starts_from_data:
            return
        taken, wanted = [], _START_VECTORS * self.num_codes
        for found in vectors:
            taken.append(ops.cast(found, "float32"))
            if sum(len(item) for item in taken) >= wanted:
                break
        self.adapt(ops.concatenate(taken)[None, :wanted])

    def call(
        self, x: Tensor, mask: Tensor | None = None, training: bool = False
    ) -> BottleneckOutput:
        """Quantizes, adds the loss, counts in the metrics, and in training updates the state.

        A layer whose codebook has not started warns, once, when it is called outside of training.

        Args:
            x: `[batch, ..., dim]`.
            mask: `[batch, ...]`, true where a vector is valid; None if all are.
            training: Python bool.

        Returns:
            A `BottleneckOutput`.
        """
        training = self._trains(training)
        if not training:
            self._warn_unless_started()
        output, loss, statistics = self.forward_pass(x, mask, training)
        # Keras adds it to losses in the type that is the default.
        self.add_loss(ops.cast(loss, keras.config.floatx()))
        summary = self.describe(statistics)
        for name, metric in self._metrics_by_name.items():
            metric.measure(summary[name], self.num_vectors(statistics) > 0, training)
        if training:
            with replicas.losses_kept(self):
                self.update(statistics)
        return output

    def _warn_unless_started(self):
        # Asked once, as every answer waits for the device.
        share = None if self._is_start_known else known_value(self.started_share)
        self._is_start_known = self._is_start_known or share is not None
        if share is not None and share < 1:
            warnings.warn(
                f"{type(self).__name__} '{self.name}' has not started from data, so its codes are "
                "random and mean nothing. Train it, load its weights, or call adapt() with data.",
                stacklevel=2,
            )

    def add_step(self) -> None:
        """Adds the weight `step`, the number of updates so far, that schedules and draws read."""
        # TensorFlow keeps int32 variables on the CPU, where XLA cannot reach them from a GPU.
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            autocast=False,
        )

    def _check_built(self):
        if not self.built:
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' has no weights yet. Call the layer once, or "
                "build((None, None, dim)) in the build method of the model that uses it."
            )

    def _check_codes(self, codes):
        """Refuses to embed what is no codes `[batch, ..., num_codebooks]` of its codebooks."""
        self._check_built()
        if len(codes.shape) < 2 or codes.shape[-1] != self.num_codebooks:
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' embeds codes [batch, ..., "
                f"{self.num_codebooks}], but their shape is {tuple(codes.shape)}."
            )
        dtype = keras.backend.standardize_dtype(codes.dtype)
        if "int" not in dtype:
            raise InvalidError(
                f"Codes that {type(self).__name__} '{self.name}' embeds are integers, but these "
                f"are {dtype}."
            )
        if (values := known_array(codes)) is not None:
            check_codes(values, self.num_codes)

    def _code_counts(self, codes, weights):
        """Counts the use of every code: codes `[N, C]`, weights `[N]`, result `[C, K]`."""
        shape = (self.num_codebooks, self.num_codes)
        rows = codes + self.num_codes * ops.arange(self.num_codebooks, dtype="int32")
        each = ops.broadcast_to(weights[:, None], ops.shape(rows))
        counts = ops.segment_sum(
            ops.reshape(each, (-1,)), ops.reshape(rows, (-1,)), shape[0] * shape[1]
        )
        return ops.reshape(counts, shape)

    def _describe_counts(self, counts):
        """Summarises `_code_counts`, as means over the codebooks."""
        return {
            "codebook_perplexity": ops.mean(em.perplexity(counts)),
            "codes_in_use": ops.mean(ops.cast(counts > 0, "float32")),
        }

    def _output(self, x, dense, codes, samples):
        """Shapes vectors `[N, D]`, codes `[N, C]` and samples `[N, C, m]` like the input `x`."""
        axes = ops.shape(x)[:-1]
        return BottleneckOutput(
            dense=ops.cast(ops.reshape(dense, (*axes, x.shape[-1])), self.compute_dtype),
            codes=ops.reshape(codes, (*axes, self.num_codebooks)),
            samples=ops.reshape(samples, (*axes, self.num_codebooks, samples.shape[-1])),
        )

    def _valid_vectors(self, x, mask):
        """Flattens to vectors `[N, dim]` float32, with zeros for padding, and weights `[N]`."""
        x = ops.convert_to_tensor(x)
        axes, dim = tuple(x.shape[:-1]), x.shape[-1]
        if not axes:
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' takes [batch, ..., dim], but the shape of "
                f"its input is {tuple(x.shape)}. Give a single vector a batch axis of 1."
            )
        if self._dim not in (None, dim):
            raise InvalidError(
                f"{type(self).__name__} '{self.name}' was built for vectors of {self._dim}, but "
                f"the shape of its input is {tuple(x.shape)}. Make another layer for it."
            )
        vectors = ops.reshape(ops.cast(x, "float32"), (-1, dim))
        if mask is None:
            return vectors, ops.ones_like(vectors[:, 0])
        mask = ops.convert_to_tensor(mask)
        if len(mask.shape) != len(axes) or any(
            None not in sizes and len(set(sizes)) > 1
            for sizes in zip(mask.shape, axes, strict=True)
        ):
            raise InvalidError(
                f"The mask of {type(self).__name__} '{self.name}' must have the shape of its input "
                f"without the last axis, {axes}, but its shape is {tuple(mask.shape)}."
            )
        valid = ops.reshape(ops.cast(mask, "bool"), (-1,))
        # Not a product: padding may hold NaN, and 0 * NaN is NaN.
        return ops.where(valid[:, None], vectors, 0.0), ops.cast(valid, "float32")

    def get_config(self) -> dict[str, Any]:
        ours = type(self).__mro__[: type(self).__mro__.index(Bottleneck) + 1]
        # Not a set, whose order is another in each process.
        names = dict.fromkeys(name for cls in ours for name in _arguments(cls))
        kept = {name: getattr(self, name) for name in names if hasattr(self, name)}
        options = {name: configured.serialize(value) for name, value in kept.items()}
        return {**super().get_config(), **options}


def _arguments(cls):
    """Returns the names of what a class's constructor takes, without those of the ones above it."""
    return inspect.signature(cls.__init__).parameters
