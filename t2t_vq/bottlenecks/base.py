"""The contract of every bottleneck."""

import inspect
from typing import Any, NamedTuple

import keras
from keras import ops

from t2t_vq import em
from t2t_vq.bottlenecks import replicas


class BottleneckOutput(NamedTuple):
    """What a bottleneck returns.

    Attributes:
        dense: `[batch, length, dim]`, what the decoder sees, with gradients, in the compute dtype.
        codes: `[batch, length, num_codebooks]` int32, the most probable codes.
        samples: `[batch, length, num_codebooks, m]` int32, the codes that a predictor of latents
            learns; m is 1 unless the kind draws several.
    """

    dense: Any
    codes: Any
    samples: Any


class Quantized(NamedTuple):
    """Everything that one forward pass through a bottleneck computes.

    Attributes:
        output: a `BottleneckOutput`.
        loss: float32 scalar, with its weights applied; a mean over this batch's valid vectors.
        statistics: dict of float32 tensors, each a sum over valid vectors, so that the sum over
            replicas is that of the global batch. Empty for a kind that learns without statistics.
    """

    output: BottleneckOutput
    loss: Any
    statistics: dict


class Draw(NamedTuple):
    """Latents drawn from their posterior, as a bound on a likelihood needs them.

    Attributes:
        dense: `[batch, length, dim]`, what the decoder sees, in the compute dtype.
        samples: `[batch, length, num_codebooks, m]` int32.
        log_ratio: `[batch, length]` float32, nats: the log-probability of all samples together; for
            a kind that has a prior, the divergence of the posterior from it.
    """

    dense: Any
    samples: Any
    log_ratio: Any


