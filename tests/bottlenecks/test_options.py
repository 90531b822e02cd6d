"""Wrong options are refused at once, in sentences that name them."""

import math

import keras
import numpy as np
import pytest

from t2t_vq.bottlenecks import (
    BinarySphericalQuantizer,
    DecomposedVectorQuantizer,
    Diversity,
    FiniteScalarQuantizer,
    GumbelSoftmax,
    GumbelSoftmaxDVQ,
    ImprovedSemanticHashing,
    LookupFreeQuantizer,
    Orthogonality,
    Plain,
    Projected,
    ResidualVectorQuantizer,
    SoftAssignment,
    SoftEM,
    TanhBottleneck,
    VariationalBottleneck,
    VectorQuantizer,
)

WRONG = {
    "num_codes='8' must be an integer": lambda: VectorQuantizer("8"),
    "num_codes=8.0 must be an integer": lambda: GumbelSoftmax(8.0),
    "num_codes=True must be an integer": lambda: VectorQuantizer(True),
    "num_codes='8' must be a power of 2": lambda: LookupFreeQuantizer("8"),
    "num_samples=2.5 must be an integer": lambda: SoftEM(8, num_samples=2.5),
    "num_samples=0 must be at least 1. Or None": lambda: SoftAssignment(0),
    "beta=-1 must be at least 0": lambda: VectorQuantizer(8, beta=-1),
    "epsilon=-1 must be at least 0": lambda: VectorQuantizer(8, epsilon=-1),
    "beta=nan must be at least 0": lambda: SoftEM(8, beta=math.nan),
    "beta='1' must be at least 0": lambda: LookupFreeQuantizer(8, beta="1"),
    "decay=1 must be at least 0 and less than 1": lambda: VectorQuantizer(8, decay=1),
    "restart_threshold=nan .* share of the mean": lambda: SoftEM(8, restart_threshold=math.nan),
    "temperature=nan must be more than 0, or a sch": lambda: SoftEM(8, temperature=math.nan),
    "temperature=0 must be more than 0": lambda: Diversity(temperature=0),
    "weight=-1 must be at least 0": lambda: Orthogonality(-1),
    "entropy_weight=-1 must be": lambda: BinarySphericalQuantizer(8, entropy_weight=-1),
    "kl_weight=-1 must be at least 0": lambda: GumbelSoftmax(8, kl_weight=-1),
    "kl_weight=-2 must be at least 0": lambda: GumbelSoftmaxDVQ(kl_weight=-2),
    "free_bits=inf must be at least 0": lambda: VariationalBottleneck(8, free_bits=math.inf),
    "flip_rate=2 must be at least 0 and at most 1": lambda: TanhBottleneck(8, flip_rate=2),
    "discrete_share=2 must be": lambda: TanhBottleneck(8, discrete_share=2),
    "seed=None must be an integer": lambda: VectorQuantizer(8, seed=None),
    "seed=0.5 must be an integer": lambda: ImprovedSemanticHashing(8, seed=0.5),
    "seed='a' must be an integer": lambda: VariationalBottleneck(8, seed="a"),
    "assignment='soft' must be an object of": lambda: VectorQuantizer(8, assignment="soft"),
    "SoftAssignment'> must be an object of": lambda: VectorQuantizer(8, assignment=SoftAssignment),
    "regularizers=Diversity": lambda: VectorQuantizer(8, regularizers=Diversity()),
    "regularizers=None must be a list": lambda: VectorQuantizer(8, regularizers=None),
    "regularizers holds 'l2'": lambda: VectorQuantizer(8, regularizers=["l2"]),
    "quantizer='vq' must be a bottleneck": lambda: DecomposedVectorQuantizer("vq"),
    "such as VectorQuantizer, and str is none": lambda: ResidualVectorQuantizer("vq"),
    "quantizer=<SoftEM .* must be a VectorQuantizer": lambda: GumbelSoftmaxDVQ(SoftEM(8)),
    "bottleneck='vq' must be a bottleneck": lambda: Projected("vq", dim=4),
    "bottleneck=<Dense .* must be a bottleneck": lambda: Plain(keras.layers.Dense(3)),
    "dim=2.0 must be an integer": lambda: Projected(VectorQuantizer(8), dim=2.0),
    "levels='a' must be an integer": lambda: FiniteScalarQuantizer("a"),
    "must know how wide its vectors are": lambda: VectorQuantizer(8).build((None, 3, None)),
}


@pytest.mark.parametrize("says", WRONG)
def test_a_wrong_option_is_refused_in_words(says):
    with pytest.raises(ValueError, match=says):
        WRONG[says]()


def test_a_single_number_of_levels_is_that_of_one_scalar():
    assert FiniteScalarQuantizer(8).num_codes == 8


@pytest.mark.parametrize("kind", [VectorQuantizer(8), GumbelSoftmax(8), FiniteScalarQuantizer()])
def test_vectors_of_another_width_than_before_are_refused_in_words(kind):
    kind.build((None, None, 4))
    with pytest.raises(ValueError, match="was built for vectors of 4, but the shape"):
        kind.forward_pass(np.zeros((2, 5, 3), "float32"))


def test_codes_that_are_no_integers_are_refused_in_words():
    layer = VectorQuantizer(8)
    layer.build((None, None, 4))
    with pytest.raises(ValueError, match=r"Codes .* are integers, but these are float32"):
        layer.embed(np.zeros((2, 5, 1), "float32"))


def test_a_temperature_may_be_a_variable():
    temperature = keras.Variable(2.0)
    layer = SoftEM(8, temperature=temperature)
    x = keras.random.normal((4, 3, 8), seed=1)
    layer(x, training=True)
    assert layer.assignment.temperature is temperature


class Louder(VectorQuantizer):
    """A kind of a user's own, with an option more."""

    def __init__(self, num_codes=8, *, gain=2.0, **kwargs):
        super().__init__(num_codes, **kwargs)
        self.gain = gain


def test_a_configuration_has_the_order_of_the_constructor():
    config = Louder(4).get_config()
    expected = ["num_codes", "gain", "beta", "decay", "epsilon", "learning", "restart_threshold"]
    assert [name for name in config if name in expected] == expected


def test_options_that_a_kind_of_ones_own_keeps_under_their_names_are_saved_with_it():
    config = Louder(4, gain=3.0, beta=0.5).get_config()
    assert (config["num_codes"], config["gain"], config["beta"]) == (4, 3.0, 0.5)
    assert Louder.from_config(config).get_config() == config
