"""The paper's equations as pure functions: distances, E-steps, M-step, moving averages, start.

Vector quantization by expectation-maximisation, after Roy et al., "Theory and Experiments on
Vector Quantized Autoencoders" (https://arxiv.org/abs/1805.11063). Throughout, `x` is `[N, D]`,
`weights` `[N]` is 1 for a valid vector and 0 for padding, and `codebook` is `[K, D]`. Vectors of
weight 0 must still be finite. Everything is float32, and random numbers are arguments, so that
the same numbers give the same codes eagerly, in a graph and under XLA.

`hard_assignment` and `soft_assignment` are whole E-steps that never hold `[N, K]`. The functions
of logits that they are made of serve kinds that need the posterior itself.
"""

import keras
from keras import ops

# On a CPU an E-step looks at so many logits at a time that they stay in its caches, but at enough
# rows that the matmul is worth its while. An accelerator would wait for each round of the loop, so
# there chunks are as large as memory should bear: half a gibibyte.
CHUNK_LOGITS = 1 << 20
CHUNK_ROWS = 512
ACCELERATOR_CHUNK_LOGITS = 1 << 27

# Columns that a draw looks at on each level: a compromise between few levels and few columns.
BLOCK = 8


def distance_logits(x, codebook):
    """Negative squared distances `[N, K]`, up to a constant for each row.

    `-|x - e|^2 + |x|^2 = 2 x.e - |e|^2`: the term in `|x|^2` cancels in argmax and softmax.
    """
    return 2.0 * ops.matmul(x, ops.transpose(codebook)) - ops.sum(ops.square(codebook), axis=-1)


def hard_assignment(x, codebook):
    """The E-step of k-means: every vector's nearest code. Ties go to the first.

    Args:
        x: `[N, D]`.
        codebook: `[K, D]`.

    Returns:
        `[N]` int32.
    """
    codebook = ops.stop_gradient(codebook)

    def nearest(x):
        return most_probable(distance_logits(x, codebook))

    return _in_chunks(nearest, codebook.shape[0], x)


def soft_assignment(x, codebook, temperature, uniforms):
    """The soft E-step: draws codes from the posterior `softmax_j(-|x - e_j|^2 / temperature)`.

    No gradient flows through it: codes have none, and the entropy is there to be watched. A
    codebook that learns by gradient gets it from `ops.take(codebook, samples, axis=0)`.

    Args:
        x: `[N, D]`.
        codebook: `[K, D]`.
        temperature: scalar, more than 0.
        uniforms: `[N, m]`, uniform in [0, 1); `[N, 0]` draws nothing.

    Returns:
        The most probable codes `[N]` int32, the drawn codes `[N, m]` int32, and the posterior's
        entropy `[N]` in nats.

    Example:

    >>> x, codebook = keras.random.normal((100, 16)), keras.random.normal((64, 16))
    >>> uniforms = keras.random.uniform((100, 10))
    >>> codes, samples, entropy = soft_assignment(x, codebook, 2.0, uniforms)
    >>> counts, sums = code_statistics(x, keras.ops.ones(100), samples, num_codes=64)
    """
    codebook = ops.stop_gradient(codebook)

    def draw(x, uniforms):
        logits = posterior_logits(x, codebook, temperature)
        relative = logits - ops.max(logits, axis=-1, keepdims=True)
        # The largest weight of a row is 1, so that no row's sum underflows.
        likelihood = ops.exp(relative)
        total = ops.sum(likelihood, axis=-1)
        entropy = ops.log(total) - ops.sum(likelihood * relative, axis=-1) / total
        return most_probable(logits), inverse_cdf(likelihood, uniforms), entropy

    return _in_chunks(draw, codebook.shape[0], x, uniforms)


