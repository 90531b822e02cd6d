"""The paper's equations as pure functions: distances, E-steps, M-step, moving averages, start.

Vector quantization by expectation-maximisation, after Roy et al., "Theory and Experiments on
Vector Quantized Autoencoders" (https://arxiv.org/abs/1805.11063). Throughout, `x` is `[N, D]`,
`weights` `[N]` is 1 for a valid vector and 0 for padding, and `codebook` is `[K, D]`. Vectors of
weight 0 must still be finite. Everything is float32, and random numbers are arguments, so that
the same numbers give the same codes eagerly, in a graph and under XLA.
"""

from keras import ops


def distance_logits(x, codebook):
    """Negative squared distances `[N, K]`, up to a constant for each row.

    `-|x - e|^2 + |x|^2 = 2 x.e - |e|^2`: the term in `|x|^2` cancels in argmax and softmax.
    """
    return 2.0 * ops.matmul(x, ops.transpose(codebook)) - ops.sum(ops.square(codebook), axis=-1)


def hard_assignment(x, codebook):
    """Nearest code of every vector, `[N]` int32: the E-step of k-means. Ties go to the first."""
    return most_probable(distance_logits(x, codebook))


def posterior_logits(x, codebook, temperature):
    """The soft E-step: logits `[N, K]` of the posterior `softmax_j(-|x - e_j|^2 / temperature)`."""
    return distance_logits(x, codebook) / temperature


def most_probable(logits):
    """Index of each row's largest logit, `[N]` int32."""
    return ops.cast(ops.argmax(logits, axis=-1), "int32")


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

    Works on two levels: first a block of about sqrt(K) columns, then a column inside it. That
    needs a tensor of `[N, m, sqrt(K)]` where a plain comparison would need `[N, m, K]`. A column
    of weight 0 is never drawn, unless its whole row is 0: then the first one is.

    Args:
        weights: `[N, K]`, not negative, K known when traced.
        uniforms: `[N, m]`, uniform in [0, 1).

    Returns:
        `[N, m]` int32, below K.
    """
    num_columns = weights.shape[-1]
    width = 1 << ((num_columns - 1).bit_length() + 1) // 2
    num_blocks = -(-num_columns // width)
    if num_blocks * width > num_columns:
        weights = ops.pad(weights, [[0, 0], [0, num_blocks * width - num_columns]])
    blocks = ops.reshape(weights, (-1, num_blocks, width))

    mass = ops.sum(blocks, axis=-1)
    reached = ops.cumsum(mass, axis=-1)
    targets = uniforms * reached[:, -1:]
    drawn = _first_beyond(mass[:, None], reached[:, None], targets)

    # One index into the blocks of all rows: a plain gather is the fastest kind everywhere.
    first_block = ops.arange(ops.shape(weights)[0], dtype="int32")[:, None] * num_blocks
    flat = first_block + drawn
    inside = ops.take(ops.reshape(blocks, (-1, width)), flat, axis=0)
    before = ops.take(ops.reshape(reached - mass, (-1,)), flat, axis=0)
    column = _first_beyond(inside, ops.cumsum(inside, axis=-1), targets - before)
    return drawn * width + column


def _first_beyond(weights, reached, targets):
    """First column of positive weight whose cumulative weight exceeds the target, `[N, m]` int32.

    Rounding can leave none, or lift the cumulative weight at a column of weight 0 (parallel prefix
    sums need not be monotone): hence the explicit test, and the last positive column as a bound.
    """
    width = weights.shape[-1]
    columns = ops.arange(width, dtype="int32")
    positive = weights > 0
    beyond = ops.logical_and(positive, reached > targets[..., None])
    first = ops.min(ops.where(beyond, columns, width), axis=-1)
    last = ops.max(ops.where(positive, columns, 0), axis=-1)
    return ops.minimum(first, last)


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
    num_samples, dim = samples.shape[-1], x.shape[-1]
    share = weights / num_samples
    codes = ops.reshape(samples, (-1,))
    each = ops.broadcast_to(share[:, None], ops.shape(samples))
    counts = ops.segment_sum(ops.reshape(each, (-1,)), codes, num_codes)
    rows = ops.repeat((share[:, None] * x)[:, None], num_samples, axis=1)
    sums = ops.segment_sum(ops.reshape(rows, (-1, dim)), codes, num_codes)
    return counts, sums


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

    With fewer distinct valid rows than codes, the remaining codes repeat rows.
    Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.

    Args:
        x: `[N, D]`, N known when traced.
        weights: `[N]`.
        num_codes: K.
        uniforms: `[K]`, uniform in [0, 1).

    Returns:
        `[K, D]`.
    """

    def draw(number, state):
        rows, nearest = state
        chances = ops.where(ops.sum(nearest) > 0, nearest, weights)
        row = inverse_cdf(chances[None], ops.reshape(ops.take(uniforms, number), (1, 1)))[0, 0]
        distances = ops.sum(ops.square(x - ops.take(x, row, axis=0)), axis=-1)
        rows = ops.where(ops.equal(numbers, number), row, rows)
        return rows, ops.minimum(nearest, weights * distances)

    numbers = ops.arange(num_codes, dtype="int32")
    # No squared distance exceeds this bound, so the first draw is uniform and then forgotten.
    bound = 4.0 * ops.max(weights * ops.sum(ops.square(x), axis=-1))
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
