import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats
from sklearn.cluster import KMeans

from t2t_vq import em

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def squared_distances(x, codebook):
    return ((x[:, None] - codebook[None]) ** 2).sum(-1)


def softmax(logits):
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def numpy(*tensors):
    return tuple(ops.convert_to_numpy(tensor) for tensor in tensors)


def test_distance_logits_are_negative_distances_up_to_the_vectors_norm():
    x, codebook = normal(7, 3), normal(5, 3)
    logits = em.distance_logits(x, codebook) - ops.sum(ops.square(x), axis=-1, keepdims=True)
    np.testing.assert_allclose(logits, -squared_distances(x, codebook), rtol=1e-4, atol=1e-5)


def test_hard_assignment_finds_the_nearest_code_and_breaks_ties_by_the_first():
    x, codebook = normal(50, 3), normal(9, 3)
    nearest = squared_distances(x, codebook).argmin(-1)
    np.testing.assert_array_equal(em.hard_assignment(x, codebook), nearest)
    assert ops.convert_to_numpy(em.hard_assignment(x, codebook[[4, 4, 4]])).max() == 0


@pytest.mark.parametrize("num_codes", [1, 2, 5, 16, 257, 1000])
def test_samples_follow_the_posterior(num_codes):
    logits = 2.0 * normal(1, num_codes)
    probabilities = softmax(logits.astype("float64"))[0]
    rows, draws = 100, 200
    uniforms = RNG.uniform(size=(rows, draws)).astype("float32")
    samples = em.sample_codes(np.repeat(logits, rows, axis=0), uniforms)
    observed = np.bincount(ops.convert_to_numpy(samples).ravel(), minlength=num_codes)
    assert len(observed) == num_codes
    # The chi-square test wants five expected draws in a cell: merge the rarest codes into one.
    expected = probabilities * rows * draws
    order = np.argsort(expected)
    cells = np.cumsum(expected[order]) // 5
    first = np.unique(cells[expected[order] < 5], return_index=True)[1]
    cuts = np.r_[first, np.arange((expected < 5).sum(), num_codes)].astype(int)
    merged_expected = np.add.reduceat(expected[order], cuts)
    merged_observed = np.add.reduceat(observed[order], cuts)
    if len(cuts) > 1:
        assert stats.chisquare(merged_observed, merged_expected).pvalue > 1e-3


def test_a_tiny_probability_is_drawn_as_often_as_it_should():
    # Code 300 has probability 1e-4, in a block of its own among blocks of probability 0.
    logits = np.full((500, 333), -200.0, "float32")
    logits[:, 7], logits[:, 300] = 0.0, np.log(1e-4 / (1 - 1e-4))
    uniforms = RNG.uniform(size=(500, 1000)).astype("float32")
    samples = ops.convert_to_numpy(em.sample_codes(logits, uniforms))
    assert set(np.unique(samples)) == {7, 300}
    assert stats.binomtest(int((samples == 300).sum()), samples.size, 1e-4).pvalue > 1e-3


@pytest.mark.parametrize("num_codes", [3, 17, 300])
def test_extreme_uniform_numbers_draw_neither_impossible_nor_missing_codes(num_codes):
    logits = normal(64, num_codes)
    possible = RNG.uniform(size=logits.shape) < 0.2
    possible[:, 1] = True
    logits[~possible] = -1e4
    largest = np.nextafter(np.float32(1), np.float32(0))
    uniforms = np.tile(np.array([[0.0, 1e-45, 0.5, largest, 1.0]], "float32"), (64, 1))
    samples = ops.convert_to_numpy(em.sample_codes(logits, uniforms))
    assert samples.max() < num_codes
    assert np.take_along_axis(possible, samples, axis=1).all()


@pytest.mark.parametrize("compiled", [False, True])
def test_chunks_of_any_number_of_rows_give_the_same_codes(tf, monkeypatch, compiled):
    codebook, x = normal(37, 6), normal(50, 6)
    uniforms = RNG.uniform(size=(50, 4)).astype("float32")

    def assigned(chunk):
        monkeypatch.setattr(em, "CHUNK_ROWS", chunk)
        monkeypatch.setattr(em, "CHUNK_LOGITS", chunk)

        def assign(x, uniforms):
            codes = em.hard_assignment(x, codebook)
            return codes, *em.soft_assignment(x, codebook, 2.0, uniforms)

        # The number of rows is unknown when traced.
        signature = [tf.TensorSpec([None, 6]), tf.TensorSpec([None, 4])]
        assign = tf.function(assign, jit_compile=compiled, input_signature=signature)
        return [numpy(*assign(x[:rows], uniforms[:rows])) for rows in (1, 9, 50)]

    for whole, chunked in zip(assigned(512), assigned(8), strict=True):
        for one, other in zip(whole[:3], chunked[:3], strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(whole[3], chunked[3], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("device", "heights"), [("gpu:0", []), ("cpu:0", [1024])])
def test_an_accelerator_gets_larger_chunks(monkeypatch, device, heights):
    seen, original = [], ops.map
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: [device])
    monkeypatch.setattr(ops, "map", lambda f, x: seen.append(x[0].shape[1]) or original(f, x))
    em.hard_assignment(normal(4096, 3), normal(1024, 3))
    assert seen == heights