def _in_chunks(e_step, num_codes, *rows):
    """Applies an E-step to chunks of rows, in a loop that may be compiled, and joins what it gives.

    Args:
        e_step: function of tensors `[n, ...]` that returns tensors `[n, ...]`.
        num_codes: K, known when traced.
        *rows: tensors `[N, D]`; N may be unknown when traced.
    """
    rows = [ops.stop_gradient(tensor) for tensor in rows]
    on_cpu = keras.distribution.list_devices()[0].startswith("cpu")
    chunk_logits = CHUNK_LOGITS if on_cpu else ACCELERATOR_CHUNK_LOGITS
    num_rows, largest = ops.shape(rows[0])[0], max(chunk_logits // num_codes, CHUNK_ROWS)
    if isinstance(num_rows, int) and num_rows <= largest:
        return e_step(*rows)
    # Chunks of equal height, at least one; the last is filled up with copies of the last row.
    num_chunks = num_rows // (largest + 1) + 1
    height = (num_rows + num_chunks - 1) // num_chunks
    padded = ops.minimum(ops.arange(num_chunks * height), num_rows - 1)

    def split(tensor):
        return ops.reshape(ops.take(tensor, padded, axis=0), (num_chunks, height, tensor.shape[-1]))

    def join(tensor):
        return ops.reshape(tensor, (num_chunks * height, *tensor.shape[2:]))[:num_rows]

    results = ops.map(lambda chunk: e_step(*chunk), tuple(split(tensor) for tensor in rows))
    return keras.tree.map_structure(join, results)


def posterior_logits(x, codebook, temperature):
    """The soft E-step: logits `[N, K]` of the posterior `softmax_j(-|x - e_j|^2 / temperature)`."""
    return distance_logits(x, codebook) / temperature


def most_probable(logits):
    """Index of each row's largest logit, `[N]` int32. Ties go to the first."""
    # A search for the maximum is several times as fast as XLA's argmax on a CPU.
    columns = ops.arange(logits.shape[-1], dtype="int32")
    largest = ops.max(logits, axis=-1, keepdims=True)
    return ops.min(ops.where(logits == largest, columns, columns[-1]), axis=-1)


def sample_codes(logits, uniforms):
    """Draws codes from the softmax of each row, by inverse CDF.

    Args:
        logits: `[N, K]`, finite.
        uniforms: `[N, m]`, uniform in [0, 1).

    Returns:
        `[N, m]` int32.
    """
    # The largest weight of a row is 1, so that no row's sum underflows.
    weights = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
    return inverse_cdf(weights, uniforms)


def inverse_cdf(weights, uniforms):
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
    """
    levels = []
    while not levels or weights.shape[-1] > 1:
        num_blocks = -(-weights.shape[-1] // BLOCK)
        if weights.shape[-1] % BLOCK:
            weights = ops.pad(weights, [[0, 0], [0, -weights.shape[-1] % BLOCK]])
        levels.append(ops.reshape(weights, (-1, num_blocks * BLOCK)))
        weights = ops.sum(ops.reshape(weights, (-1, num_blocks, BLOCK)), axis=-1)
    drawn, target = ops.zeros_like(uniforms, dtype="int32"), uniforms * weights
    for level in reversed(levels):
        drawn, target = _descend(level, drawn, target)
    return drawn


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


def posterior_entropy(logits):
    """Entropy of each row's softmax in nats, `[N]`."""
    log_posterior = ops.log_softmax(logits, axis=-1)
    return -ops.sum(ops.exp(log_posterior) * log_posterior, axis=-1)


def code_statistics(x, weights, samples, num_codes):
    """What the M-step needs, from drawn codes.

    `n_j = sum_i w_i (1/m) sum_l [z_i^l = j]` and `s_j = sum_i w_i (1/m) sum_l [z_i^l = j] x_i`.

    Args:
        x: `[N, D]`.
        weights: `[N]`.
        samples: `[N, m]` int32, the codes `z_i^l`.
        num_codes: K.

    Returns:
        counts `[K]` and sums `[K, D]`.
    """
    num_samples = samples.shape[-1]
    codes = ops.reshape(samples, (-1,))
    # Divided at the end: whole numbers add up exactly in float32, tenths do not.
    each = ops.repeat(weights, num_samples)
    rows = ops.repeat(weights[:, None] * x, num_samples, axis=0)
    counts = ops.segment_sum(each, codes, num_codes) / num_samples
    return counts, ops.segment_sum(rows, codes, num_codes) / num_samples


def posterior_statistics(x, weights, posterior):
    """What the M-step needs, from the exact posterior `[N, K]`: counts `[K]` and sums `[K, D]`."""
    weighted = weights[:, None] * posterior
    return ops.sum(weighted, axis=0), ops.matmul(ops.transpose(weighted), x)


def ema(average, value, decay):
    """One step of an exponential moving average: `decay * average + (1 - decay) * value`."""
    return decay * average + (1.0 - decay) * value


def smoothed_counts(counts, epsilon):
    """Counts `[K]` with Laplace smoothing, same total: `(N_j + eps) / (N + K eps) * N`."""
    total = ops.sum(counts)
    return (counts + epsilon) / (total + counts.shape[0] * epsilon) * total


def codebook_from(counts, sums, epsilon, codebook):
    """The M-step: `e_j = S_j / N~_j`, with the smoothed counts `N~`.

    Args:
        counts: `[K]`, the (averaged) counts.
        sums: `[K, D]`, the (averaged) sums.
        epsilon: the smoothing.
        codebook: `[K, D]`, the codebook so far. A code whose count is 0 stays where it was,
            because nothing is known about it.

    Returns:
        `[K, D]`.
    """
    used = (counts > 0)[:, None]
    denominator = ops.where(used, smoothed_counts(counts, epsilon)[:, None], 1.0)
    return ops.where(used, sums / denominator, codebook)


def dead_codes(counts, threshold):
    """Which codes have less than `threshold` times the mean count, `[K]` bool."""
    return counts < threshold * ops.mean(counts)


def replace_codes(counts, sums, replaced, vectors, count, epsilon):
    """Counts and sums from which `codebook_from` puts the replaced codes at the given vectors.

    Args:
        counts: `[K]`.
        sums: `[K, D]`.
        replaced: `[K]` bool.
        vectors: `[K, D]`, where the replaced codes go.
        count: scalar, the count that each replaced code starts with.
        epsilon: the smoothing of `codebook_from`.

    Returns:
        counts `[K]` and sums `[K, D]`.
    """
    counts = ops.where(replaced, count, counts)
    denominator = smoothed_counts(counts, epsilon)[:, None]
    return counts, ops.where(replaced[:, None], vectors * denominator, sums)


def kmeans_plus_plus(x, weights, num_codes, uniforms):
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


def lloyd(x, weights, codebook, iterations):
    """Runs Lloyd's iterations of k-means; a code that no vector is nearest to stays in place.

    Returns:
        codebook `[K, D]`, and counts `[K]` of the last assignment.
    """
    num_codes = codebook.shape[0]
    for _ in range(iterations):
        codes = hard_assignment(x, codebook)
        counts, sums = code_statistics(x, weights, codes[:, None], num_codes)
        codebook = codebook_from(counts, sums, 0.0, codebook)
    return codebook, counts


def straight_through(x, quantized):
    """`quantized` in the forward pass, with the gradient of `x`: `x + sg(quantized - x)`.

    Written so that the value is `quantized` to the last bit: `x - sg(x)` is exactly 0.
    """
    return ops.stop_gradient(quantized) + (x - ops.stop_gradient(x))


def perplexity(counts):
    """Effective number of codes in use: exp of the entropy of the counts `[K]`; 1 if all are 0."""
    share = counts / ops.maximum(ops.sum(counts), 1e-12)
    return ops.exp(-ops.sum(share * ops.log(ops.maximum(share, 1e-12))))
