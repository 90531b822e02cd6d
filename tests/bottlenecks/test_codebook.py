"""What is special to kinds with a codebook: start, update, restarts, and these on replicas."""

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq.bottlenecks import SoftEM, VectorQuantizer

KINDS = pytest.mark.parametrize("kind", [VectorQuantizer, SoftEM])
LEARNING = pytest.mark.parametrize("learning", ["ema", "gradient"])
RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def state(layer):
    return [ops.convert_to_numpy(variable) for variable in layer.weights]


def started(kind, codebook, counts=None, **kwargs):
    layer = kind(num_codes=len(codebook), **kwargs)
    layer.start(codebook, counts)
    return layer


def assert_consistent(layer, rtol=1e-4):
    counts, sums = ops.convert_to_numpy(layer.counts), ops.convert_to_numpy(layer.sums)
    total = counts.sum()
    smoothed = (counts + layer.epsilon) / (total + len(counts) * layer.epsilon) * total
    np.testing.assert_allclose(sums / smoothed[:, None], layer.codebook, rtol=rtol, atol=1e-5)


@KINDS
def test_passes_its_input_through_until_started(kind):
    layer, x = kind(num_codes=8), normal(2, 5, 3)
    layer.build(x.shape)
    result = layer.forward_pass(x, training=True)
    np.testing.assert_array_equal(result.output.dense, x)
    assert float(result.loss) == 0
    assert float(ops.sum(result.statistics["counts"])) == pytest.approx(10)
    assert float(layer.started_share()) == 0


@KINDS
@LEARNING
def test_until_a_training_loop_starts_it_statistics_are_zero_and_no_update_does(kind, learning):
    layer, x = kind(num_codes=8, learning=learning), normal(2, 5, 3)
    layer.build(x.shape)
    layer.startup_steps = 1
    statistics = layer.forward_pass(x, training=True).statistics
    assert all(not ops.convert_to_numpy(value).any() for value in statistics.values())
    layer.update(statistics)
    assert float(layer.started_share()) == 0
    layer.start_from(iter([x[0], x[1]]))
    assert float(layer.started_share()) == 1
    statistics = layer.forward_pass(x, training=True).statistics
    assert float(ops.sum(statistics["counts"])) == pytest.approx(10)


@KINDS
def test_a_start_takes_eight_vectors_a_code_and_no_more(kind):
    def vectors():
        yield normal(10, 3)
        yield normal(10, 3)
        raise AssertionError("16 vectors are enough for 2 codes.")

    layer = kind(num_codes=2)
    layer.start_from(vectors())
    assert float(ops.sum(layer.counts)) == pytest.approx(16)


@KINDS
@LEARNING
def test_first_update_starts_every_code_at_a_different_valid_vector(kind, learning):
    layer = kind(num_codes=8, learning=learning)
    x, mask = normal(4, 5, 3), np.arange(5)[None] < np.array([[5], [3], [0], [1]])
    layer.build(x.shape)
    layer.update(layer.forward_pass(x, mask, training=True).statistics)
    valid = {tuple(row) for row in x[mask].round(4)}
    codebook = {tuple(row) for row in ops.convert_to_numpy(layer.codebook).round(4)}
    assert float(layer.started_share()) == 1
    assert len(codebook) == 8 and codebook <= valid
    np.testing.assert_allclose(layer.counts, 9 / 8 * np.ones(8), rtol=1e-6)
    if learning == "ema":
        assert_consistent(layer)


@KINDS
@LEARNING
def test_a_batch_of_padding_neither_starts_nor_moves_the_codebook(kind, learning):
    x, padding = np.full((2, 5, 3), np.nan, "float32"), np.zeros((2, 5), bool)
    unstarted = kind(num_codes=4, learning=learning)
    unstarted.build(x.shape)
    for layer in (unstarted, started(kind, normal(4, 3), learning=learning)):
        before = state(layer)
        result = layer.forward_pass(x, padding, training=True)
        layer.update(result.statistics)
        assert float(result.loss) == 0
        for old, new, variable in zip(before, state(layer), layer.weights, strict=True):
            if variable.name != "step":
                np.testing.assert_array_equal(old, new)


@KINDS
@LEARNING
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_batch_that_is_not_finite_tells_by_its_loss_and_moves_no_code(kind, learning, value):
    x = normal(2, 5, 3)
    x[1, 2, 0] = value
    unstarted = kind(num_codes=4, learning=learning)
    unstarted.build(x.shape)
    for layer in (unstarted, started(kind, normal(4, 3), learning=learning)):
        before = state(layer)
        result = layer.forward_pass(x, training=True)
        layer.update(result.statistics)
        assert not np.isfinite(float(result.loss))
        for old, new, variable in zip(before, state(layer), layer.weights, strict=True):
            if variable.name != "step":
                np.testing.assert_array_equal(old, new)


