import numpy as np
import pytest
from keras import ops
from sklearn.cluster import KMeans

from t2t_vq.bottlenecks import (
    DecomposedVectorQuantizer,
    GumbelAssignment,
    ResidualVectorQuantizer,
    SoftAssignment,
    SoftEM,
    VectorQuantizer,
)

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def started(codebooks, quantizer=None, **options):
    quantizer = quantizer or VectorQuantizer(len(codebooks[0]), restart_threshold=0)
    layer = ResidualVectorQuantizer(quantizer, num_quantizers=len(codebooks), **options)
    layer.build((None, None, codebooks[0].shape[-1]))
    for part, codebook in zip(layer.parts, codebooks, strict=True):
        part.start(codebook)
    return layer


def residual_codes(x, codebooks):
    """The oracle: every level takes what is nearest to what is left."""
    left, codes = x.copy(), []
    for codebook in codebooks:
        nearest = ((left[..., None, :] - codebook) ** 2).sum(-1).argmin(-1)
        left = left - codebook[nearest]
        codes.append(nearest)
    return np.stack(codes, -1), x - left


def test_every_level_quantizes_what_those_before_left():
    # The reference's levels all match x itself.
    codebooks, x = [normal(5, 3), 0.5 * normal(5, 3), 0.2 * normal(5, 3)], normal(2, 6, 3)
    output = started(codebooks).forward_pass(x).output
    codes, dense = residual_codes(x, codebooks)
    np.testing.assert_array_equal(output.codes, codes)
    np.testing.assert_allclose(output.dense, dense, rtol=1e-4, atol=1e-5)


def test_the_loss_is_the_sum_of_the_levels():
    codebooks, x = [normal(5, 3), normal(5, 3)], normal(2, 6, 3)
    result = started(codebooks).forward_pass(x, training=True)
    _, first = residual_codes(x, codebooks[:1])
    _, both = residual_codes(x, codebooks)
    expected = 0.25 * (((x - first) ** 2).mean() + ((x - both) ** 2).mean())
    assert float(result.loss) == pytest.approx(expected, rel=1e-4)


def test_the_gradient_of_the_output_reaches_the_input_once(tf):
    x = tf.constant(normal(2, 6, 3))
    layer = started([normal(5, 3), normal(5, 3), normal(5, 3)])
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = layer.forward_pass(x, training=True).output.dense
    np.testing.assert_array_equal(tape.gradient(output, x), np.ones((2, 6, 3)))


def test_one_update_without_memory_is_one_lloyd_iteration_of_each_level():
    x, codebooks = normal(3, 40, 2), [normal(4, 2), 0.3 * normal(4, 2)]
    quantizer = VectorQuantizer(4, decay=0.0, epsilon=0.0, restart_threshold=0)
    layer = started(codebooks, quantizer)
    layer.update(layer.forward_pass(x, training=True).statistics)
    left = x.reshape(-1, 2)
    for part, codebook in zip(layer.parts, codebooks, strict=True):
        means = KMeans(4, init=codebook, n_init=1, max_iter=1, tol=0, algorithm="lloyd").fit(left)
        np.testing.assert_allclose(part.codebook, means.cluster_centers_, rtol=1e-3, atol=1e-4)
        left = left - codebook[((left[:, None] - codebook) ** 2).sum(-1).argmin(-1)]


def test_soft_levels_quantize_what_the_mean_of_samples_left():
    codebooks, x = [normal(5, 3), 0.5 * normal(5, 3)], normal(2, 6, 3)
    layer = started(codebooks, SoftEM(5, num_samples=4, temperature=3.0))
    output = layer.forward_pass(x, training=True).output
    samples = ops.convert_to_numpy(output.samples)
    means = [book[samples[:, :, i]].mean(2) for i, book in enumerate(codebooks)]
    assert samples.shape == (2, 6, 2, 4) and (samples[..., 0] != samples[..., 1]).any()
    np.testing.assert_allclose(output.dense, sum(means), rtol=1e-4, atol=1e-5)
    left = x - means[0]
    nearest = ((left[:, :, None] - codebooks[1]) ** 2).sum(-1).argmin(-1)
    np.testing.assert_array_equal(output.codes[:, :, 1], nearest)


def test_levels_that_shrink_are_as_soft_as_the_first_with_a_relative_temperature():
    # All levels see the same picture, at a tenth of the scale of the level before.
    codebook = normal(16, 3)
    quantizer = SoftEM(16, num_samples=None, temperature=0.1, relative_temperature=True)
    layer = started([codebook, 0.1 * codebook, 0.01 * codebook], quantizer)
    x, entropies = normal(2, 30, 3), []
    for scale, part in zip((1.0, 0.1, 0.01), layer.parts, strict=True):
        statistics = part.forward_pass(scale * x, training=True).statistics
        entropies.append(float(part.describe(statistics)["posterior_entropy"]))
    assert entropies[0] > 0.1
    np.testing.assert_allclose(entropies, entropies[0], rtol=1e-3)


def test_adapting_starts_each_level_from_the_residual():
    layer, x = ResidualVectorQuantizer(VectorQuantizer(8), num_quantizers=3), normal(4, 50, 2)
    layer.adapt(x)
    errors = []
    for levels in range(1, 4):
        codes = layer.forward_pass(x).output.codes
        parts = [layer.parts[i].embed(codes[..., i : i + 1]) for i in range(levels)]
        errors.append(float(ops.mean(ops.square(x - sum(parts)))))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert float(layer.started_share()) == 1


