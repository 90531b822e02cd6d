import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from t2t_vq.bottlenecks import GumbelAssignment, SoftAssignment, VectorQuantizer

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def softmax(logits):
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def assigned(assignment, x, codebook, training=True, uniforms=None):
    draw = (
        (lambda shape: uniforms)
        if uniforms is not None
        else (lambda shape: RNG.random(shape, dtype="float32"))
    )
    return assignment(x, np.ones(len(x), "float32"), codebook, 0, draw, training)


def negative_distances(x, codebook):
    return -((x[:, None] - codebook[None]) ** 2).sum(-1)


def test_a_relaxed_sample_is_the_softmax_of_noisy_logits():
    x, codebook, uniforms = (
        normal(4, 3),
        normal(5, 3),
        RNG.uniform(0.1, 0.9, (4, 5)).astype("float32"),
    )
    result = assigned(GumbelAssignment(temperature=0.7), x, codebook, uniforms=uniforms)
    noisy = negative_distances(x, codebook) - np.log(-np.log(uniforms))
    share = softmax(noisy / 0.7)
    np.testing.assert_allclose(result.quantized, share @ codebook, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(result.counts, share.sum(0), rtol=1e-4)
    np.testing.assert_allclose(result.sums, share.T @ x, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(ops.convert_to_numpy(result.samples)[:, 0], noisy.argmax(-1))


def test_the_codes_of_relaxed_samples_follow_the_posterior():
    # The reference's logits have the wrong sign in one of its kinds, where the farthest code wins.
    x, codebook = np.tile(normal(1, 2), (4000, 1)), normal(4, 2)
    samples = ops.convert_to_numpy(assigned(GumbelAssignment(), x, codebook).samples)[:, 0]
    posterior = softmax(negative_distances(x[:1].astype("float64"), codebook))[0]
    observed = np.bincount(samples, minlength=4)
    assert stats.chisquare(observed, posterior * 4000).pvalue > 1e-3


def test_a_hard_relaxed_sample_is_one_code():
    x, codebook = normal(6, 3), normal(5, 3)
    result = assigned(GumbelAssignment(hard=True), x, codebook)
    samples = ops.convert_to_numpy(result.samples)[:, 0]
    np.testing.assert_allclose(result.quantized, codebook[samples], rtol=1e-5, atol=1e-6)


def test_divergence_from_the_uniform_distribution_by_hand():
    # Two codes as near as each other: no divergence. One code far away: log 2.
    x, codebook = np.array([[0.0], [50.0]], "float32"), np.array([[-50.0], [50.0]], "float32")
    for training in (False, True):
        result = assigned(GumbelAssignment(kl_weight=3.0), x, codebook, training)
        np.testing.assert_allclose(result.loss, [0.0, 3 * np.log(2)], atol=1e-5)


def test_gradients_reach_vectors_and_codebook_through_a_relaxed_sample(tf):
    layer = VectorQuantizer(
        5, assignment=GumbelAssignment(), learning="gradient", beta=0.0, restart_threshold=0
    )
    layer.start(normal(5, 3))
    x = tf.constant(normal(1, 6, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer.forward_pass(x, training=True).output.dense ** 2)
    for gradient in tape.gradient(loss, [x, layer.codebook.value]):
        gradient = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 1e-4


@pytest.mark.parametrize(
    "assignment",
    [SoftAssignment(4, temperature=1.5, through_posterior=True), GumbelAssignment(temperature=0.7)],
)
def test_the_codebook_loss_moves_the_codes_taken_and_no_vector(tf, assignment):
    layer = VectorQuantizer(5, assignment=assignment, learning="gradient", beta=0.0)
    codebook, x = normal(5, 3), tf.constant(normal(1, 1, 3))
    layer.start(codebook)
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = layer.forward_pass(x, training=True)
    to_vector, to_codes = tape.gradient(
        result.loss, [x, layer.codebook.value], unconnected_gradients="zero"
    )
    np.testing.assert_array_equal(to_vector, np.zeros((1, 1, 3)))
    # The loss is |x - q|^2 / 3 with q the codes' mean by their shares in the only vector.
    shares = result.statistics["counts"].numpy()
    expected = -2 / 3 * shares[:, None] * (x[0].numpy() - shares @ codebook)
    np.testing.assert_allclose(tf.convert_to_tensor(to_codes), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("num_samples", [1, 4, None])
def test_through_the_posterior_goes_the_gradient_of_its_mean_and_of_nothing_else(tf, num_samples):
    codebook, x, slope = normal(5, 3), normal(1, 6, 3), normal(1, 6, 3)
    found = {}
    for through in (False, True):
        assignment = SoftAssignment(num_samples, temperature=1.5, through_posterior=through)
        layer = VectorQuantizer(5, assignment=assignment)
        layer.start(codebook)
        vectors = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            dense = layer.forward_pass(vectors, training=True).output.dense
            value = tf.reduce_sum(dense * slope)
        found[through] = dense.numpy(), tape.gradient(value, vectors).numpy()[0]
    np.testing.assert_array_equal(found[True][0], found[False][0])
    np.testing.assert_allclose(found[False][1], slope[0], rtol=1e-6)
    # The derivative of a posterior's mean is 2 / temperature times its covariance.
    posterior = softmax(negative_distances(x[0], codebook) / 1.5)
    centred = codebook[None] - (posterior @ codebook)[:, None]
    along = np.einsum("nkd,nd->nk", centred, slope[0])
    expected = 2 / 1.5 * np.einsum("nk,nk,nkd->nd", posterior, along, centred)
    np.testing.assert_allclose(found[True][1], expected, rtol=1e-3, atol=1e-5)


def test_evaluation_takes_the_most_probable_code_and_no_noise():
    x, codebook = normal(6, 3), normal(5, 3)
    nearest = negative_distances(x, codebook).argmax(-1)
    for assignment in (GumbelAssignment(), SoftAssignment(3, temperature=100.0)):
        result = assigned(assignment, x, codebook, training=False)
        np.testing.assert_array_equal(result.codes, nearest)
        np.testing.assert_array_equal(result.quantized, codebook[nearest])


def test_a_temperature_schedule_follows_the_updates():
    schedule = keras.optimizers.schedules.PolynomialDecay(50.0, 10, end_learning_rate=1e-3)
    layer = VectorQuantizer(
        8, assignment=SoftAssignment(5, temperature=schedule), restart_threshold=0
    )
    layer.start(normal(8, 3))
    x, entropies = normal(2, 5, 3), []
    for _ in range(11):
        statistics = layer.forward_pass(x, training=True).statistics
        entropies.append(float(layer.describe(statistics)["posterior_entropy"]))
        layer.update(statistics)
    assert entropies[0] > 1.5 and entropies[10] < 1e-3
    assert entropies == sorted(entropies, reverse=True)


@pytest.mark.parametrize("assignment", [SoftAssignment, GumbelAssignment])
def test_a_temperature_of_zero_is_refused(assignment):
    with pytest.raises(ValueError, match="temperature=0 must be more than 0"):
        assignment(temperature=0)
