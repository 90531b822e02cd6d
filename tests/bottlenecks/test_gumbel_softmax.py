import numpy as np
import pytest
from keras import ops
from keras.optimizers.schedules import PolynomialDecay
from scipy import stats

from t2t_vq.bottlenecks.gumbel_softmax import GumbelSoftmax

RNG = np.random.default_rng(0)
LOGITS = np.array([0.5, -1.0, 1.5, 0.0, -3.0], "float32")
POSTERIOR = np.exp(LOGITS) / np.exp(LOGITS).sum()


def with_logits(logits=LOGITS, **options):
    """A layer that gives these logits for a vector of ones."""
    layer = GumbelSoftmax(num_codes=len(logits), **options)
    layer.build((None, None, 4))
    layer.logits.kernel.assign(np.zeros(layer.logits.kernel.shape))
    layer.logits.bias.assign(np.tile(logits, layer.num_blocks))
    return layer


def ones(number):
    return np.ones((1, number, 4), "float32")


def test_evaluation_embeds_the_code_of_the_largest_logit():
    """Where T2T's parametrized kind has the sign wrong, and the farthest code wins."""
    layer = GumbelSoftmax(num_codes=6, num_blocks=2)
    x = RNG.normal(size=(2, 5, 4)).astype("float32")
    output = layer(x)
    logits = (x @ layer.logits.kernel.numpy()).reshape(2, 5, 2, 6)
    codes = logits.argmax(axis=-1)
    np.testing.assert_array_equal(output.codes, codes)
    np.testing.assert_array_equal(output.samples[..., 0], codes)
    table = layer.table.numpy().reshape(2, 6, 2)
    expected = np.concatenate([table[0][codes[..., 0]], table[1][codes[..., 1]]], axis=-1)
    np.testing.assert_array_equal(output.dense, expected)


@pytest.mark.parametrize("step", [0, 10**6])
def test_samples_are_exact_from_the_first_step_on(step):
    """T2T's noise starts at nearly nothing and grows."""
    layer = with_logits(temperature=0.1)
    layer.step.assign(step)
    samples = ops.convert_to_numpy(layer(ones(20_000), training=True).samples)
    counts = np.bincount(samples.ravel(), minlength=5)
    assert stats.chisquare(counts, 20_000 * POSTERIOR).pvalue > 0.01


def test_relaxed_samples_are_means_of_codes_that_harden_with_the_temperature():
    dense = {}
    for temperature in (1e-4, 1e4):
        layer = with_logits(temperature=temperature)
        output = layer(ones(50), training=True)
        dense[temperature] = ops.convert_to_numpy(output.dense)
    table, samples = layer.table.numpy(), ops.convert_to_numpy(output.samples)[..., 0, 0]
    np.testing.assert_allclose(dense[1e-4], table[samples], atol=1e-3)
    np.testing.assert_allclose(dense[1e4], np.tile(table.mean(axis=0), (1, 50, 1)), atol=1e-2)


def test_hard_samples_are_codes_with_the_gradient_of_relaxed_ones(tf):
    x = tf.constant(RNG.normal(size=(1, 20, 4)), "float32")
    gradients = []
    for hard in (False, True):
        layer = GumbelSoftmax(num_codes=5, hard=hard, kl_weight=0.0)
        layer.build(x.shape)
        layer.logits.kernel.assign(np.linspace(-1, 1, 20).reshape(4, 5))
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = layer.forward_pass(x, training=True).output
            total = tf.reduce_sum(output.dense)
        gradients.append(tape.gradient(total, x))
    np.testing.assert_allclose(output.dense, layer.embed(output.samples[..., 0]), rtol=1e-6)
    np.testing.assert_allclose(*gradients, rtol=1e-5)
    assert np.abs(gradients[0]).max() > 1e-3


@pytest.mark.parametrize("training", [False, True])
def test_loss_is_the_divergence_from_the_uniform_distribution(training):
    """T2T has no such term."""
    layer = with_logits(num_blocks=2, kl_weight=0.3)
    divergence = (POSTERIOR * np.log(5 * POSTERIOR)).sum()
    result = layer.forward_pass(ones(3), training=training)
    assert float(result.loss) == pytest.approx(0.3 * 2 * divergence, rel=1e-5)
    summary = layer.describe(result.statistics)
    assert float(summary["posterior_entropy"]) == pytest.approx(np.log(5) - divergence, rel=1e-5)
    uniform = with_logits(np.zeros(5, "float32"))
    assert float(uniform.forward_pass(ones(3)).loss) == pytest.approx(0, abs=1e-6)


def test_padding_counts_nowhere_whatever_it_holds():
    layer = GumbelSoftmax(num_codes=5)
    x = RNG.normal(size=(1, 6, 4)).astype("float32")
    mask = np.arange(6)[None] < 4
    layer.build(x.shape)
    masked = layer.forward_pass(np.where(mask[..., None], x, np.nan), mask)
    cut = layer.forward_pass(x[:, :4])
    assert float(masked.loss) == pytest.approx(float(cut.loss), rel=1e-5)
    for name, value in cut.statistics.items():
        np.testing.assert_allclose(masked.statistics[name], value, rtol=1e-5)


def test_temperature_may_follow_a_schedule():
    falling = with_logits(temperature=PolynomialDecay(4.0, 10, end_learning_rate=1.0))
    constant = with_logits(temperature=1.0)
    constant.table.assign(falling.table)
    for layer in (falling, constant):
        layer.step.assign(10)
    np.testing.assert_allclose(
        falling(ones(9), training=True).dense, constant(ones(9), training=True).dense, rtol=1e-6
    )


def test_one_code_carries_nothing_and_costs_nothing():
    layer = with_logits(np.zeros(1, "float32"))
    result = layer.forward_pass(ones(3), training=True)
    assert float(result.loss) == 0
    np.testing.assert_array_equal(result.output.codes, np.zeros((1, 3, 1)))
    np.testing.assert_allclose(result.output.dense, layer.embed(result.output.codes))


def test_options_out_of_range_are_refused():
    for option in ({"num_codes": 0}, {"num_blocks": 0}, {"temperature": 0.0}):
        with pytest.raises(ValueError, match=next(iter(option))):
            GumbelSoftmax(**option)
    with pytest.raises(ValueError, match="Choose another num_blocks"):
        GumbelSoftmax(num_blocks=3).build((None, None, 4))
