"""The paper's equations as pure functions: distances, E-steps, M-step, moving averages, start.

Vector quantization by expectation-maximisation, after Roy et al., "Theory and Experiments on
Vector Quantized Autoencoders" (https://arxiv.org/abs/1805.11063). Throughout, `x` is `[N, D]`,
`weights` `[N]` is 1 for a valid vector and 0 for padding, and `codebook` is `[K, D]`. Vectors of
weight 0 must still be finite. Everything is float32, and random numbers are arguments, so that
the same numbers give the same codes eagerly, in a graph and under XLA.

Many codebooks side by side take their steps as one: all functions but those of k-means take leading
axes too, the same for all arguments but `weights`. So `x` `[C, N, D]` meets C codebooks
`[C, K, D]`, and gets codes `[C, N]`, counts `[C, K]` and so on.

`hard_assignment` and `soft_assignment` are whole E-steps that never hold `[N, K]`. The functions
of logits that they are made of serve kinds that need the posterior itself.
"""

import math

import keras
from keras import ops

from t2t_vq.backend.compilation import are_operations_plain

# Not used here, but it was a public name of this module in 0.1.0.
from t2t_vq.backend.compilation import plain_operations as plain_operations
from t2t_vq.backend.which import on_cpu
from t2t_vq.tensors import Tensor

# On a CPU an E-step looks at so many logits at a time that they stay in its caches, but at enough
# rows that the matmul is worth its while. An accelerator would wait for each round of the loop, so
# there chunks are as large as memory should bear: half a gibibyte.
CHUNK_LOGITS = 1 << 20
CHUNK_ROWS = 512
ACCELERATOR_CHUNK_LOGITS = 1 << 27

# Columns that a draw looks at on each level: a compromise between few levels and few columns.
BLOCK = 8


def distance_logits(x: Tensor, codebook: Tensor) -> Tensor:
    """Negative squared distances `[N, K]`, up to a constant for each row.

    `-|x - e|^2 + |x|^2 = 2 x.e - |e|^2`: the term in `|x|^2` cancels in argmax and softmax.

    Example:
        >>> np.asarray(distance_logits(ops.array([[1.0]]), ops.array([[0.0], [2.0], [4.0]])))
        array([[ 0.,  0., -8.]], dtype=float32)
    """
    norms = ops.sum(ops.square(codebook), axis=-1)
    return ops.matmul(2.0 * x, ops.swapaxes(codebook, -1, -2)) - norms[..., None, :]


def hard_assignment(x: Tensor, codebook: Tensor) -> Tensor:
    """The E-step of k-means: every vector's nearest code. Ties go to the first.

    Args:
        x: `[N, D]`.
        codebook: `[K, D]`.

    Returns:
        `[N]` int32.

    Example:
        >>> np.asarray(hard_assignment(ops.array([[1.2], [9.0]]), ops.array([[0.0], [1.0], [2.0]])))
        array([1, 2], dtype=int32)
    """
    codebook = ops.stop_gradient(codebook)

    def nearest(x):
        return most_probable(distance_logits(x, codebook))

    return _in_chunks(nearest, codebook, x)


