import numpy as np
import pytest

from t2t_vq.models.cross_entropy import cross_entropy, is_best, weighted_mean

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("samples", [1, 4])
def test_equals_the_cross_entropy_with_a_dense_target(smoothing, samples):
    logits = RNG.normal(size=(2, 3, 7)).astype("float32")
    labels = RNG.integers(0, 7, (2, 3, samples)).astype("int32")
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    target = (1 - smoothing) * np.eye(7)[labels].mean(-2) + smoothing / 7
    expected = -(target * log_probs).sum(-1)
    np.testing.assert_allclose(cross_entropy(logits, labels, smoothing), expected, rtol=1e-5)


def test_half_precision_logits_are_taken_to_float32():
    loss = cross_entropy(np.zeros((1, 300), "float16"), np.array([[2]]))
    assert "float32" in str(loss.dtype)
    np.testing.assert_allclose(loss, [np.log(300)], rtol=1e-6)


def test_large_logits_stay_finite():
    np.testing.assert_allclose(cross_entropy(np.array([[1e4, -1e4]]), np.array([[1]])), [2e4])


def test_weighted_mean_by_hand():
    mean = weighted_mean(np.array([1.0, 2.0, 6.0]), np.array([True, False, True]))
    assert float(mean) == 3.5


def test_what_has_no_weight_may_be_nan():
    assert float(weighted_mean(np.array([np.nan, 2.0]), np.array([0, 1]))) == 2.0


def test_parts_over_a_shared_total_add_up_to_the_whole():
    values, weights = RNG.normal(size=10), RNG.integers(0, 2, 10)
    total = float(weights.sum())
    halves = [
        weighted_mean(values[part], weights[part], total) for part in (slice(4), slice(4, 10))
    ]
    assert float(sum(halves)) == pytest.approx(float(weighted_mean(values, weights)), abs=1e-6)


def test_no_weight_at_all_gives_0():
    assert float(weighted_mean(np.array([3.0, np.nan]), np.array([0, 0]))) == 0.0


def test_the_best_label_is_the_one_with_the_highest_logit():
    logits = np.array([[0.1, 0.7], [0.6, 0.2]])
    assert np.asarray(is_best(logits, np.array([1, 1]))).tolist() == [True, False]
