"""One codebook: its start and its learning, around an assignment that it is given."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from t2t_vq import em
from t2t_vq.backend import random_numbers, replicas
from t2t_vq.backend.compilation import as_graph
from t2t_vq.backend.streams import Stream
from t2t_vq.backend.values import known_array, value_of
from t2t_vq.bottlenecks import configured
from t2t_vq.bottlenecks.assignment import HardAssignment, SoftAssignment
from t2t_vq.bottlenecks.base import Bottleneck, BottleneckOutput, Draw, Quantized
from t2t_vq.bottlenecks.estimators import ESTIMATORS, normalized
from t2t_vq.bottlenecks.options import (
    NOT_NEGATIVE,
    check_choice,
    check_count,
    check_number,
    check_seed,
)
from t2t_vq.bottlenecks.regularizers import Diversity, Orthogonality
from t2t_vq.config.ranges import ESTIMATOR, LEARNING, RATE, SIMILARITY
from t2t_vq.errors import InvalidError
from t2t_vq.tensors import Shape, Statistics, Tensor

START_ITERATIONS = 5


class CodebookBottleneck(Bottleneck):
    """A bottleneck with one codebook.

    Until its codebook has started, the layer passes its input through in training and its loss is
    0 there, while codes and statistics are computed all the same; outside of training it quantizes
    with the random codes that it has. It starts by `adapt` (k-means), by `start`, or, unless
    `startup_steps` says later, by the first `update`, which puts every code at a vector of the
    batch.

    Learning "ema" is online expectation-maximisation: moving averages of counts and sums, whose
    quotient is the codebook. Learning "gradient" makes the codebook a trainable weight and adds the
    mean squared distance to it to the loss; the counts are averaged all the same, to find dead
    codes. (On JAX, Keras's `fit` undoes what a layer assigns to a trainable weight: there such a
    codebook must be started by `adapt` or `start`, and its dead codes stay.)

    A kind of its own changes `table`, `quantize_vectors` or `moved` rather than `_quantize` and
    `update`: the blocks of a `DecomposedVectorQuantizer` quantize and move through those of the
    first, whose tensors then have a leading axis. What a kind of its own draws has the stream
    `Stream.OWN`.

    Args:
        num_codes: K, the size of the codebook.
        beta: weight of the commitment loss, a mean over valid vectors and their elements.
        decay: of the moving averages; at 0 an update is a plain M-step of its batch.
        epsilon: smoothing of the counts.
        learning: "ema" or "gradient".
        restart_threshold: a code whose count is less than this share of the mean count restarts
            at a vector of the batch; 0 restarts none.
        assignment: how vectors choose codes, an object of `t2t_vq.bottlenecks.assignment`; hard by
            default.
        similarity: "euclidean", or "cosine": vectors and codes are then compared, and the output
            taken, on the unit sphere (Yu et al., https://arxiv.org/abs/2110.04627, section 3.2).
        estimator: how gradients of the output reach the input: "straight_through", or "rotation"
            (see `t2t_vq.bottlenecks.estimators`). A relaxed assignment needs neither.
        regularizers: further losses, objects of `t2t_vq.bottlenecks.regularizers`; none by default.
        seed: of all random numbers, together with the number of updates so far.
        **kwargs: of `Bottleneck`.

    Raises:
        ValueError: for a value out of range.

    Example:
        >>> layer = CodebookBottleneck(num_codes=64, assignment=SoftAssignment(10))
        >>> layer.adapt(keras.random.normal((8, 16, 32)))
        >>> tuple(layer.embed(ops.zeros((8, 16, 1), "int32")).shape)
        (8, 16, 32)
    """

    metric_names = ("codebook_perplexity", "codes_in_use", "mean_distance", "commitment_loss")
    # Of the random codes before the start.
    initial_stddev = 0.05
    starts_from_data = True

    def __init__(
        self,
        num_codes: int = 4096,
        *,
        beta: float = 0.25,
        decay: float = 0.999,
        epsilon: float = 1e-5,
        learning: str = "ema",
        restart_threshold: float = 0.1,
        assignment: HardAssignment | None = None,
        similarity: str = "euclidean",
        estimator: str = "straight_through",
        regularizers: Sequence[Any] = (),
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        assignment = configured.deserialize(assignment) or HardAssignment()
        if not isinstance(assignment, HardAssignment):
            raise InvalidError(
                f"assignment={assignment!r} must be an object of t2t_vq.bottlenecks.assignment, "
                "such as SoftAssignment(10)."
            )
        # Before the metrics are made.
        entropy = ("posterior_entropy",) if assignment.has_posterior else ()
        self.metric_names = (*self.metric_names, *entropy)
        super().__init__(**kwargs)
        check_count("num_codes", num_codes)
        check_seed(seed)
        check_number("beta", beta, NOT_NEGATIVE)
        check_number("epsilon", epsilon, NOT_NEGATIVE)
        check_number("decay", decay, RATE)
        check_choice("learning", learning, LEARNING)
        because = ": it is a share of the mean count"
        check_number("restart_threshold", restart_threshold, RATE, because)
        check_choice("similarity", similarity, SIMILARITY)
        check_choice("estimator", estimator, ESTIMATOR)
        if not isinstance(regularizers, list | tuple):
            raise InvalidError(
                f"regularizers={regularizers!r} must be a list, such as [Diversity()]."
            )
        regularizers = [configured.deserialize(regularizer) for regularizer in regularizers]
        for regularizer in regularizers:
            if not hasattr(regularizer, "acts_on_codebook"):
                raise InvalidError(
                    f"regularizers holds {regularizer!r}, which is no object of "
                    "t2t_vq.bottlenecks.regularizers, such as Diversity()."
                )
            if regularizer.acts_on_codebook and learning == "ema":
                raise InvalidError(
                    f"{type(regularizer).__name__} acts on the codebook's gradient, and a codebook "
                    "with learning='ema' has none. Use learning='gradient'."
                )
        self._num_codes = num_codes
        self.beta = beta
        self.decay = decay
        self.epsilon = epsilon
        self.learning = learning
        self.restart_threshold = restart_threshold
        self.assignment = assignment
        self.similarity = similarity
        self.estimator = estimator
        self.regularizers = regularizers
        self.seed = seed

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "CodebookBottleneck":
        losses = {Orthogonality: "orthogonality_weight", Diversity: "diversity_weight"}
        own: dict[str, Any] = {
            "regularizers": [
                loss(options[name]) for loss, name in losses.items() if options.get(name)
            ]
        }
        if options.get("soft"):
            names = ("num_samples", "temperature", "relative_temperature", "through_posterior")
            own["assignment"] = SoftAssignment(**{name: options[name] for name in names})
        return super().from_options({**options, **own})

    @property
    def num_codebooks(self) -> int:
        return 1

    @property
    def num_codes(self) -> int:
        return self._num_codes

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        dim = input_shape[-1]
        # Float32 under any policy: averages with a decay of .999 do not survive half precision.
        state = {"dtype": "float32", "autocast": False}
        self.codebook = self.add_weight(
            name="codebook",
            shape=(self.num_codes, dim),
            initializer=keras.initializers.RandomNormal(stddev=self.initial_stddev, seed=self.seed),
            trainable=self.learning == "gradient" and self.starts_from_data,
            **state,
        )
        state.update(initializer="zeros", trainable=False)
        self.counts = self.add_weight(name="counts", shape=(self.num_codes,), **state)
        if self.learning == "ema":
            self.sums = self.add_weight(name="sums", shape=(self.num_codes, dim), **state)
        # Not assigned: what `build` assigns is lost where Keras builds without state, as it does
        # within the call of a model.
        state["initializer"] = "zeros" if self.starts_from_data else "ones"
        self.started = self.add_weight(name="started", shape=(), **state)
        self.add_step()

    def table(self) -> Tensor:
        """Returns the codes as the assignment sees them and `embed` gives them, `[K, D]`."""
        return self._compared(value_of(self.codebook))

    def _compared(self, vectors):
        """Returns vectors, or codes, as they are compared: of length 1 under cosine similarity."""
        return normalized(vectors) if self.similarity == "cosine" else vectors

    def _quantize(self, x, mask, training):
        vectors, weights = self._valid_vectors(x, mask)
        result = self.quantize_vectors(
            vectors, weights, self.table(), self.started_share(), training
        )
        dense, codes, samples = result.output
        return result._replace(output=self._output(x, dense, codes[:, None], samples[:, None]))

    def quantize_vectors(
        self, vectors: Tensor, weights: Tensor, table: Tensor, started: Tensor, training: bool
    ) -> Quantized:
        """Quantizes vectors with codes that it is given, by this layer's options, step and seed.

        Args:
            vectors: `[N, D]` float32; with leading axes, a set of vectors for each of several
                codebooks, and then all but `weights` and `training` have these axes.
            weights: `[N]`, 0 for padding.
            table: `[K, D]`, what `table()` returns.
            started: `[]`, 1 if the codebook has started and 0 if not.
            training: Python bool.

        Returns:
            A `Quantized` whose output is `[N, D]`, `[N]` and `[N, m]`, and whose loss and
            statistics have the leading axes, but for the statistic `weight`.
        """
        vectors = self._compared(vectors)
        assigned = self.assignment(vectors, weights, table, self.step, self._uniform, training)
        constant = ops.stop_gradient(assigned.quantized)
        squared = ops.sum(ops.square(vectors - constant), axis=-1)
        commitment = self.beta * squared / vectors.shape[-1]

        weight = ops.sum(weights)
        statistics = {
            "weight": weight,
            "counts": assigned.counts,
            "distance": ops.sum(weights * ops.sqrt(ops.stop_gradient(squared)), axis=-1),
            "commitment": ops.sum(weights * commitment, axis=-1),
        }
        if self.assignment.has_posterior:
            statistics["entropy"] = ops.sum(weights * assigned.entropy, axis=-1)
        if training:
            if self.learning == "ema":
                statistics["sums"] = assigned.sums
            statistics["candidates"], statistics["available"] = self._candidates(vectors, weights)
        statistics = {name: ops.stop_gradient(value) for name, value in statistics.items()}

        loss = commitment + assigned.loss
        if self.learning == "gradient":
            error = ops.stop_gradient(vectors) - assigned.quantized
            loss = loss + ops.mean(ops.square(error), axis=-1)
        loss = ops.sum(weights * loss, axis=-1) / ops.maximum(weight, 1.0)
        loss = loss + sum(add(vectors, weights, table) for add in self.regularizers)

        quantized = assigned.relaxed
        if quantized is None:
            quantized = ESTIMATORS[self.estimator](vectors, assigned.quantized)
        if training:
            quantized = ops.where(started[..., None, None] > 0, quantized, vectors)
            loss = started * loss
        output = BottleneckOutput(quantized, assigned.codes, assigned.samples)
        return Quantized(output, loss, statistics)

    @property
    def num_samples(self) -> int | None:
        return getattr(self.assignment, "num_samples", None)

    @property
    def has_posterior(self) -> bool:
        return isinstance(self.assignment, SoftAssignment)

    @property
    def relaxed(self) -> bool:
        """Whether gradients reach the vectors, in training, through the assignment."""
        return self.assignment.relaxed

    def _uniform(self, shape):
        return random_numbers.uniform(shape, self.seed, self.step, Stream.CODES)

    def draw(self, x: Tensor, num_samples: int = 1, seed: Tensor | int = 0) -> Draw:
        self._check_built()
        if not isinstance(self.assignment, SoftAssignment):
            return super().draw(x, num_samples, seed)
        vectors, _ = self._valid_vectors(x, None)
        table = self.table()
        shape = (ops.shape(vectors)[0], num_samples)
        uniforms = random_numbers.uniform(shape, self.seed, seed, Stream.DRAWN_CODES)
        samples, log_probs = self.assignment.draw(
            self._compared(vectors), table, self.step, uniforms
        )
        quantized = ops.mean(ops.take(table, samples, axis=0), axis=1)
        output = self._output(x, quantized, samples[:, :1], samples[:, None])
        return Draw(output.dense, output.samples, ops.reshape(log_probs, ops.shape(x)[:-1]))

    def _candidates(self, vectors, weights):
        """A random valid vector for each code, no two alike while there are enough.

        Replica r of R draws those of the codes r, r + R ..., and zeros for the others, so that the
        sum over replicas is one set of vectors from all of them. Codebooks side by side share one
        shuffle, and each goes on in it where the one before ended. Where the vectors run out, some
        codebooks take the same ones: no matter, as each sees features of its own.

        Returns:
            vectors `[K, D]`, and `[K]`, 1 where this replica had a vector.
        """
        shape = (*vectors.shape[:-2], self.num_codes)
        shuffle = random_numbers.uniform(
            ops.shape(weights), self.seed, self.step, Stream.CANDIDATES
        )
        valid_first = ops.argsort(shuffle + 2.0 * (1.0 - weights))
        num_valid = ops.cast(ops.sum(weights), "int32")
        codes = ops.reshape(ops.arange(math.prod(shape), dtype="int32"), shape)
        share = replicas.num_replicas()
        places = (codes // share) % ops.maximum(num_valid, 1)
        mine = ops.logical_and(codes % share == replicas.replica_id(), num_valid > 0)
        available = ops.cast(mine, "float32")
        vectors, shape = ops.stop_gradient(vectors), (*shape, vectors.shape[-1])

        def found():
            # Spread out for XLA, which compiles this for no vectors too, in a shape that is wrong.
            return ops.broadcast_to(em.take(vectors, ops.take(valid_first, places)), shape)

        number = ops.shape(vectors)[-2]
        if isinstance(number, int):
            candidates = found() if number else ops.zeros(shape, "float32")
        else:
            candidates = ops.cond(number > 0, found, lambda: ops.zeros(shape, "float32"))
        return available[..., None] * candidates, available

    def update(self, statistics: Statistics) -> None:
        """Moves the codebook by one step, from the statistics of every replica.

        A codebook that has not started starts here, once every replica has a valid vector. A batch
        without any moves nothing, and neither does one that holds NaN or infinity, of which its
        loss tells: one step that overflows, which a loss scale skips, must not end the codebook.
        """
        self._check_built()
        if self.trainable:
            self.assign(self.moved(self.state(), replicas.sum_over_replicas(statistics)))

    def state(self) -> dict[str, Tensor]:
        """Returns what an update moves, as a dict of tensors named after their variables."""
        names = ["codebook", "counts", "started", "step"]
        names += ["sums"] if self.learning == "ema" else []
        return {name: value_of(getattr(self, name)) for name in names}

    def assign(self, state: dict[str, Tensor]) -> None:
        """Takes a state on that is like that of `state()`."""
        for name, value in state.items():
            getattr(self, name).assign(value)

    def moved(self, old: dict[str, Tensor], total: Statistics) -> dict[str, Tensor]:
        """Returns a state moved by one step, by this layer's options.

        Args:
            old: as `state()` returns it; with leading axes, those of several codebooks.
            total: the statistics of `quantize_vectors`, summed over replicas.
        """
        # Statistics may be summed over several batches before an update; then these are means.
        candidates = total["candidates"] / ops.maximum(total["available"], 1.0)[..., None]
        available, started = total["available"] > 0, old["started"][..., None] > 0
        # Starting replaces every code, as if all had died.
        starts = ops.logical_and(
            ops.logical_not(started), ops.all(available, axis=-1, keepdims=True)
        )
        usable = ops.logical_and(total["weight"] > 0, ops.isfinite(total["distance"])[..., None])
        starts = ops.logical_and(starts, usable)
        moves = ops.logical_and(usable, ops.logical_or(started, starts))

        counts = em.ema(old["counts"], total["counts"], self.decay)
        dead = ops.logical_and(em.dead_codes(counts, self.restart_threshold), available)
        replaced = ops.where(started, dead, starts)
        mean = ops.mean(counts, axis=-1, keepdims=True)
        count = ops.where(started, mean, total["weight"] / self.num_codes)
        new = {
            "started": ops.cast(ops.logical_or(started, starts)[..., 0], "float32"),
            "step": old["step"] + 1,
        }
        if self.learning == "ema":
            sums = em.ema(old["sums"], total["sums"], self.decay)
            counts, sums = em.replace_codes(counts, sums, replaced, candidates, count, self.epsilon)
            codebook = em.codebook_from(counts, sums, self.epsilon, old["codebook"])
            new["sums"] = ops.where(moves[..., None], sums, old["sums"])
        else:
            counts = ops.where(replaced, count, counts)
            codebook = ops.where(replaced[..., None], candidates, old["codebook"])
        new["codebook"] = ops.where(moves[..., None], codebook, old["codebook"])
        new["counts"] = ops.where(moves, counts, old["counts"])
        return new

    def describe(self, statistics: Statistics) -> dict[str, Tensor]:
        """Summarises statistics of a batch, or of replicas and batches summed.

        Returns:
            A dict of scalars (or of tensors, with the leading axes of the statistics):
            `codebook_perplexity` (effective number of codes in use), `codes_in_use` (share of the
            codebook with any use), `mean_distance` (Euclidean, from vector to quantized vector),
            `commitment_loss` (with its weight, as it adds to the loss) and, unless assignment is
            hard, `posterior_entropy` (mean, nats).
        """
        weight = ops.maximum(statistics["weight"], 1.0)
        summary = {
            "codebook_perplexity": em.perplexity(statistics["counts"]),
            "codes_in_use": ops.mean(ops.cast(statistics["counts"] > 0, "float32"), axis=-1),
            "mean_distance": statistics["distance"] / weight,
            "commitment_loss": statistics["commitment"] / weight,
        }
        if self.assignment.has_posterior:
            summary["posterior_entropy"] = statistics["entropy"] / weight
        return summary

    def started_share(self) -> Tensor:
        self._check_built()
        return value_of(self.started)

    def embed(self, codes: Tensor) -> Tensor:
        """Maps codes `[batch, ..., 1]` to `[batch, ..., dim]`, in the compute dtype."""
        self._check_codes(codes)
        return ops.cast(ops.take(self.table(), codes[..., 0], axis=0), self.compute_dtype)

    def adapt(self, x: Tensor, mask: Tensor | None = None) -> None:
        """Starts the codebook from data: k-means++, then a few iterations of Lloyd's.

        The counts become those of `x`, so `x` weighs as much in the moving averages as one batch
        would that is as large. Call it eagerly, under `tf.distribute` outside of `strategy.run`;
        all replicas then start alike.

        Args:
            x: `[batch, ..., dim]`, with at least `num_codes` valid vectors.
            mask: `[batch, ...]`, true where a vector is valid; None if all are.

        Raises:
            ValueError: when no vector is valid.

        Example:
            >>> layer = CodebookBottleneck(num_codes=64)
            >>> layer.adapt(keras.random.normal((8, 16, 32)))
            >>> float(layer.started_share())
            1.0
        """
        x = ops.convert_to_tensor(x)
        if not self.built:
            self.build(x.shape)
        vectors, weights = self._valid_vectors(x, mask)
        vectors = self._compared(vectors)
        num_valid = int(ops.sum(weights))
        if num_valid == 0:
            raise InvalidError(f"adapt() of '{self.name}' was given no valid vector to start from.")
        values = known_array(vectors)
        if values is not None and not np.isfinite(values).all():
            raise InvalidError(
                f"adapt() of '{self.name}' was given vectors that are not all finite. Look for NaN "
                "and infinity in what they come from."
            )
        if num_valid < self.num_codes:
            warnings.warn(
                f"adapt() of '{self.name}' starts {self.num_codes} codes from {num_valid} vectors, "
                "so some codes coincide. Give it more data or choose a smaller num_codes.",
                stacklevel=2,
            )
        uniforms = random_numbers.uniform((self.num_codes,), self.seed, self.step, Stream.START)
        self.start(*as_graph(_kmeans)(vectors, weights, uniforms))

    def start(self, codebook: Tensor, counts: Tensor | None = None) -> None:
        """Starts from a given codebook, with counts and sums that agree with it.

        Args:
            codebook: `[K, D]`.
            counts: `[K]`, how much each code weighs in the moving averages, in vectors of a batch;
                1 each by default.

        Raises:
            ValueError: for other shapes, or what is not finite.

        Example:
            >>> layer = CodebookBottleneck(num_codes=2)
            >>> layer.start(ops.array([[0.0, 0.0], [1.0, 1.0]]))
            >>> np.asarray(layer(ops.array([[[0.9, 0.8]]])).codes)
            array([[[1]]], dtype=int32)
        """
        codebook = ops.convert_to_tensor(codebook, "float32")
        if not self.built:
            self.build((None, None, codebook.shape[-1]))
        counts = ops.ones(self.num_codes, "float32") if counts is None else counts
        counts = ops.convert_to_tensor(counts, "float32")
        for what, given, variable in (
            ("codebook", codebook, self.codebook),
            ("counts", counts, self.counts),
        ):
            self._check_start(what, given, variable.shape)
        self.codebook.assign(codebook)
        self.counts.assign(counts)
        if self.learning == "ema":
            self.sums.assign(codebook * em.smoothed_counts(counts, self.epsilon)[:, None])
        self.started.assign(1.0)

    def _check_start(self, what, given, shape):
        if tuple(given.shape) != tuple(shape):
            raise InvalidError(
                f"start() of '{self.name}' was given {what} {list(given.shape)}, and its own are "
                f"{list(shape)}. Give as many codes as num_codes says, of the width of its vectors."
            )
        values = known_array(given)
        if values is not None and not np.isfinite(values).all():
            raise InvalidError(
                f"start() of '{self.name}' was given {what} that are not all finite. Look for NaN "
                "and infinity in what they come from."
            )


def _kmeans(vectors, weights, uniforms):
    """Returns a codebook of as many codes as there are uniform numbers, and their counts."""
    codebook = em.kmeans_plus_plus(vectors, weights, uniforms.shape[0], uniforms)
    return em.lloyd(vectors, weights, codebook, START_ITERATIONS)