@pytest.mark.parametrize("chunk", [4, 512])
def test_codebooks_side_by_side_assign_as_each_does_alone(monkeypatch, chunk):
    monkeypatch.setattr(em, "CHUNK_ROWS", chunk)
    monkeypatch.setattr(em, "CHUNK_LOGITS", chunk)
    x, codebooks = normal(3, 50, 6), normal(3, 37, 6)
    uniforms = RNG.uniform(size=(3, 50, 4)).astype("float32")
    nearest = np.stack([squared_distances(x[i], codebooks[i]).argmin(-1) for i in range(3)])
    np.testing.assert_array_equal(em.hard_assignment(x, codebooks), nearest)
    codes, samples, entropy = numpy(*em.soft_assignment(x, codebooks, 2.0, uniforms))
    np.testing.assert_array_equal(codes, nearest)
    for i in range(3):
        logits = -squared_distances(x[i], codebooks[i]) / 2.0
        np.testing.assert_array_equal(samples[i], em.sample_codes(logits, uniforms[i]))
        posterior = softmax(logits.astype("float64"))
        np.testing.assert_allclose(entropy[i], stats.entropy(posterior, axis=-1), rtol=1e-4)


def test_codes_are_taken_from_their_own_codebook():
    codebooks, codes = normal(3, 5, 2), RNG.integers(5, size=(3, 7, 4)).astype("int32")
    expected = np.stack([codebooks[i][codes[i]] for i in range(3)])
    np.testing.assert_array_equal(em.take(codebooks, codes), expected)
    np.testing.assert_array_equal(em.take(codebooks[0], codes[0]), expected[0])


