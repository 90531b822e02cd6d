import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import bottlenecks
from t2t_vq.bottlenecks import (
    Bottleneck,
    DecomposedVectorQuantizer,
    Diversity,
    GroupedResidualVectorQuantizer,
    GumbelSoftmaxDVQ,
    Orthogonality,
    ResidualVectorQuantizer,
    SimVQ,
    SoftEM,
    VectorQuantizer,
)

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def started(codebooks, quantizer=None, **options):
    quantizer = quantizer or VectorQuantizer(len(codebooks[0]), restart_threshold=0)
    layer = DecomposedVectorQuantizer(quantizer, num_blocks=len(codebooks), **options)
    layer.build((None, None, sum(codebook.shape[-1] for codebook in codebooks)))
    for part, codebook in zip(layer.parts, codebooks, strict=True):
        part.start(codebook)
    return layer


def test_each_block_takes_the_nearest_code_of_its_own_codebook():
    codebooks, x = [normal(5, 2), normal(5, 2), normal(5, 2)], normal(2, 4, 6)
    output = started(codebooks).forward_pass(x).output
    blocks = np.split(x, 3, axis=-1)
    codes = [
        ((block[:, :, None] - codebook) ** 2).sum(-1).argmin(-1)
        for block, codebook in zip(blocks, codebooks, strict=True)
    ]
    np.testing.assert_array_equal(output.codes, np.stack(codes, -1))
    dense = [codebook[code] for codebook, code in zip(codebooks, codes, strict=True)]
    np.testing.assert_allclose(output.dense, np.concatenate(dense, -1), rtol=1e-5)


def test_nearest_neighbours_of_the_reference_s_example_in_two_blocks():
    codebook = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [9, 9, 9]], "float32")
    x = np.array([[[0, 0.9, 0, 0.8, 0, 0]]], "float32")
    codes = started([codebook, codebook]).forward_pass(x, training=True).output.codes
    assert ops.convert_to_numpy(codes).tolist() == [[[1, 0]]]


def test_zeros_meet_a_codebook_of_zeros_without_moving_it():
    x = np.zeros((100, 1, 60), "float32")
    layer = started([np.zeros((4, 20), "float32")] * 3)
    result = layer.forward_pass(x, training=True)
    layer.update(result.statistics)
    assert result.output.dense.shape == (100, 1, 60)
    assert not ops.convert_to_numpy(result.output.dense).any()
    assert not any(ops.convert_to_numpy(part.codebook).any() for part in layer.parts)


@pytest.mark.parametrize("projection", ["slice", "random"])
def test_blocks_of_zeros_and_ones_are_zeros_and_ones(projection):
    layer = DecomposedVectorQuantizer(VectorQuantizer(4), num_blocks=3, projection=projection)
    layer.build((1, 1, 60))
    for value in (0.0, 1.0):
        blocks = layer._cut(np.full((1, 1, 60), value, "float32"))
        assert [tuple(block.shape) for block in blocks] == [(1, 1, 20)] * 3
        whole = layer._put_together(blocks)
        np.testing.assert_allclose(whole, np.full((1, 1, 60), value), atol=1e-5)