def soft_assignment(
    x: Tensor, codebook: Tensor, temperature: Tensor | float, uniforms: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The soft E-step: draws codes from the posterior `softmax_j(-|x - e_j|^2 / temperature)`.

    No gradient flows through it: codes have none, and the entropy is there to be watched. A
    codebook that learns by gradient gets it from `ops.take(codebook, samples, axis=0)`.

    Args:
        x: `[N, D]`.
        codebook: `[K, D]`.
        temperature: scalar, more than 0; of several codebooks, one for all or one each.
        uniforms: `[N, m]`, uniform in [0, 1); `[N, 0]` draws nothing.

    Returns:
        The most probable codes `[N]` int32, the drawn codes `[N, m]` int32, and the posterior's
        entropy `[N]` in nats.

    Example:
        >>> x, codebook = keras.random.normal((100, 16)), keras.random.normal((64, 16))
        >>> uniforms = keras.random.uniform((100, 10))
        >>> codes, samples, entropy = soft_assignment(x, codebook, 2.0, uniforms)
        >>> tuple(codes.shape), tuple(samples.shape), tuple(entropy.shape)
        ((100,), (100, 10), (100,))
    """
    codebook = ops.stop_gradient(codebook)

    def draw(x, uniforms):
        logits = posterior_logits(x, codebook, temperature)
        relative = logits - _largest(logits)
        # The largest weight of a row is 1, so that no row's sum underflows.
        likelihood = ops.exp(relative)
        total = ops.sum(likelihood, axis=-1)
        entropy = ops.log(total) - ops.sum(likelihood * relative, axis=-1) / total
        return most_probable(logits), inverse_cdf(likelihood, uniforms), entropy

    return _in_chunks(draw, codebook, x, uniforms)


def _in_chunks(e_step, codebook, *rows):
    """Applies an E-step to chunks of rows, in a loop that may be compiled, and joins what it gives.

    Args:
        e_step: function of tensors `[..., n, D]` that returns tensors `[..., n]` or `[..., n, m]`.
        codebook: `[..., K, D]`, its shape known when traced.
        *rows: tensors `[..., N, D]`; N may be unknown when traced.
    """
    rows = [ops.stop_gradient(tensor) for tensor in rows]
    *leading, num_codes, _ = codebook.shape
    chunk_logits = CHUNK_LOGITS if on_cpu() else ACCELERATOR_CHUNK_LOGITS
    largest = max(max(chunk_logits // num_codes, CHUNK_ROWS) // math.prod(leading), 1)
    num_rows, axis = ops.shape(rows[0])[-2], len(leading)
    if are_operations_plain() or (isinstance(num_rows, int) and num_rows <= largest):
        return e_step(*rows)
    # Chunks of equal height, at least one; the last is filled up with copies of the last row.
    num_chunks = num_rows // (largest + 1) + 1
    height = (num_rows + num_chunks - 1) // num_chunks
    padded = ops.minimum(ops.arange(num_chunks * height), num_rows - 1)

    def split(tensor):
        shape = (*leading, num_chunks, height, tensor.shape[-1])
        return ops.moveaxis(ops.reshape(ops.take(tensor, padded, axis=axis), shape), axis, 0)

    def join(tensor):
        tensor = ops.moveaxis(tensor, 0, axis)
        shape = (*leading, num_chunks * height, *tensor.shape[axis + 2 :])
        kept = (*[slice(None)] * axis, slice(num_rows))
        return ops.reshape(tensor, shape)[kept]

    results = ops.map(lambda chunk: e_step(*chunk), tuple(split(tensor) for tensor in rows))
    return keras.tree.map_structure(join, results)


def posterior_logits(x: Tensor, codebook: Tensor, temperature: Tensor | float) -> Tensor:
    """The soft E-step: logits `[N, K]` of the posterior `softmax_j(-|x - e_j|^2 / temperature)`.

    Example:
        >>> logits = posterior_logits(ops.array([[1.0]]), ops.array([[0.0], [2.0], [4.0]]), 4.0)
        >>> np.asarray(logits)
        array([[ 0.,  0., -2.]], dtype=float32)
    """
    return distance_logits(x, codebook) / _over_rows(temperature)


def _over_rows(temperature):
    """Returns one temperature for all codebooks, or one each, as `[..., 1, 1]`."""
    # Not by an index: of a constant without axes, OpenVINO 2026.4 makes an arbitrary number.
    return ops.expand_dims(ops.convert_to_tensor(temperature, "float32"), (-2, -1))


def codebook_variance(codebook: Tensor) -> Tensor:
    """Mean squared distance of the codes `[K, D]` from their mean, a scalar: a codebook's scale.

    Example:
        >>> float(codebook_variance(ops.array([[0.0, 1.0], [4.0, 1.0]])))
        4.0
    """
    centered = codebook - ops.mean(codebook, axis=-2, keepdims=True)
    return ops.mean(ops.sum(ops.square(centered), axis=-1), axis=-1)


def most_probable(logits: Tensor) -> Tensor:
    """Index of the largest logit of `[..., K]`, `[...]` int32. Ties go to the first.

    Example:
        >>> np.asarray(most_probable(ops.array([[0.1, 0.7, 0.7], [2.0, 1.0, 0.0]])))
        array([1, 0], dtype=int32)
    """
    # A search for the maximum is several times as fast as XLA's argmax on a CPU.
    if 0 in logits.shape:
        return ops.zeros(logits.shape[:-1], "int32")
    columns = ops.arange(logits.shape[-1], dtype="int32")
    largest = ops.max(logits, axis=-1, keepdims=True)
    return ops.min(ops.where(logits == largest, columns, columns[-1]), axis=-1)


def _largest(logits):
    """The largest logit of each row `[..., K]`, `[..., 1]`; Keras asks what that is of no row."""
    initial = float("-inf") if 0 in logits.shape else None
    return ops.max(logits, axis=-1, keepdims=True, initial=initial)


def sample_codes(logits: Tensor, uniforms: Tensor) -> Tensor:
    """Draws codes from the softmax of each row, by inverse CDF.

    Args:
        logits: `[N, K]`, finite.
        uniforms: `[N, m]`, uniform in [0, 1).

    Returns:
        `[N, m]` int32.

    Example:
        >>> logits = ops.log(ops.array([[0.25, 0.75]]))
        >>> np.asarray(sample_codes(logits, ops.array([[0.2, 0.3, 0.9]])))
        array([[0, 1, 1]], dtype=int32)
    """
    # The largest weight of a row is 1, so that no row's sum underflows.
    weights = ops.exp(logits - _largest(logits))
    return inverse_cdf(weights, uniforms)


def inverse_cdf(weights: Tensor, uniforms: Tensor) -> Tensor:
    """Draws columns in proportion to the weights of each row.

    Descends through sums over blocks of columns, of blocks of blocks, and so on, from the whole
    row to one column. That looks at some numbers for each draw, where a plain comparison would
    need a tensor of `[N, m, K]`. A column of weight 0 is never drawn, unless its whole row is 0:
    then the first one is.

    Args:
        weights: `[N, K]`, not negative, K known when traced.
        uniforms: `[N, m]`, uniform in [0, 1).

    Returns:
        `[N, m]` int32, below K.

    Example:
        >>> np.asarray(inverse_cdf(ops.array([[1.0, 0.0, 3.0]]), ops.array([[0.2, 0.3, 0.9]])))
        array([[0, 2, 2]], dtype=int32)
    """
    levels: list[Tensor] = []
    shape = ops.shape(uniforms)
    weights = ops.reshape(weights, (-1, weights.shape[-1]))
    uniforms = ops.reshape(uniforms, (ops.shape(weights)[0], uniforms.shape[-1]))
    while not levels or weights.shape[-1] > 1:
        num_blocks = -(-weights.shape[-1] // BLOCK)
        if weights.shape[-1] % BLOCK:
            weights = ops.pad(weights, [[0, 0], [0, -weights.shape[-1] % BLOCK]])
        levels.append(ops.reshape(weights, (-1, num_blocks * BLOCK)))
        weights = ops.sum(ops.reshape(weights, (-1, num_blocks, BLOCK)), axis=-1)
    drawn, target = ops.zeros_like(uniforms, dtype="int32"), uniforms * weights
    for level in reversed(levels):
        drawn, target = _descend(level, drawn, target)
    return ops.reshape(drawn, shape)


def _descend(weights, block, target):
    """Draws a column inside each block, and what is left of the target beyond those before it.

    It is the last column of positive weight that begins at or before the target. So rounding, which
    may lift a target beyond the block, leads neither outside of it nor to a column of weight 0.
    """
    # One index into the blocks of all rows: a plain gather is the fastest kind everywhere.
    first_block = ops.arange(ops.shape(weights)[0], dtype="int32") * (weights.shape[-1] // BLOCK)
    inside = ops.take(ops.reshape(weights, (-1, BLOCK)), first_block[:, None] + block, axis=0)
    before = reached = ops.zeros_like(target)
    drawn = ops.zeros_like(block)
    for column in range(BLOCK):
        weight = inside[..., column]
        begins = ops.logical_and(weight > 0, reached <= target)
        drawn, before = ops.where(begins, column, drawn), ops.where(begins, reached, before)
        reached = reached + weight
    return block * BLOCK + drawn, target - before


def posterior_entropy(logits: Tensor) -> Tensor:
    """Entropy of each row's softmax in nats, `[N]`.

    Example:
        >>> print(round(float(posterior_entropy(ops.zeros((1, 8)))[0]), 4))  # the logarithm of 8
        2.0794
    """
    log_posterior = ops.log_softmax(logits, axis=-1)
    return -ops.sum(ops.exp(log_posterior) * log_posterior, axis=-1)


def take(codebook: Tensor, codes: Tensor) -> Tensor:
    """Looks codes up in their codebook.

    Args:
        codebook: `[K, D]`; or any other rows.
        codes: `[...]` int32, below K.

    Returns:
        `[..., D]`.

    Example:
        >>> np.asarray(take(ops.array([[0.0, 1.0], [2.0, 3.0]]), ops.array([1, 1, 0])))
        array([[2., 3.],
               [2., 3.],
               [0., 1.]], dtype=float32)
    """
    num_leading = len(codebook.shape) - 2
    rows = _row_numbers(codes, num_leading, ops.shape(codebook)[-2])
    return ops.take(ops.reshape(codebook, (-1, codebook.shape[-1])), rows, axis=0)


def _row_numbers(codes, num_leading, num_codes):
    """Numbers the rows of all codebooks through; a plain gather is the fastest kind everywhere."""
    leading = codes.shape[:num_leading]
    shape = (*leading, *[1] * (len(codes.shape) - num_leading))
    first = num_codes * ops.arange(math.prod(leading), dtype="int32")
    return codes + ops.reshape(first, shape)


def code_statistics(
    x: Tensor, weights: Tensor, samples: Tensor, num_codes: int
) -> tuple[Tensor, Tensor]:
    """What the M-step needs, from drawn codes.

    `n_j = sum_i w_i (1/m) sum_l [z_i^l = j]` and `s_j = sum_i w_i (1/m) sum_l [z_i^l = j] x_i`.

    Args:
        x: `[N, D]`.
        weights: `[N]`.
        samples: `[N, m]` int32, the codes `z_i^l`.
        num_codes: K.

    Returns:
        counts `[K]` and sums `[K, D]`.

    Example:
        >>> x, samples = ops.array([[1.0], [3.0]]), ops.array([[0, 0], [0, 1]])
        >>> counts, sums = code_statistics(x, ops.ones(2), samples, num_codes=2)
        >>> np.asarray(counts), np.asarray(sums[:, 0])
        (array([1.5, 0.5], dtype=float32), array([2.5, 1.5], dtype=float32))
    """
    num_samples = samples.shape[-1]
    # Divided at the end: whole numbers add up exactly in float32, tenths do not.
    each = ops.repeat(ops.broadcast_to(weights, ops.shape(x)[:-1]), num_samples, axis=-1)
    rows = ops.repeat(weights[:, None] * x, num_samples, axis=-2)
    leading, dim = x.shape[:-2], x.shape[-1]
    codes = ops.reshape(_row_numbers(samples, len(leading), num_codes), (-1,))
    num_segments = math.prod(leading) * num_codes
    counts = ops.segment_sum(ops.reshape(each, (-1,)), codes, num_segments) / num_samples
    sums = ops.segment_sum(ops.reshape(rows, (-1, dim)), codes, num_segments) / num_samples
    return ops.reshape(counts, (*leading, num_codes)), ops.reshape(sums, (*leading, num_codes, dim))


def posterior_statistics(x: Tensor, weights: Tensor, posterior: Tensor) -> tuple[Tensor, Tensor]:
    """What the M-step needs, from the exact posterior `[N, K]`: counts `[K]` and sums `[K, D]`.

    Example:
        >>> x, posterior = ops.array([[1.0], [3.0]]), ops.array([[1.0, 0.0], [0.5, 0.5]])
        >>> counts, sums = posterior_statistics(x, ops.ones(2), posterior)
        >>> np.asarray(counts), np.asarray(sums[:, 0])
        (array([1.5, 0.5], dtype=float32), array([2.5, 1.5], dtype=float32))
    """
    weighted = weights[:, None] * posterior
    return ops.sum(weighted, axis=-2), ops.matmul(ops.swapaxes(weighted, -1, -2), x)


def ema(average: Tensor, value: Tensor, decay: float) -> Tensor:
    """One step of an exponential moving average: `decay * average + (1 - decay) * value`.

    Example:
        >>> ema(4.0, 8.0, decay=0.75)
        5.0
    """
    return decay * average + (1.0 - decay) * value


def smoothed_counts(counts: Tensor, epsilon: float) -> Tensor:
    """Counts `[K]` with Laplace smoothing, same total: `(N_j + eps) / (N + K eps) * N`.

    Example:
        >>> np.asarray(smoothed_counts(ops.array([0.0, 6.0]), epsilon=1.0))
        array([0.75, 5.25], dtype=float32)
    """
    total = ops.sum(counts, axis=-1, keepdims=True)
    return (counts + epsilon) / (total + counts.shape[-1] * epsilon) * total


def codebook_from(counts: Tensor, sums: Tensor, epsilon: float, codebook: Tensor) -> Tensor:
    """The M-step: `e_j = S_j / N~_j`, with the smoothed counts `N~`.

    Args:
        counts: `[K]`, the (averaged) counts.
        sums: `[K, D]`, the (averaged) sums.
        epsilon: the smoothing.
        codebook: `[K, D]`, the codebook so far. A code whose count is 0 stays where it was,
            because nothing is known about it.

    Returns:
        `[K, D]`.

    Example:
        >>> counts, sums = ops.array([2.0, 0.0]), ops.array([[6.0], [0.0]])
        >>> np.asarray(codebook_from(counts, sums, 0.0, codebook=ops.ones((2, 1))))
        array([[3.],
               [1.]], dtype=float32)
    """
    used = (counts > 0)[..., None]
    denominator = ops.where(used, smoothed_counts(counts, epsilon)[..., None], 1.0)
    return ops.where(used, sums / denominator, codebook)


def dead_codes(counts: Tensor, threshold: float) -> Tensor:
    """Which codes have less than `threshold` times the mean count, `[K]` bool.

    Example:
        >>> np.asarray(dead_codes(ops.array([0.1, 2.0, 3.9]), threshold=0.1))
        array([ True, False, False])
    """
    return counts < threshold * ops.mean(counts, axis=-1, keepdims=True)


def replace_codes(
    counts: Tensor, sums: Tensor, replaced: Tensor, vectors: Tensor, count: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    """Counts and sums from which `codebook_from` puts the replaced codes at the given vectors.

    Args:
        counts: `[K]`.
        sums: `[K, D]`.
        replaced: `[K]` bool.
        vectors: `[K, D]`, where the replaced codes go.
        count: `[1]`, the count that each replaced code starts with.
        epsilon: the smoothing of `codebook_from`.

    Returns:
        counts `[K]` and sums `[K, D]`.

    Example:
        >>> counts, sums = ops.array([0.0, 4.0]), ops.ones((2, 1))
        >>> replaced, vectors = ops.array([True, False]), ops.full((2, 1), 5.0)
        >>> counts, sums = replace_codes(counts, sums, replaced, vectors, ops.ones(1), epsilon=0.0)
        >>> np.asarray(codebook_from(counts, sums, 0.0, codebook=ops.zeros((2, 1))))
        array([[5.  ],
               [0.25]], dtype=float32)
    """
    counts = ops.where(replaced, count, counts)
    denominator = smoothed_counts(counts, epsilon)[..., None]
    return counts, ops.where(replaced[..., None], vectors * denominator, sums)


def kmeans_plus_plus(x: Tensor, weights: Tensor, num_codes: int, uniforms: Tensor) -> Tensor:
    """A start for k-means: rows of `x`, each drawn by its squared distance to those before.

    With fewer distinct valid rows than codes, the remaining codes repeat rows. It is a loop of K
    short steps, so that on TensorFlow it should be part of a `tf.function` if K is large.
    Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.

    Args:
        x: `[N, D]`, N known when traced.
        weights: `[N]`.
        num_codes: K.
        uniforms: `[K]`, uniform in [0, 1).

    Returns:
        `[K, D]`.

    Example:
        >>> x, uniforms = keras.random.normal((100, 16)), keras.random.uniform((8,))
        >>> tuple(kmeans_plus_plus(x, ops.ones(100), 8, uniforms).shape)
        (8, 16)
    """

    mean = ops.sum(weights[:, None] * x, axis=0) / ops.maximum(ops.sum(weights), 1.0)
    # Distances by a product take one pass over the vectors, which is what the time goes into. In
    # such a difference of squares digits cancel, and fewer do when the vectors lie around zero.
    centered = x - mean
    squares = ops.sum(ops.square(centered), axis=-1)

    def draw(number, state):
        rows, nearest = state
        chances = ops.where(ops.sum(nearest) > 0, nearest, weights)
        # For one draw from one row the plain inverse CDF is quicker. Rounding may leave no row
        # beyond the target; then it is the last possible one.
        reached, possible = ops.cumsum(chances), chances > 0
        beyond = ops.logical_and(possible, reached > ops.take(uniforms, number) * reached[-1])
        last = ops.max(ops.where(possible, indices, 0))
        row = ops.min(ops.where(beyond, indices, last))
        logits = distance_logits(centered, ops.take(centered, row, axis=0)[None])[:, 0]
        rows = ops.where(ops.equal(numbers, number), row, rows)
        return rows, ops.minimum(nearest, weights * ops.maximum(squares - logits, 0.0))

    numbers, indices = (ops.arange(size, dtype="int32") for size in (num_codes, x.shape[0]))
    # No squared distance exceeds this bound, so the first draw is uniform and then forgotten.
    bound = 4.0 * ops.max(weights * squares)
    rows, _ = ops.fori_loop(0, num_codes, draw, (ops.zeros_like(numbers), bound * weights))
    return ops.take(x, rows, axis=0)


def lloyd(x: Tensor, weights: Tensor, codebook: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Runs Lloyd's iterations of k-means; a code that no vector is nearest to stays in place.

    Returns:
        codebook `[K, D]`, and counts `[K]` of the last assignment.

    Example:
        >>> x, start = ops.array([[0.0], [2.0], [9.0]]), ops.array([[0.0], [8.0]])
        >>> codebook, counts = lloyd(x, ops.ones(3), start, iterations=2)
        >>> np.asarray(codebook[:, 0]), np.asarray(counts)
        (array([1., 9.], dtype=float32), array([2., 1.], dtype=float32))
    """
    num_codes = codebook.shape[0]
    for _ in range(iterations):
        codes = hard_assignment(x, codebook)
        counts, sums = code_statistics(x, weights, codes[:, None], num_codes)
        codebook = codebook_from(counts, sums, 0.0, codebook)
    return codebook, counts


def posterior_mean(x: Tensor, codebook: Tensor, temperature: Tensor | float) -> Tensor:
    """The mean code under the posterior `softmax_j(-|x - e_j|^2 / temperature)`, with gradients.

    Args:
        x: `[N, D]`.
        codebook: `[K, D]`.
        temperature: scalar, more than 0; of several codebooks, one for all or one each.

    Returns:
        `[N, D]`.

    Example:
        >>> np.asarray(posterior_mean(ops.array([[1.0]]), ops.array([[0.0], [2.0]]), 2.0))
        array([[1.]], dtype=float32)
    """
    # Vectors and codes are divided by the temperature, which costs less than dividing `[N, K]`.
    scale = ops.rsqrt(_over_rows(temperature))
    logits = distance_logits(scale * x, scale * codebook)
    return ops.matmul(ops.softmax(logits, axis=-1), codebook)


def straight_through(x: Tensor, quantized: Tensor) -> Tensor:
    """`quantized` in the forward pass, with the gradient of `x`: `x + sg(quantized - x)`.

    Written so that the value is `quantized` to the last bit: `x - sg(x)` is exactly 0.

    Example:
        >>> np.asarray(straight_through(ops.array([0.3]), ops.array([1.0])))
        array([1.], dtype=float32)
    """
    return ops.stop_gradient(quantized) + (x - ops.stop_gradient(x))


def perplexity(counts: Tensor) -> Tensor:
    """Effective number of codes in use: exp of the entropy of the counts `[K]`; 1 if all are 0.

    Example:
        >>> print(round(float(perplexity(ops.array([5.0, 5.0, 0.0, 0.0]))), 4))
        2.0
    """
    share = counts / ops.maximum(ops.sum(counts, axis=-1, keepdims=True), 1e-12)
    return ops.exp(-ops.sum(share * ops.log(ops.maximum(share, 1e-12)), axis=-1))