class Bottleneck(keras.layers.Layer):
    """Base of all bottlenecks; as it stands, the contract of a kind without codes or state.

    A forward pass and what it changes are apart. `forward` is pure: it reads variables and changes
    none, so it may run inside a gradient function that XLA compiles. `update` then moves the state;
    it sums over replicas, which XLA cannot do under MirroredStrategy. Calling the layer, as
    `Model.fit` does, does both, adds the loss and keeps metrics, named after the layer.

    Args:
        reports: whether a call keeps metrics; the parts of a composition leave that to the whole.
        **kwargs: of `keras.layers.Layer`.
    """

    metric_names = ()
    step = None

    def __init__(self, reports=True, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        # `Model.fit` with jit_compile="auto" must not put the sum over replicas inside XLA.
        self.supports_jit = replicas.num_replicas() == 1
        # Keras's JAX trainer cannot update the metrics of a layer inside its call.
        reports = reports and keras.backend.backend() != "jax"
        names = self.metric_names if reports else ()
        self._trackers = {name: _MeanOrNan(name=f"{self.name}_{name}") for name in names}

    @classmethod
    def from_options(cls, options):
        """Builds the layer from options for bottlenecks of any kind, leaving out what is not its.

        Args:
            options: dict of constructor arguments, as in `t2t_vq.config.BottleneckConfig`.
        """
        known = set()
        for base in cls.__mro__:
            known.update(inspect.signature(base.__init__).parameters)
        return cls(**{name: value for name, value in options.items() if name in known})

    @property
    def num_codebooks(self):
        """Codes at each position; 0 for a kind without codes."""
        return 0

    @property
    def num_codes(self):
        """Codes in each codebook; 0 for a kind without codes."""
        return 0

    @property
    def has_codes(self):
        """Whether there are codes that a model could predict."""
        return self.num_codebooks > 0

    @property
    def num_samples(self):
        """m, codes that soft EM draws for each vector in training; None for a kind that does not.

        The exact posterior mean draws none either.
        """
        return None

    @property
    def has_posterior(self):
        """Whether codes can be drawn from a posterior over them, as under soft EM."""
        return False

    @property
    def has_own_prior(self):
        """Whether the latents of a kind without codes come with a prior of their own."""
        return False

    def forward(self, x, mask=None, training=False):
        """Computes output, loss and statistics without changing any variable.

        Args:
            x: `[batch, length, dim]`.
            mask: `[batch, length]`, true where a vector is valid; None if all are. Padding counts
                in no loss and no statistic, whatever it holds.
            training: Python bool. Only in training are codes sampled and vectors drawn that may
                replace dead codes.

        Returns:
            A `Quantized`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not implement forward().")

    def update(self, statistics):
        """Moves the state by one step, from the statistics of every replica; for training only.

        Here it counts the step, if there is one: all else may learn by gradient.

        Args:
            statistics: this replica's, of a `forward` in training.
        """
        self._check_built()
        if self.step is not None:
            self.step.assign(self.step + 1)

    def describe(self, statistics):
        """Summarises statistics as a dict of scalars, one for each of `metric_names`."""
        return {}

    def started_share(self):
        """Share of the codebooks that have started, a scalar; 1 where there is nothing to start."""
        return ops.ones(())

    def draw(self, x, num_samples=1, seed=0):
        """Draws latents from their posterior; changes no variable.

        Args:
            x: `[batch, length, dim]`, all of it valid.
            num_samples: m, codes drawn for each vector, whose mean the decoder sees.
            seed: integer scalar; the same gives the same latents.

        Returns:
            A `Draw`.
        """
        raise ValueError(
            f"{type(self).__name__} '{self.name}' picks its latents and draws none, so there is no "
            "num_samples to choose. Leave it out, or use a soft kind such as em, or vae."
        )

    def draw_from_prior(self, batch, length, seed=0, temperature=1.0):
        """Draws latents from the prior that `has_own_prior` tells of; changes no variable.

        Args:
            batch, length: how many, Python integers.
            seed: integer scalar; the same gives the same latents.
            temperature: of the prior; 1 is the prior itself.

        Returns:
            `[batch, length, dim]`, what the decoder sees.
        """
        raise ValueError(
            f"{type(self).__name__} '{self.name}' has no prior of its own to draw from. Use vae, "
            "or a kind with codes and a prior that learns them."
        )

    def embed(self, codes):
        """Maps codes `[batch, length, num_codebooks]` to `[batch, length, dim]`."""
        raise ValueError(
            f"{type(self).__name__} '{self.name}' has no codes to embed. A model that predicts "
            "codes needs a bottleneck whose has_codes is true, such as em or vq."
        )

    def adapt(self, x, mask=None):
        """Starts the state from data `[batch, length, dim]`; nothing to do for a kind without."""

    def call(self, x, mask=None, training=False):
        """Quantizes, adds the loss, and in training updates the state and the metrics.

        Args:
            x: `[batch, length, dim]`.
            mask: `[batch, length]`, true where a vector is valid; None if all are.
            training: Python bool.

        Returns:
            A `BottleneckOutput`.
        """
        output, loss, statistics = self.forward(x, mask, training)
        self.add_loss(loss)
        if training:
            summary = self.describe(statistics)
            for name, tracker in self._trackers.items():
                tracker.update_state(summary[name])
            self.update(statistics)
        return output

    def add_step(self):
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
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no weights yet. Call the layer once, or "
                "build((None, None, dim)) in the build method of the model that uses it."
            )

    def _check_codes(self, codes):
        """Refuses to embed codes that are not `[batch, length, num_codebooks]`."""
        self._check_built()
        if len(codes.shape) != 3 or codes.shape[-1] != self.num_codebooks:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' embeds codes [batch, length, "
                f"{self.num_codebooks}], but their shape is {tuple(codes.shape)}."
            )

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
        batch, length = ops.shape(x)[:2]
        return BottleneckOutput(
            dense=ops.cast(ops.reshape(dense, (batch, length, x.shape[-1])), self.compute_dtype),
            codes=ops.reshape(codes, (batch, length, self.num_codebooks)),
            samples=ops.reshape(samples, (batch, length, self.num_codebooks, samples.shape[-1])),
        )

    def _valid_vectors(self, x, mask):
        """Flattens to vectors `[N, dim]` float32, with zeros for padding, and weights `[N]`."""
        if len(x.shape) != 3:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' takes [batch, length, dim], but the shape of "
                f"its input is {tuple(x.shape)}. Reshape it: an image's rows and columns are one "
                "length."
            )
        vectors = ops.reshape(ops.cast(x, "float32"), (-1, x.shape[-1]))
        if mask is None:
            return vectors, ops.ones_like(vectors[:, 0])
        if len(mask.shape) != 2:
            raise ValueError(
                f"The mask of {type(self).__name__} '{self.name}' must be [batch, length], but its "
                f"shape is {tuple(mask.shape)}."
            )
        valid = ops.reshape(ops.cast(mask, "bool"), (-1,))
        # Not a product: padding may hold NaN, and 0 * NaN is NaN.
        return ops.where(valid[:, None], vectors, 0.0), ops.cast(valid, "float32")


class _MeanOrNan(keras.metrics.Mean):
    """A mean that is NaN when it has seen nothing, as in evaluation, rather than a false 0."""

    def result(self):
        return ops.where(self.count > 0, super().result(), float("nan"))
