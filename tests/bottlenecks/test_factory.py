import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import registry
from t2t_vq.bottlenecks import (
    DecomposedVectorQuantizer,
    Diversity,
    HardAssignment,
    Orthogonality,
    Projected,
    ResidualVectorQuantizer,
    SoftAssignment,
    VectorQuantizer,
    make_bottleneck,
)
from t2t_vq.config import BottleneckConfig

# Kinds that are functions, and the kind of what these return.
COMPOSED = {"grouped-residual-vq": "dvq", "gumbel-softmax-dvq": "dvq"}


def made(seed=0, **options):
    return make_bottleneck(dataclasses.asdict(BottleneckConfig(num_codes=16, **options)), seed)


@pytest.mark.parametrize("kind", list(registry.bottlenecks))
def test_every_registered_kind_is_made_from_the_defaults(kind):
    bottleneck = made(kind=kind)
    assert bottleneck.registered_name == COMPOSED.get(kind, kind)
    assert keras.saving.serialize_keras_object(bottleneck)["registered_name"].startswith("t2t_vq>")


def test_a_codebook_takes_its_options():
    layer = made(
        kind="vq",
        learning="gradient",
        similarity="cosine",
        estimator="rotation",
        orthogonality_weight=2.0,
        diversity_weight=0.5,
    )
    assert (layer.learning, layer.similarity, layer.estimator) == ("gradient", "cosine", "rotation")
    assert layer.regularizers == [Orthogonality(2.0), Diversity(0.5)]


def test_a_temperature_that_changes_becomes_a_schedule():
    constant = made(kind="em", temperature=3.0).assignment.temperature
    falling = made(kind="em", temperature=4.0, temperature_end=2.0, temperature_steps=10)
    assert constant == 3.0
    assert [float(falling.assignment.temperature(step)) for step in (0, 5, 20)] == [4.0, 3.0, 2.0]


@pytest.mark.parametrize("soft", [False, True])
def test_compositions_assign_as_they_are_told(soft):
    levels = made(kind="residual-vq", soft=soft, num_quantizers=3, quantizer_dropout=0.5)
    blocks = made(kind="dvq", soft=soft, num_blocks=4, projection="random")
    both = made(kind="dvq", soft=soft, num_quantizers=2)
    grouped = made(kind="grouped-residual-vq", soft=soft, num_blocks=2, num_quantizers=3)
    assignment = SoftAssignment() if soft else HardAssignment()
    assert type(levels) is ResidualVectorQuantizer and levels.quantizer_dropout == 0.5
    assert [part.assignment for part in levels.parts] == [assignment] * 3
    assert type(blocks) is DecomposedVectorQuantizer and blocks.projection == "random"
    assert [part.assignment for part in blocks.parts] == [assignment] * 4
    assert [type(part) for part in both.parts] == [ResidualVectorQuantizer] * 2
    assert type(grouped) is DecomposedVectorQuantizer and grouped.num_codebooks == 6
    assert grouped.parts[0].parts[0].assignment == assignment
    assert made(kind="simvq", soft=soft).assignment == assignment


def test_any_kind_can_be_projected():
    layer = made(kind="residual-vq", projection_dim=3)
    assert type(layer) is Projected and layer.dim == 3
    assert type(layer.parts[0]) is ResidualVectorQuantizer


@pytest.mark.parametrize("kind", ["em", "dvq", "residual-vq", "gumbel-softmax"])
def test_seeds_start_from_other_codes_and_draw_others(kind):
    x = keras.random.normal((2, 6, 4), seed=0)
    starts, draws = [], []
    for seed in (0, 1, 0):
        keras.utils.set_random_seed(0)
        layer = made(seed, kind=kind, soft=True, temperature=100.0)
        layer.build(x.shape)
        starts.append(np.concatenate([np.ravel(weight) for weight in layer.weights]))
        draws.append(ops.convert_to_numpy(layer.forward_pass(x, training=True).output.samples))
    for found in (starts, draws):
        np.testing.assert_array_equal(found[0], found[2])
        assert np.any(found[0] != found[1])


def test_an_unknown_kind_is_refused_with_close_matches():
    with pytest.raises(registry.UnknownNameError, match=r"Did you mean .*residual-vq"):
        made(kind="residual")


def test_what_options_leave_out_is_as_in_a_configuration():
    layer = make_bottleneck({"kind": "vq", "num_codes": 8})
    assert isinstance(layer, VectorQuantizer) and layer.num_codes == 8 and layer.beta == 0.25


def test_a_kind_alone_is_refused_with_what_is_taken():
    with pytest.raises(TypeError, match=r"takes a dict of options, such as .* was given 'em'\."):
        make_bottleneck("em")


def test_a_name_that_is_no_option_is_refused():
    with pytest.raises(ValueError, match="no hyper-parameter 'num_cods'"):
        make_bottleneck({"kind": "vq", "num_cods": 8})


def test_an_option_that_one_kind_has_reaches_it():
    layer = make_bottleneck({"kind": "tanh", "num_codes": 8, "own": {"flip_rate": 0.25}})
    assert layer.get_config()["flip_rate"] == 0.25


def test_what_is_no_bottleneck_is_told_so(monkeypatch):
    class NoLayer:
        @classmethod
        def from_options(cls, options):
            return cls()

    monkeypatch.setitem(registry.bottlenecks._objects, "no-layer", NoLayer)
    with pytest.raises(ValueError, match="no-layer gives a NoLayer, and a layer is needed"):
        make_bottleneck({"kind": "no-layer"})
