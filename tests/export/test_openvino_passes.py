"""What is rewritten computes the same, whatever the lengths."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from t2t_vq.bottlenecks import ResidualVectorQuantizer, VectorQuantizer
from t2t_vq.decoding.options import Search
from t2t_vq.export.network import Network
from t2t_vq.export.translation_networks import translation_networks
from t2t_vq.translator import Translator

openvino = pytest.importorskip("openvino")
# Of one position.
pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1")

VOCAB, CODES = 60, 16
OPTIONS = {"INFERENCE_PRECISION_HINT": "f32", "SNIPPETS_MODE": "DISABLE"}
# Up and down: what is compiled for a few positions must be right for many.
LENGTHS = [1, 8, 15, 17, 70, 33, 16, 2, 64]
# Of a transformer, and of a transformer_nat with either predictor.
NETWORKS = {
    None: ["encoder", "predictor", "rescorer"],
    "causal": ["encoder", "predictor", "code_head_1", "decoder", "compressor", "rescorer"],
    "masked": ["encoder", "predictor"],
}
EVERY_NETWORK = pytest.mark.parametrize(
    ("predictor", "name"), [(key, name) for key, names in NETWORKS.items() for name in names]
)


@pytest.fixture(scope="module")
def networks(random_model):
    """Each `Network` by predictor and name, with biases and gains of all values."""
    found = {}
    for predictor, names in NETWORKS.items():
        bottleneck = predictor and ResidualVectorQuantizer(VectorQuantizer(CODES), num_quantizers=2)
        depth = {"predictor_layers": 1} if predictor else {}
        model = random_model(VOCAB, predictor, bottleneck, decoder_layers=1, **depth)
        search = Search(beam_size=2, refinements=1 if predictor else 0)
        parts = translation_networks(Translator(model, None, 16, search, model))
        parts = {(predictor, network.name): network for network in parts}
        found |= {(predictor, name): parts[predictor, name] for name in names}
    return found


@pytest.fixture(scope="module")
def graphs(networks):
    """A function that returns a network as it is converted, and rewritten as it is exported."""
    from t2t_vq.export import openvino_format

    rewrite, found = openvino_format.rewrite, {}

    def graphs(*key):
        if key not in found:
            before = []

            def noting(model):
                before.append(model.clone())
                rewrite(model)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(openvino_format, "rewrite", noting)
                after = openvino_format.graph_of(networks[key])
            found[key] = before[0], after
        return found[key]

    return graphs


def rewritten(model):
    from t2t_vq.export.openvino_passes import rewrite

    model = model.clone()
    rewrite(model)
    return model


def results(model, given):
    """What a model gives for arguments in the order of its inputs."""
    return list(openvino.Core().compile_model(model, "CPU", OPTIONS)(given).values())


def converted(graph):
    from t2t_vq.export.openvino_format import converted

    return converted(graph)


def kinds(model):
    """The kinds of operations in a model."""
    return {node.get_type_name() for node in model.get_ops()}


def arguments(network, length, rng):
    """Arguments of two rows, whose other free dimensions are of a length."""
    drawn = {}
    for name, spec in network.inputs.items():
        shape = [2, *(size or length for size in spec.shape[1:])] if spec.shape.rank else []
        most = CODES if name == "codes" else VOCAB
        if name == "candidates":
            shape[1] = 3
        if spec.dtype == tf.float32:
            drawn[name] = rng.normal(size=shape).astype("float32")
        elif spec.dtype == tf.bool:
            drawn[name] = rng.random(shape) < 0.5
        else:
            drawn[name] = rng.integers(1, most, shape).astype("int32")
    for name, value in {
        "counts": [[length], [(length + 1) // 2]],
        "position": length,
        "most": length,
    }.items():
        if name in drawn:
            drawn[name] = np.array(value, "int32")
    if "source" in drawn:
        drawn["source"][1, (length + 1) // 2 :] = 0
    if "tokens" in drawn:
        # Of whole latents, which stand for two tokens each.
        drawn["tokens"] = drawn["tokens"].repeat(2, axis=1)
    return drawn


@EVERY_NETWORK
def test_rewriting_changes_no_result(networks, graphs, predictor, name):
    before, after = graphs(predictor, name)
    given = arguments(networks[predictor, name], 9, np.random.default_rng(0))
    given = [given[port.any_name] for port in after.inputs]
    for found, expected in zip(results(after, given), results(before, given), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@EVERY_NETWORK
def test_products_and_normalisations_are_single_operations(graphs, predictor, name):
    before, after = map(kinds, graphs(predictor, name))
    assert not {"Einsum", "SquaredDifference"} & after
    assert ("MVN" in after) == ("SquaredDifference" in before)


@EVERY_NETWORK
def test_lengths_may_grow_and_shrink(networks, graphs, tmp_path, predictor, name):
    from t2t_vq.runtime.openvino_networks import OpenVinoNetworks

    network, rng = networks[predictor, name], np.random.default_rng(0)
    openvino.save_model(graphs(predictor, name)[1], tmp_path / f"{name}.xml", False)
    compiled = OpenVinoNetworks(tmp_path, "float32")[name]
    for length in LENGTHS:
        given = arguments(network, length, rng)
        found, expected = compiled(given), network.function(**given)
        assert set(found) == set(expected)
        for part, tensor in expected.items():
            np.testing.assert_allclose(
                found[part], tensor, rtol=1e-3, atol=1e-3, err_msg=f"{part} of {length}"
            )


def layer_norm(center, scale, axis=-1):
    """A network of one normalisation, of parameters of all values."""
    layer = keras.layers.LayerNormalization(axis, epsilon=1e-3, center=center, scale=scale)
    layer.build((None, None, 5, 6))
    rng = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(weight + rng.normal(size=weight.shape))
    shape = tf.TensorSpec([None, None, 5, 6], tf.float32)
    return Network("norm", lambda x: {"y": layer(x)}, {"x": shape})


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
def test_a_layer_normalisation_with_or_without_gain_and_shift(center, scale):
    network = layer_norm(center, scale)
    x = np.random.default_rng(1).normal(2.0, 3.0, size=(2, 3, 5, 6)).astype("float32")
    # Of so little variance that the epsilon counts.
    x[0] *= 1e-2
    model = rewritten(converted(network.frozen()[0]))
    assert "MVN" in kinds(model) and "SquaredDifference" not in kinds(model)
    expected = network.function(x)["y"]
    np.testing.assert_allclose(results(model, [x])[0], expected, rtol=1e-5, atol=1e-5)


def test_a_sum_after_a_normalisation_is_no_part_of_it():
    norm = layer_norm(center=True, scale=True)
    network = Network("sum", lambda x: {"y": norm.function(x)["y"] + x}, norm.inputs)
    x = np.random.default_rng(1).normal(size=(2, 3, 5, 6)).astype("float32")
    model = rewritten(converted(network.frozen()[0]))
    assert "MVN" in kinds(model)
    np.testing.assert_allclose(results(model, [x])[0], network.function(x)["y"], atol=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.math.squared_difference(x, 2.0 * x),
        lambda x: tf.math.reduce_variance(x, axis=-1, keepdims=True),
        # Nearly a normalisation.
        lambda x: x * tf.math.rsqrt(tf.math.reduce_variance(x, axis=-1, keepdims=True) + 0.1),
        lambda x: (
            x * tf.math.rsqrt(tf.math.reduce_variance(x, axis=-1, keepdims=True) + 0.1)
            - tf.math.reduce_mean(x, axis=-1, keepdims=True)
        ),
    ],
)
def test_other_squared_differences_stay(function):
    shape = tf.TensorSpec([None, 6], tf.float32)
    network = Network("other", lambda x: {"y": function(x)}, {"x": shape})
    x = np.random.default_rng(1).normal(size=(4, 6)).astype("float32")
    before = converted(network.frozen()[0])
    model = rewritten(before)
    assert "MVN" not in kinds(model)
    np.testing.assert_allclose(results(model, [x])[0], function(x), rtol=1e-5, atol=1e-5)