def test_statistics_of_codebooks_side_by_side():
    x, weights = normal(3, 6, 2), np.array([1, 1, 0, 1, 1, 0], "float32")
    samples = RNG.integers(5, size=(3, 6, 4)).astype("int32")
    shares = (samples[..., None] == np.arange(5)).mean(2) * weights[:, None]
    for statistics in (
        em.code_statistics(x, weights, samples, 5),
        em.posterior_statistics(x, weights, shares.astype("float32")),
    ):
        counts, sums = numpy(*statistics)
        np.testing.assert_allclose(counts, shares.sum(1), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(sums, np.einsum("cnk,cnd->ckd", shares, x), rtol=1e-4, atol=1e-5)


def test_codebooks_side_by_side_move_as_each_does_alone():
    counts, codebooks = RNG.uniform(size=(2, 3, 6)).astype("float32"), normal(2, 3, 6, 2)
    counts[:, 1, 4] = 0.0
    (counts, _), (codebooks, vectors) = counts, codebooks
    sums, first = normal(3, 6, 2), counts.mean(-1, keepdims=True)
    dead = ops.convert_to_numpy(em.dead_codes(counts, 0.5))
    np.testing.assert_array_equal(dead, counts < 0.5 * first)
    total = counts.sum(-1, keepdims=True)
    smoothed = (counts + 0.1) / (total + 0.6) * total
    np.testing.assert_allclose(em.smoothed_counts(counts, 0.1), smoothed, rtol=1e-5)
    moved = np.where(counts[..., None] > 0, sums / smoothed[..., None], codebooks)
    np.testing.assert_allclose(em.codebook_from(counts, sums, 0.1, codebooks), moved, rtol=1e-5)
    new = numpy(*em.replace_codes(counts, sums, dead, vectors, first, 0.1))
    codebook = ops.convert_to_numpy(em.codebook_from(*new, 0.1, codebooks))
    np.testing.assert_allclose(codebook[dead], vectors[dead], rtol=1e-4)


def test_soft_assignment_agrees_with_the_functions_of_its_logits():
    x, codebook = normal(40, 3), normal(19, 3)
    uniforms = RNG.uniform(size=(40, 6)).astype("float32")
    codes, samples, entropy = numpy(*em.soft_assignment(x, codebook, 0.7, uniforms))
    logits = -squared_distances(x, codebook) / 0.7
    posterior = softmax(logits.astype("float64"))
    np.testing.assert_array_equal(codes, posterior.argmax(-1))
    np.testing.assert_array_equal(samples, em.sample_codes(logits, uniforms))
    np.testing.assert_allclose(entropy, stats.entropy(posterior, axis=-1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rows", [5, em.CHUNK_ROWS + 5])
def test_no_uniform_numbers_draw_no_samples(rows):
    x, nothing = normal(rows, 3), np.zeros((rows, 0), "float32")
    codes, samples, _ = em.soft_assignment(x, normal(2 * em.CHUNK_ROWS, 3), 1.0, nothing)
    assert (codes.shape, samples.shape) == ((rows,), (rows, 0))


def test_no_gradient_enters_an_assignment_but_the_codebook_learns_from_what_is_taken(tf):
    x, codebook = tf.constant(normal(20, 3)), tf.constant(normal(5, 3))
    uniforms = tf.constant(RNG.uniform(size=(20, 2)).astype("float32"))

    @tf.function(jit_compile=True)
    def gradients():
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, codebook])
            _, samples, entropy = em.soft_assignment(x, codebook, 1.0, uniforms)
            taken = ops.sum(ops.take(codebook, samples, axis=0))
            entropy = ops.sum(entropy)
        counts, _ = em.code_statistics(x, tf.ones(20), samples, 5)
        from_codes = tf.convert_to_tensor(tape.gradient(taken, codebook))
        return counts, from_codes, tape.gradient(entropy, [x, codebook])

    counts, from_codes, from_entropy = gradients()
    np.testing.assert_allclose(from_codes, 2 * np.tile(counts[:, None], 3), rtol=1e-6)
    assert from_entropy == [None, None]


def test_nan_chooses_a_code_that_exists():
    logits = np.full((2, 5), np.nan, "float32")
    assert ops.convert_to_numpy(em.most_probable(logits)).max() < 5


def test_samples_of_a_large_codebook_follow_a_steep_posterior():
    # 65,536 codes whose probabilities span seven orders of magnitude, compared in 16 ranges.
    num_codes = 65_536
    logits = np.linspace(-16.0, 0.0, num_codes, dtype="float32")[None]
    RNG.shuffle(logits[0])
    uniforms = RNG.uniform(size=(1, 400_000)).astype("float32")
    samples = ops.convert_to_numpy(em.sample_codes(logits, uniforms))[0]
    order = np.argsort(logits[0])
    expected = softmax(logits.astype("float64"))[0][order].reshape(16, -1).sum(-1) * samples.size
    observed = np.bincount(samples, minlength=num_codes)[order].reshape(16, -1).sum(-1)
    few = (expected < 5).sum() + 1
    cuts = np.r_[0, few:16]
    merged = [np.add.reduceat(counts, cuts) for counts in (observed, expected)]
    assert stats.chisquare(*merged).pvalue > 1e-3


def test_entropy_of_uniform_and_one_hot_posteriors():
    logits = np.array([[0.0] * 8, [0.0] + [-1e4] * 7], "float32")
    np.testing.assert_allclose(em.posterior_entropy(logits), [np.log(8), 0.0], atol=1e-6)


def test_statistics_count_every_sample_and_skip_padding():
    x, weights = normal(4, 2), np.array([1, 1, 0, 1], "float32")
    samples = np.array([[0, 0], [0, 2], [1, 1], [2, 2]], "int32")
    counts, sums = numpy(*em.code_statistics(x, weights, samples, 4))
    np.testing.assert_allclose(counts, [1.5, 0, 1.5, 0])
    np.testing.assert_allclose(sums[0], x[0] + x[1] / 2, rtol=1e-6)
    np.testing.assert_allclose(sums[2], x[1] / 2 + x[3], rtol=1e-6)
    assert not sums[[1, 3]].any()


def test_statistics_of_very_many_samples_stay_exact():
    # Tenths added to 65,536 one by one would be off by a percent.
    rows = np.ones((65_536, 1), "float32")
    samples = np.zeros((65_536, 10), "int32")
    counts, sums = numpy(*em.code_statistics(rows, rows[:, 0], samples, 2))
    np.testing.assert_array_equal(counts, [65_536, 0])
    np.testing.assert_array_equal(sums, [[65_536], [0]])


def test_many_samples_approach_the_posterior_statistics():
    x, codebook, weights = normal(20, 2), normal(6, 2), np.ones(20, "float32")
    logits = em.posterior_logits(x, codebook, 2.0)
    samples = em.sample_codes(logits, RNG.uniform(size=(20, 4000)).astype("float32"))
    sampled = numpy(*em.code_statistics(x, weights, samples, 6))
    exact = numpy(*em.posterior_statistics(x, weights, ops.softmax(logits)))
    np.testing.assert_allclose(sampled[0], exact[0], atol=0.1)
    np.testing.assert_allclose(sampled[1], exact[1], atol=0.2)


def test_smoothing_by_hand():
    # N = 4, eps = .5, K = 2: (3.5, 1.5) * 4 / 5 = (2.8, 1.2).
    counts, sums = np.array([3.0, 1.0], "float32"), np.array([[2.8], [2.4]], "float32")
    np.testing.assert_allclose(em.smoothed_counts(counts, 0.5), [2.8, 1.2], rtol=1e-6)
    codebook = em.codebook_from(counts, sums, 0.5, np.zeros((2, 1), "float32"))
    np.testing.assert_allclose(codebook, [[1.0], [2.0]], rtol=1e-6)


def test_moving_average_by_hand():
    assert float(em.ema(np.float32(10.0), np.float32(20.0), 0.9)) == pytest.approx(11.0)


def test_a_code_without_count_stays_in_place():
    counts, sums = np.array([2.0, 0.0], "float32"), np.array([[4.0], [0.0]], "float32")
    codebook = em.codebook_from(counts, sums, 0.0, np.array([[1.0], [7.0]], "float32"))
    np.testing.assert_allclose(codebook, [[2.0], [7.0]])


def test_replaced_codes_go_where_they_are_sent():
    counts, sums = np.array([4.0, 0.01, 3.99], "float32"), normal(3, 2)
    vectors = normal(3, 2)
    dead = em.dead_codes(counts, 0.1)
    np.testing.assert_array_equal(dead, [False, True, False])
    new_counts, new_sums = em.replace_codes(counts, sums, dead, vectors, 2.0, 1e-2)
    codebook = em.codebook_from(new_counts, new_sums, 1e-2, np.zeros((3, 2), "float32"))
    np.testing.assert_allclose(new_counts, [4.0, 2.0, 3.99])
    np.testing.assert_allclose(codebook[1], vectors[1], rtol=1e-5)


def test_no_threshold_finds_no_dead_code():
    assert not ops.convert_to_numpy(em.dead_codes(np.array([0.0, 5.0], "float32"), 0.0)).any()


def test_lloyd_agrees_with_scikit_learn():
    x, start = normal(200, 3), normal(5, 3)
    codebook, counts = numpy(*em.lloyd(x, np.ones(200, "float32"), start, 3))
    reference = KMeans(5, init=start, n_init=1, max_iter=3, tol=0, algorithm="lloyd").fit(x)
    np.testing.assert_allclose(codebook, reference.cluster_centers_, rtol=1e-4, atol=1e-5)
    assert counts.sum() == 200


def test_kmeans_plus_plus_takes_one_row_of_each_cluster_and_none_of_the_padding():
    centers = 100.0 * np.eye(6, dtype="float32")
    x = np.repeat(centers, 10, axis=0) + 0.1 * normal(60, 6)
    x = np.r_[x, np.full((10, 6), 1e3, "float32")]
    weights = np.r_[np.ones(60), np.zeros(10)].astype("float32")
    uniforms = RNG.uniform(size=6).astype("float32")
    codebook = ops.convert_to_numpy(em.kmeans_plus_plus(x, weights, 6, uniforms))
    assert sorted(squared_distances(codebook, centers).argmin(-1)) == list(range(6))
    assert squared_distances(codebook, centers).min(-1).max() < 10


def test_kmeans_plus_plus_finds_clusters_far_from_zero():
    x = 1e3 + np.repeat(np.eye(8, dtype="float32"), 20, axis=0) + 1e-3 * normal(160, 8)
    uniforms = RNG.uniform(size=8).astype("float32")
    codebook = ops.convert_to_numpy(em.kmeans_plus_plus(x, np.ones(160, "f4"), 8, uniforms))
    assert sorted((codebook - 1e3).argmax(-1)) == list(range(8))


def test_kmeans_plus_plus_repeats_rows_when_there_are_too_few():
    x, weights = np.array([[1.0], [2.0], [9.0]], "float32"), np.array([1, 1, 0], "float32")
    uniforms = RNG.uniform(size=5).astype("float32")
    codebook = ops.convert_to_numpy(em.kmeans_plus_plus(x, weights, 5, uniforms))
    assert set(codebook.ravel()) == {1.0, 2.0}


def test_straight_through_is_exact_and_passes_the_gradient(tf):
    x, quantized = tf.constant(1e4 * normal(3, 2)), tf.constant(normal(3, 2))
    with tf.GradientTape() as tape:
        tape.watch([x, quantized])
        output = em.straight_through(x, quantized)
        loss = tf.reduce_sum(3.0 * output)
    np.testing.assert_array_equal(output, quantized)
    gradients = tape.gradient(loss, [x, quantized])
    np.testing.assert_array_equal(gradients[0], 3.0 * np.ones((3, 2)))
    assert gradients[1] is None


def test_perplexity_of_even_and_single_use():
    counts = np.array([[2.0, 2.0, 2.0, 2.0], [5.0, 0, 0, 0], [0, 0, 0, 0]], "float32")
    np.testing.assert_allclose(em.perplexity(counts), [4.0, 1.0, 1.0], rtol=1e-5)