def test_a_random_projection_keeps_distances():
    x = normal(2, 5, 6)
    layer = DecomposedVectorQuantizer(VectorQuantizer(4), num_blocks=2, projection="random")
    layer.build(x.shape)
    turned = ops.concatenate(layer._cut(x), axis=-1)
    np.testing.assert_allclose(ops.norm(turned, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-5)
    assert np.abs(ops.convert_to_numpy(turned) - x).max() > 0.1


def test_smoothing_counts_the_codes_of_a_block():
    # The reference smooths with the codes of all blocks together, K ** B instead of K.
    layer = started([np.eye(2, dtype="float32")] * 2, VectorQuantizer(2, decay=0.0, epsilon=0.5))
    x = np.array([[[2.0, 0, 2, 0], [2, 0, 0, 2], [2, 0, 0, 2], [0, 2, 0, 2]]], "float32")
    layer.update(layer.forward_pass(x, training=True).statistics)
    # Counts (3, 1): smoothed (3.5, 1.5) * 4 / 5 = (2.8, 1.2).
    np.testing.assert_allclose(layer.parts[0].codebook, [[6 / 2.8, 0], [0, 2 / 1.2]], rtol=1e-5)


def test_soft_blocks_decode_what_their_codes_embed_to():
    # The reference's soft EM works for one block only, and its decoding is broken.
    codebooks, x = [normal(5, 2), normal(5, 2)], normal(2, 4, 4)
    layer = started(codebooks, SoftEM(5, num_samples=3, temperature=4.0))
    trained = layer.forward_pass(x, training=True).output
    samples = ops.convert_to_numpy(trained.samples)
    means = [book[samples[:, :, i]].mean(2) for i, book in enumerate(codebooks)]
    np.testing.assert_allclose(trained.dense, np.concatenate(means, -1), rtol=1e-5, atol=1e-6)
    output = layer.forward_pass(x).output
    np.testing.assert_array_equal(output.dense, layer.embed(output.codes))
    assert (samples[:, :, 0] != samples[:, :, 1]).any()


class Doubled(VectorQuantizer):
    """Quantizes vectors of twice the length."""

    def _quantize(self, x, mask, training):
        return super()._quantize(2.0 * x, mask, training)


class Halved(VectorQuantizer):
    """Halves its codes after every update."""

    def update(self, statistics):
        super().update(statistics)
        self.codebook.assign(0.5 * self.codebook)


# Of no kind that draws, as blocks side by side share one stream of random numbers.
QUANTIZERS = {
    "hard": lambda: VectorQuantizer(5, decay=0.5, restart_threshold=0),
    "soft": lambda: SoftEM(5, decay=0.5, restart_threshold=0, num_samples=None, temperature=2.0),
    "relative": lambda: SoftEM(
        5,
        decay=0.5,
        restart_threshold=0,
        num_samples=None,
        temperature=0.3,
        relative_temperature=True,
    ),
    "cosine": lambda: VectorQuantizer(
        5, decay=0.5, restart_threshold=0, similarity="cosine", estimator="rotation"
    ),
    "gradient": lambda: VectorQuantizer(
        5,
        restart_threshold=0,
        learning="gradient",
        regularizers=[Orthogonality(0.3), Diversity(0.2)],
    ),
    "simvq": lambda: SimVQ(5),
    "own quantization": lambda: Doubled(5, decay=0.5, restart_threshold=0),
    "own update": lambda: Halved(5, decay=0.5, restart_threshold=0),
}


every_quantizer = pytest.mark.parametrize("quantizer", QUANTIZERS.values(), ids=QUANTIZERS)


def alone(layer, x, mask, training):
    """Each block's part with what it gives when it quantizes its block by itself."""
    blocks = zip(layer.parts, np.split(x, len(layer.parts), axis=-1), strict=True)
    return [(part, part.forward_pass(block, mask, training)) for part, block in blocks]


@every_quantizer
@pytest.mark.parametrize("training", [False, True])
def test_blocks_quantised_together_give_what_each_codebook_gives_alone(quantizer, training):
    x, mask = normal(2, 6, 12), np.arange(6) < np.array([[6], [2]])
    layer = started([normal(5, 4) for _ in range(3)], quantizer())
    result = layer.forward_pass(x, mask, training)
    _, results = zip(*alone(layer, x, mask, training), strict=True)
    for name, whole in result.output._asdict().items():
        parts = np.concatenate([getattr(one.output, name) for one in results], axis=2)
        whole = ops.convert_to_numpy(whole)
        np.testing.assert_allclose(whole[mask], parts[mask], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(result.loss, np.mean([one.loss for one in results]), rtol=1e-4)


@every_quantizer
def test_blocks_updated_together_move_as_each_codebook_does_alone(quantizer):
    x, codebooks = normal(2, 6, 12), [normal(5, 4) for _ in range(3)]
    together, apart = started(codebooks, quantizer()), started(codebooks, quantizer())
    for mask in (np.zeros((2, 6), bool), np.arange(6) < np.array([[6], [2]]), None):
        statistics = together.forward_pass(x, mask, training=True).statistics
        expected = []
        for part, one in alone(apart, x, mask, training=True):
            expected.append(part.describe(one.statistics))
            part.update(one.statistics)
        for name, value in together.describe(statistics).items():
            mean = np.mean([summary[name] for summary in expected])
            np.testing.assert_allclose(value, mean, rtol=1e-4, atol=1e-5)
        together.update(statistics)
        for one, other in zip(together.weights, apart.weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=one.path)


def test_a_block_that_has_not_started_starts_beside_others():
    layer = started([normal(4, 2) for _ in range(3)])
    layer.parts[1].started.assign(0.0)
    before, x = [ops.copy(part.codebook) for part in layer.parts], normal(2, 10, 6)
    result = layer.forward_pass(x, training=True)
    np.testing.assert_array_equal(result.output.dense[..., 2:4], x[..., 2:4])
    assert float(layer.started_share()) == pytest.approx(2 / 3)
    layer.update(result.statistics)
    moved = [
        float(ops.max(ops.abs(part.codebook - old)))
        for part, old in zip(layer.parts, before, strict=True)
    ]
    assert float(layer.started_share()) == 1
    assert moved[0] < 0.1 < moved[1] and moved[2] < 0.1


def test_blocks_start_at_vectors_of_their_own():
    layer, x = DecomposedVectorQuantizer(VectorQuantizer(4), num_blocks=3), normal(2, 10, 6)
    mask = np.arange(10) < np.array([[10], [2]])
    layer.build(x.shape)
    layer.update(layer.forward_pass(x, mask, training=True).statistics)
    taken = []
    for part, block in zip(layer.parts, np.split(x[mask], 3, axis=-1), strict=True):
        distances = np.abs(ops.convert_to_numpy(part.codebook)[:, None] - block).max(-1)
        assert distances.min(-1).max() < 1e-4
        taken += distances.argmin(-1).tolist()
    assert sorted(taken) == list(range(12))


def test_equal_blocks_draw_different_samples():
    codebook, block = normal(8, 2), normal(1, 50, 2)
    layer = started([codebook, codebook], SoftEM(8, num_samples=4, temperature=5.0))
    output = layer.forward_pass(np.concatenate([block, block], -1), training=True).output
    first, second = np.moveaxis(ops.convert_to_numpy(output.samples), 2, 0)
    assert 0.05 < (first == second).mean() < 0.6


def test_levels_within_blocks_quantize_residuals():
    quantizer = ResidualVectorQuantizer(VectorQuantizer(4), num_quantizers=2)
    layer, x = DecomposedVectorQuantizer(quantizer, num_blocks=2), normal(2, 30, 4)
    layer.adapt(x)
    output = layer.forward_pass(x).output
    assert output.codes.shape == (2, 30, 4)
    block = layer.parts[1]
    expected = block.forward_pass(x[..., 2:]).output
    np.testing.assert_array_equal(output.codes[..., 2:], expected.codes)
    np.testing.assert_allclose(output.dense[..., 2:], expected.dense, rtol=1e-5)


def test_blocks_and_levels_draw_different_samples():
    quantizer = ResidualVectorQuantizer(SoftEM(16), num_quantizers=2)
    layer = DecomposedVectorQuantizer(quantizer, num_blocks=2)
    seeds = [level.seed for block in layer.parts for level in block.parts]
    assert len(set(seeds)) == 4


def test_the_grouped_kind_is_blocks_of_levels():
    grouped = GroupedResidualVectorQuantizer(VectorQuantizer(4), num_blocks=2, num_quantizers=3)
    assert grouped.num_codebooks == 6 and grouped.num_codes == 4
    assert [len(block.parts) for block in grouped.parts] == [3, 3]


def test_the_gumbel_kind_relaxes_the_codebook_it_is_given():
    quantizer = VectorQuantizer(4, learning="gradient", beta=0.5)
    layer = GumbelSoftmaxDVQ(quantizer, num_blocks=2, temperature=0.5, hard=True, kl_weight=0.1)
    for part in layer.parts:
        assert part.learning == "gradient" and part.beta == 0.5
        assert part.assignment.get_config() == {"temperature": 0.5, "hard": True, "kl_weight": 0.1}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("GroupedResidualVectorQuantizer", {"num_quantizers": 3, "quantizer_dropout": 0.25}),
        ("GumbelSoftmaxDVQ", {"temperature": 0.5, "hard": True, "kl_weight": 0.1}),
    ],
)
def test_what_was_saved_when_a_composed_kind_was_a_class_loads(name, options, tmp_path):
    options = {"num_blocks": 3, "projection": "random", "seed": 4, "name": "codes", **options}
    quantizer = VectorQuantizer(4, learning="gradient")
    # As Keras wrote it.
    saved = {
        "module": "t2t_vq.bottlenecks",
        "class_name": name,
        "registered_name": f"t2t_vq>{name}",
        "config": {
            **options,
            "quantizer": keras.saving.serialize_keras_object(quantizer),
            "dtype": keras.saving.serialize_keras_object(keras.DTypePolicy("float32")),
            "trainable": True,
            "reports": True,
        },
        "build_config": {"input_shape": [None, 5, 6]},
    }
    layer = keras.saving.deserialize_keras_object(saved)
    assert layer.built and layer.name == "codes" and layer.projection == "random"
    expected = getattr(bottlenecks, name)(quantizer, **options)
    expected.build((None, None, 6))
    for part, alike in zip(layer.parts, expected.parts, strict=True):
        assert without_names(part.get_config()) == without_names(alike.get_config())
    # Keras finds the weights in a file by the name of the class.
    assert type(layer).__name__ == name and isinstance(layer, DecomposedVectorQuantizer)
    assert type(layer).__module__ == getattr(bottlenecks, name).__module__
    x = keras.Input((5, 6))
    model = keras.Model(x, layer(x).dense)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for value, saved_value in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(value, saved_value)


def without_names(config):
    """A configuration at any depth, but for the names that Keras counts up."""
    if not isinstance(config, dict):
        return config
    return {key: without_names(value) for key, value in config.items() if key != "name"}


def test_wrong_options_are_refused_in_words():
    with pytest.raises(ValueError, match="cannot cut vectors of 5 into 2 equal blocks"):
        DecomposedVectorQuantizer(VectorQuantizer(4), num_blocks=2).build((1, 1, 5))
    with pytest.raises(ValueError, match="projection='slices' must be one of slice, random"):
        DecomposedVectorQuantizer(VectorQuantizer(4), projection="slices")
    with pytest.raises(ValueError, match="Bottleneck has none"):
        DecomposedVectorQuantizer(Bottleneck())
    with pytest.raises(ValueError, match=r"embeds codes \[batch, ..., 2\]"):
        started([normal(4, 2)] * 2).embed(np.zeros((1, 3, 1), "int32"))