@KINDS
def test_moving_average_and_smoothing_by_hand(kind):
    # Codes far apart, so the soft assignment is hard too. Counts: .9 * (1, 1) + .1 * (3, 1); sums
    # of code 0: .9 * S + .1 * (1 + 2 + 3), where S = 0 as code 0 is at the origin.
    layer = started(kind, np.array([[0.0], [100.0]], "float32"), decay=0.9, epsilon=0.1)
    x = np.array([[[1.0], [2.0], [3.0], [104.0]]], "float32")
    layer.update(layer.forward_pass(x, training=True).statistics)
    np.testing.assert_allclose(layer.counts, [1.2, 1.0], rtol=1e-5)
    smoothed = np.array([1.3, 1.1]) * 2.2 / 2.4
    np.testing.assert_allclose(layer.sums, [[0.6], [0.9 * 100 + 0.1 * 104]], rtol=1e-5)
    np.testing.assert_allclose(layer.codebook, [[0.6], [100.4]] / smoothed[:, None], rtol=1e-5)


@KINDS
def test_one_update_does_not_blow_the_codebook_up(kind):
    # The reference, counting from 0, takes these codes to 1009.70, 1009.80, 101898 and 917082.
    codebook = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [9, 9, 9]], "float32")
    layer = started(kind, codebook)
    x = np.array([[[0, 0.9, 0], [0.8, 0, 0]]], "float32")
    layer.update(layer.forward_pass(x, training=True).statistics)
    np.testing.assert_allclose(layer.codebook, codebook, atol=1e-2)


@KINDS
@LEARNING
def test_dead_codes_restart_at_vectors_of_the_batch(kind, learning):
    codebook = np.r_[normal(6, 3), np.full((2, 3), 50, "float32")]
    counts = np.array([2, 2, 2, 2, 2, 2, 0.01, 0], "float32")
    layer = started(kind, codebook, counts, learning=learning, decay=0.99)
    x = normal(2, 10, 3)
    layer.update(layer.forward_pass(x, training=True).statistics)
    moved = ops.convert_to_numpy(layer.codebook)
    distances = np.abs(moved[6:, None] - x.reshape(-1, 3)[None]).max(-1).min(-1)
    assert distances.max() < 1e-4
    assert ops.convert_to_numpy(layer.counts)[6:].min() > 1
    np.testing.assert_allclose(moved[:6], codebook[:6], atol=0.2)
    if learning == "ema":
        assert_consistent(layer)


def test_no_restart_leaves_dead_codes_alone():
    counts = np.array([2, 2, 0], "float32")
    layer = started(
        VectorQuantizer, np.diag([1.0, 1, 50]).astype("float32"), counts, restart_threshold=0
    )
    layer.update(layer.forward_pass(normal(2, 10, 3), training=True).statistics)
    np.testing.assert_allclose(layer.codebook[2], [0, 0, 50])


@KINDS
def test_gradient_learning_moves_codes_towards_their_vectors(kind, tf):
    codebook = np.array([[0.0, 0.0], [10.0, 10.0]], "float32")
    layer = started(kind, codebook, learning="gradient", restart_threshold=0)
    x = np.array([[[1.0, 0.0], [3.0, 0.0]]], "float32")
    with tf.GradientTape() as tape:
        loss = layer.forward_pass(x, training=True).loss
    assert [variable.name for variable in layer.trainable_variables] == ["codebook"]
    gradient = tf.convert_to_tensor(tape.gradient(loss, layer.codebook.value))
    # Loss (1 + beta) * mean((1, 0, 9, 0)); gradient -2 * sum of x / 4.
    assert float(loss) == pytest.approx(1.25 * 10 / 4)
    np.testing.assert_allclose(gradient, [[-2.0, 0.0], [0.0, 0.0]], atol=1e-6)


@KINDS
def test_adapt_finds_clusters_and_agrees_with_itself(kind):
    centers = 20 * np.eye(5, dtype="float32")
    x = (np.repeat(centers, 12, axis=0) + 0.1 * normal(60, 5)).reshape(3, 20, 5)
    mask = np.ones((3, 20), bool)
    mask[2, 18:], x[2, 18:] = False, np.nan
    layer = kind(num_codes=5)
    layer.adapt(x, mask)
    order = ops.convert_to_numpy(layer.codebook).argmax(-1)
    np.testing.assert_allclose(layer.codebook, centers[order], atol=0.2)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer.counts)[np.argsort(order)], [12, 12, 12, 12, 10]
    )
    assert_consistent(layer)
    assert float(layer.started_share()) == 1