def test_in_training_levels_start_one_after_the_other_from_residuals():
    layer, x = (
        ResidualVectorQuantizer(VectorQuantizer(4, decay=0.9), num_quantizers=2),
        normal(4, 10, 2),
    )
    layer.build(x.shape)
    shares = []
    for _ in range(2):
        result = layer.forward_pass(x, training=True)
        np.testing.assert_allclose(result.output.dense, x, atol=1e-6)
        layer.update(result.statistics)
        shares.append(float(layer.started_share()))
    assert shares == [0.5, 1.0]
    second = ops.convert_to_numpy(layer.parts[1].codebook)
    assert np.unique(second.round(5), axis=0).shape == (4, 2)


def test_dropout_leaves_out_the_last_levels_of_some_sequences_in_training_only():
    codebooks, x = [normal(5, 3), normal(5, 3), normal(5, 3)], normal(200, 2, 3)
    layer = started(codebooks, quantizer_dropout=0.5)
    dense = ops.convert_to_numpy(layer.forward_pass(x, training=True).output.dense)
    rebuilt = [residual_codes(x, codebooks[:levels])[1] for levels in (1, 2, 3)]
    matches = [np.abs(dense - each).max((1, 2)) < 1e-4 for each in rebuilt]
    shares = [match.mean() for match in matches]
    assert np.sum(matches, axis=0).min() >= 1
    assert shares == pytest.approx([0.25, 0.25, 0.5], abs=0.1)
    weights = [
        float(layer.forward_pass(x, training=True).statistics[f"{level}/weight"])
        for level in range(3)
    ]
    assert weights[0] == 400 and weights[0] > weights[1] > weights[2]
    np.testing.assert_allclose(layer.forward_pass(x).output.dense, rebuilt[2], rtol=1e-4, atol=1e-5)


def test_padding_changes_no_level():
    layer, x = started([normal(5, 3), normal(5, 3)]), normal(2, 6, 3)
    x[:, 4:] = np.nan
    mask = np.tile(np.arange(6) < 4, (2, 1))
    padded, cut = (
        layer.forward_pass(x, mask, training=True),
        layer.forward_pass(x[:, :4], training=True),
    )
    assert float(padded.loss) == pytest.approx(float(cut.loss), rel=1e-5)
    np.testing.assert_allclose(padded.output.dense[:, :4], cut.output.dense, rtol=1e-5)


def test_metrics_are_means_over_the_levels():
    codebooks = [np.array([[0.0], [8.0]], "float32"), np.array([[0.0], [100.0]], "float32")]
    layer = started(codebooks)
    x = np.array([[[0.0], [8.0]]], "float32")
    summary = layer.describe(layer.forward_pass(x).statistics)
    assert float(summary["codebook_perplexity"]) == pytest.approx((2 + 1) / 2)
    assert float(summary["codes_in_use"]) == pytest.approx((1 + 0.5) / 2)


def test_wrong_options_are_refused_in_words():
    with pytest.raises(ValueError, match="needs levels with a codebook each"):
        ResidualVectorQuantizer(DecomposedVectorQuantizer(VectorQuantizer(4)))
    with pytest.raises(ValueError, match="num_quantizers=0 must be at least 1"):
        ResidualVectorQuantizer(VectorQuantizer(4), num_quantizers=0)
    with pytest.raises(ValueError, match="quantizer_dropout=2 must be at least 0 and at most 1"):
        ResidualVectorQuantizer(VectorQuantizer(4), quantizer_dropout=2)


@pytest.mark.parametrize("num_quantizers", [1, 2, 3])
def test_the_gradient_of_relaxed_levels_is_that_of_their_sum(num_quantizers, tf):
    # So close together the codes let the posterior's mean follow the vector: its derivative is 1,
    # and levels behind, whose vector is then always 0, add nothing.
    assignment = SoftAssignment(None, temperature=0.1, through_posterior=True)
    layer = ResidualVectorQuantizer(
        VectorQuantizer(61, assignment=assignment), num_quantizers=num_quantizers
    )
    layer.build((None, None, 1))
    for part in layer.parts:
        part.start(np.linspace(-3, 3, 61)[:, None])
    x = tf.constant([[[0.3]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        dense = layer.forward_pass(x, training=True).output.dense
    np.testing.assert_allclose(tape.gradient(dense, x), [[[1.0]]], rtol=1e-4)


@pytest.mark.parametrize(
    "relaxed", [SoftAssignment(None, through_posterior=True), GumbelAssignment(1.0), None]
)
def test_the_gradient_of_levels_is_what_a_small_change_makes(relaxed, tf):
    """By finite differences for a relaxed assignment; straight through, it is 1."""
    layer = ResidualVectorQuantizer(VectorQuantizer(4, assignment=relaxed), num_quantizers=3)
    layer.build((None, None, 1))
    for part in layer.parts:
        part.start(np.array([[-1.5], [-0.5], [0.5], [2.0]]))

    def output(x):
        return layer.forward_pass(tf.reshape(x, (1, 1, 1)), training=True).output.dense

    x, step = tf.constant(0.3), 1e-2
    with tf.GradientTape() as tape:
        tape.watch(x)
        dense = output(x)
    expected = 1.0 if relaxed is None else (output(x + step) - output(x - step)) / (2 * step)
    np.testing.assert_allclose(tape.gradient(dense, x), np.squeeze(expected), rtol=1e-2)
