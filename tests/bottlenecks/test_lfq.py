import itertools

import numpy as np
import pytest
from keras.optimizers.schedules import PolynomialDecay

from t2t_vq.bottlenecks.lfq import LookupFreeQuantizer, bit_entropy, mean_posterior

RNG = np.random.default_rng(0)


def posterior(z, temperature):
    """NumPy oracle: `softmax_c(-|z - c|^2 / temperature)` over all corners, `[N, K]`."""
    corners = np.array(list(itertools.product([-1, 1], repeat=z.shape[-1])))[:, ::-1]
    logits = -((z[:, None] - corners) ** 2).sum(-1) / temperature
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def entropy(shares):
    return -(shares * np.log(shares)).sum(-1)


def test_scalars_become_their_signs(transparent):
    x = RNG.normal(size=(2, 5, 3)).astype("float32")
    output = transparent(LookupFreeQuantizer(num_codes=8))(x)
    np.testing.assert_array_equal(output.dense, np.sign(x))
    np.testing.assert_array_equal(output.codes[..., 0], (x > 0) @ [1, 2, 4])


@pytest.mark.parametrize("bits", [1, 4, 5])
def test_loss_and_entropy_are_those_of_the_posterior_over_all_codes(transparent, bits):
    layer = transparent(
        LookupFreeQuantizer(2**bits, beta=0.5, entropy_weight=0.3, diversity=0.7, temperature=2.0)
    )
    z = RNG.normal(size=(1, 40, bits)).astype("float32")
    result = layer.forward_pass(z, training=True)
    shares = posterior(z[0].astype("float64"), 2.0)
    expected = 0.5 * ((z - np.sign(z)) ** 2).mean()
    expected += 0.3 * (entropy(shares).mean() - 0.7 * entropy(shares.mean(axis=0)))
    assert float(result.loss) == pytest.approx(expected, rel=1e-4)
    summary = layer.describe(result.statistics)
    assert float(summary["posterior_entropy"]) == pytest.approx(entropy(shares).mean(), rel=1e-4)
    distance = np.sqrt(((z - np.sign(z)) ** 2).sum(-1)).mean()
    assert float(summary["mean_distance"]) == pytest.approx(distance, rel=1e-4)


def test_mean_posterior_is_in_the_order_of_the_codes():
    z = RNG.normal(size=(2, 7, 1, 5)).astype("float32")
    mask = np.arange(7) < np.array([[7], [2]])
    mean = mean_posterior(1 / (1 + np.exp(-4 * z)), (mask / mask.sum()).astype("float32"))
    expected = posterior(z[mask][:, 0], 1.0).mean(axis=0)
    np.testing.assert_allclose(mean, expected[None], rtol=1e-4)


def test_mean_posterior_of_many_codes_holds_no_table_of_vectors_by_codes(tf):
    signature = tf.TensorSpec((1, 3000, 1, 18)), tf.TensorSpec((1, 3000))
    graph = tf.function(mean_posterior).get_concrete_function(*signature).graph
    tensors = [tensor for operation in graph.get_operations() for tensor in operation.outputs]
    assert max(tensor.shape.num_elements() for tensor in tensors) == 3000 * 2**9


def test_loss_of_blocks_is_their_mean(transparent):
    z = RNG.normal(size=(1, 9, 6)).astype("float32")

    def loss(z, num_blocks):
        layer = transparent(LookupFreeQuantizer(num_codes=8, num_blocks=num_blocks))
        return float(layer.forward_pass(z, training=True).loss)

    assert loss(z, 2) == pytest.approx((loss(z[..., :3], 1) + loss(z[..., 3:], 1)) / 2, rel=1e-4)


def test_diverse_and_sure_codes_lose_least(transparent):
    layer = transparent(LookupFreeQuantizer(num_codes=4, temperature=0.5))

    def loss(z):
        return float(layer.forward_pass(np.array([z], "float32")).loss)

    diverse = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    assert loss(diverse) < loss([[1, 1]] * 4)
    assert loss(diverse) < loss(0.1 * np.array(diverse))


def test_entropy_of_bits_that_are_all_but_certain_has_a_finite_gradient(tf):
    logits = tf.constant([0.0, 1e-3, 30.0, -1e7])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        entropy = bit_entropy(logits)
    np.testing.assert_allclose(entropy, [np.log(2), np.log(2), 0, 0], atol=1e-6)
    np.testing.assert_allclose(tape.gradient(entropy, logits), [0, -2.5e-4, 0, 0], atol=1e-6)


def test_no_valid_vector_means_no_loss():
    layer = LookupFreeQuantizer(num_codes=8)
    layer.build((None, None, 4))
    x, mask = np.full((2, 3, 4), np.nan, "float32"), np.zeros((2, 3), bool)
    assert float(layer.forward_pass(x, mask, training=True).loss) == 0


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match="temperature"):
        LookupFreeQuantizer(temperature=0.0)


def test_temperature_may_follow_a_schedule(transparent):
    z = RNG.normal(size=(1, 9, 3)).astype("float32")
    falling = transparent(
        LookupFreeQuantizer(8, temperature=PolynomialDecay(4.0, 10, end_learning_rate=1.0))
    )
    falling.step.assign(10)
    constant = transparent(LookupFreeQuantizer(8, temperature=1.0))
    assert float(falling.forward_pass(z).loss) == pytest.approx(
        float(constant.forward_pass(z).loss)
    )