def test_adapt_says_when_there_is_too_little_data():
    with pytest.warns(UserWarning, match="starts 8 codes from 3 vectors"):
        VectorQuantizer(num_codes=8).adapt(normal(1, 3, 2))
    with pytest.raises(ValueError, match="no valid vector"):
        VectorQuantizer(num_codes=8).adapt(normal(1, 3, 2), np.zeros((1, 3), bool))


def test_restarts_agree_eagerly_in_a_graph_and_under_xla(tf):
    x, codebook = tf.constant(normal(4, 6, 3)), np.r_[normal(6, 3), np.full((3, 3), 50, "float32")]

    def after_three(compile_with):
        layer = started(VectorQuantizer, codebook, decay=0.5, restart_threshold=0.5)
        step = compile_with(lambda: layer.update(layer.forward_pass(x, training=True).statistics))
        for _ in range(3):
            step()
        return layer.codebook.numpy()

    moved = after_three(lambda step: step)
    assert np.abs(moved).max() < 10
    for jit in (False, True):
        same = after_three(lambda step, jit=jit: tf.function(step, jit_compile=jit))
        np.testing.assert_allclose(moved, same, rtol=1e-4, atol=1e-5)


def replicated_update(tf, strategy, layer, x, masks=None):
    """One training step of each replica on its part of `x`, compiled as the trainer compiles it."""
    forward = tf.function(lambda *args: layer.forward_pass(*args, training=True), jit_compile=True)

    def per_replica(array):
        split = np.split(array, strategy.num_replicas_in_sync)
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(split[context.replica_id_in_sync_group])
        )

    @tf.function
    def step(part, mask):
        def one(part, mask):
            result = forward(part, mask)
            layer.update(result.statistics)
            return result

        return strategy.run(one, (part, mask))

    masks = np.ones(x.shape[:2], bool) if masks is None else masks
    return step(per_replica(x), per_replica(masks))


def copies(strategy, variable):
    return [copy.numpy() for copy in strategy.experimental_local_results(variable.value)]


@KINDS
def test_two_replicas_start_alike_from_vectors_of_both(two_replicas, tf, kind):
    x = normal(4, 6, 3)
    with two_replicas.scope():
        layer = kind(num_codes=8)
        layer.build(x.shape)
    replicated_update(tf, two_replicas, layer, x)
    first, second = copies(two_replicas, layer.codebook)
    np.testing.assert_array_equal(first, second)
    distances = np.abs(first[:, None] - x.reshape(-1, 3)[None]).max(-1)
    assert distances.min(-1).max() < 1e-4
    assert np.bincount(distances.argmin(-1) // 12).tolist() == [4, 4]
    assert copies(two_replicas, layer.started) == [1, 1]


def test_replicas_draw_different_samples(two_replicas, tf):
    x = np.tile(normal(1, 6, 3), (2, 1, 1))
    with two_replicas.scope():
        layer = started(SoftEM, normal(8, 3), temperature=10.0)
    result = replicated_update(tf, two_replicas, layer, x)
    first, second = two_replicas.experimental_local_results(result.output.samples)
    assert (first.numpy() != second.numpy()).any()


def test_no_start_while_one_replica_has_only_padding(two_replicas, tf):
    x, mask = normal(2, 6, 3), np.array([[True] * 6, [False] * 6])
    with two_replicas.scope():
        layer = VectorQuantizer(num_codes=4)
        layer.build(x.shape)
    replicated_update(tf, two_replicas, layer, x, mask)
    assert copies(two_replicas, layer.started) == [0, 0]
    replicated_update(tf, two_replicas, layer, x)
    assert copies(two_replicas, layer.started) == [1, 1]


def test_adapt_under_a_strategy_starts_all_replicas_alike(two_replicas):
    with two_replicas.scope():
        layer = VectorQuantizer(num_codes=4)
        layer.adapt(normal(2, 6, 3))
    first, second = copies(two_replicas, layer.codebook)
    np.testing.assert_array_equal(first, second)
    assert first.any()


def small_model(kind, **options):
    x = keras.Input((6, 3))
    layer = kind(num_codes=8, name="codes", **options)
    return keras.Model(x, keras.layers.Dense(3)(layer(keras.layers.Dense(3)(x)).dense))


@KINDS
@LEARNING
def test_plain_fit_trains_and_lists_the_metrics(kind, learning):
    # The same first weights each time: some need more updates than these.
    keras.utils.set_random_seed(0)
    model, x = small_model(kind, learning=learning), normal(24, 6, 3)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    history = model.fit(x, x, batch_size=10, epochs=12, verbose=0).history
    assert history["loss"][-1] < history["loss"][1]
    assert float(model.get_layer("codes").started_share()) == 1
    assert 1 < history["codes_codebook_perplexity"][-1] <= 8
    assert 0 < history["codes_codes_in_use"][-1] <= 1
    assert history["codes_mean_distance"][-1] > 0
    assert 0 < history["codes_commitment_loss"][-1] < history["loss"][-1]
    if kind is SoftEM:
        assert history["codes_posterior_entropy"][-1] > 0
    else:  # whose posterior is one code
        assert "codes_posterior_entropy" not in history


def test_keras_hands_the_mask_of_an_embedding_on():
    layer = started(VectorQuantizer, 100 * np.eye(3, dtype="float32"))
    embedding = keras.layers.Embedding(4, 3, mask_zero=True)
    tokens = np.array([[1, 2, 0, 0]])
    layer(embedding(tokens))
    vectors = ops.convert_to_numpy(embedding(tokens))[:, :2]
    assert float(layer.losses[0]) == pytest.approx(
        float(layer.forward_pass(vectors).loss), rel=1e-5
    )


def test_plain_fit_trains_on_two_replicas(two_replicas):
    with two_replicas.scope():
        model = small_model(SoftEM)
        model.compile("adam", "mse")
    x = normal(16, 6, 3)
    model.fit(x, x, batch_size=8, verbose=0)
    first, second = copies(two_replicas, model.get_layer("codes").codebook)
    np.testing.assert_array_equal(first, second)
    assert copies(two_replicas, model.get_layer("codes").started) == [1, 1]


def test_options_of_other_kinds_are_left_out():
    options = dict(num_codes=8, decay=0.5, num_samples=3, temperature=2.0)
    soft, hard = SoftEM.from_options(options), VectorQuantizer.from_options(options)
    assert (soft.num_codes, soft.assignment.num_samples, soft.assignment.temperature) == (8, 3, 2.0)
    assert (hard.num_codes, hard.decay) == (8, 0.5)


@pytest.mark.parametrize(
    "option", [{"num_codes": 0}, {"decay": 1.0}, {"learning": "adam"}, {"restart_threshold": 2.0}]
)
def test_options_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        VectorQuantizer(**option)


def test_wrong_shapes_are_refused_in_words():
    layer = started(VectorQuantizer, normal(4, 3))
    with pytest.raises(ValueError, match=r"takes \[batch, ..., dim\]"):
        layer.forward_pass(normal(3))
    for shape in ((2, 5, 1), (2,), (2, 4)):
        with pytest.raises(ValueError, match=r"mask .* without the last axis, \(2, 5\)"):
            layer.forward_pass(normal(2, 5, 3), np.ones(shape, bool))
    with pytest.raises(ValueError, match=r"embeds codes \[batch, ..., 1\]"):
        layer.embed(np.zeros((2, 5), "int32"))
    with pytest.raises(ValueError, match="no weights yet"):
        VectorQuantizer(num_codes=4).forward_pass(normal(2, 5, 3))


@pytest.mark.parametrize(
    ("codebook", "counts", "message"),
    [
        (np.zeros((7, 4)), None, r"codebook \[7, 4\], and its own are \[8, 4\]"),
        (np.zeros((8, 4)), np.ones(7), r"counts \[7\], and its own are \[8\]"),
        (np.full((8, 4), np.nan), None, "codebook that are not all finite"),
        (np.zeros((8, 4)), np.full(8, np.inf), "counts that are not all finite"),
    ],
)
def test_a_start_that_no_codebook_can_have_is_refused(codebook, counts, message):
    layer = VectorQuantizer(8)
    with pytest.raises(ValueError, match=message):
        layer.start(codebook, counts)


def test_vectors_that_are_not_finite_start_nothing():
    x = normal(4, 8, 3)
    x[1, 2] = np.nan
    layer = VectorQuantizer(8)
    with pytest.raises(ValueError, match="vectors that are not all finite"):
        layer.adapt(x)
    # Padding may be anything.
    mask = ~np.isnan(x).any(axis=-1)
    layer.adapt(x, mask)
    assert np.isfinite(ops.convert_to_numpy(layer.codebook)).all()


@pytest.mark.parametrize("code", [-1, 8])
def test_codes_that_there_are_not_are_not_embedded(code):
    layer = started(VectorQuantizer, normal(8, 4))
    with pytest.raises(ValueError, match=rf"from 0 to 7, and these from {code} to {code}"):
        layer.embed(np.full((1, 2, 1), code))
