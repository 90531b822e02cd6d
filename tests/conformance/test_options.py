"""Every option of every kind is seen, by keyword, and gets through every way of making a layer."""

import dataclasses
import inspect

import common
import keras
import pytest
from kinds import FALLING, KINDS, every_kind
from test_table import OURS

from t2t_vq import config
from t2t_vq.bottlenecks import (
    Bottleneck,
    Diversity,
    FiniteScalarQuantizer,
    GumbelAssignment,
    Orthogonality,
    Projected,
    SoftAssignment,
    VectorQuantizer,
    make_bottleneck,
)

# For every option of any kind a value that is nobody's default. A new option joins by one entry.
OTHER = {
    "assignment": SoftAssignment(2, temperature=3.0),
    "beta": 0.7,
    "bottleneck": FiniteScalarQuantizer((3, 3)),
    "decay": 0.4,
    "dim": 5,
    "discrete_share": FALLING,
    "diversity": 0.3,
    "dtype": "mixed_bfloat16",
    "entropy_weight": 0.3,
    "epsilon": 1e-3,
    "estimator": "rotation",
    "flip_rate": 0.2,
    "free_bits": 0.6,
    "hard": True,
    "kl_weight": 0.3,
    "latent_dim": 6,
    "learning": "gradient",
    "levels": [3, 7],
    "name": "other",
    "noise": 0.9,
    "num_blocks": 4,
    "num_codes": 16,
    "num_quantizers": 3,
    "num_samples": 7,
    "projection": "random",
    "quantizer": VectorQuantizer(5, beta=0.3),
    "quantizer_dropout": 0.2,
    "regularizers": [Diversity(0.3, temperature=2.0)],
    "relative_temperature": True,
    "reports": False,
    "restart_threshold": 0.3,
    "seed": 9,
    "similarity": "cosine",
    "temperature": FALLING,
    "through_posterior": True,
    "trainable": False,
}
# The same for the flat configuration, where there are no objects.
FLAT = {
    "discrete_share": 0.3,
    "diversity_weight": 0.2,
    "levels": (3, 7),
    "orthogonality_weight": 0.2,
    "soft": True,
    "temperature": 3.0,
    "temperature_end": 0.5,
    "temperature_steps": 100,
}
CLASSES = list({type(kind.make()): None for kind in KINDS.values()})
every_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def options_of(kind):
    own = [
        name
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    return [*own, "reports", "name", "dtype", "trainable"]


def made(kind, **options):
    if "bottleneck" in options_of(kind):
        options = {"bottleneck": VectorQuantizer(8), "dim": 4, **options}
    return kind(**options)


@every_class
def test_everything_but_the_first_argument_is_by_keyword_and_none_is_hidden(kind):
    first, *others = inspect.signature(kind).parameters.values()
    assert first.kind is first.POSITIONAL_OR_KEYWORD
    *options, rest = others
    assert all(option.kind is option.KEYWORD_ONLY for option in options)
    assert rest.kind is rest.VAR_KEYWORD
    with pytest.raises(TypeError, match="positional argument"):
        kind(16, 64)


@pytest.mark.parametrize("kind", [SoftAssignment, GumbelAssignment, Orthogonality, Diversity])
def test_so_it_is_with_the_objects_that_are_options(kind):
    _, *others = inspect.signature(kind).parameters.values()
    assert all(option.kind is option.KEYWORD_ONLY for option in others)


@every_class
def test_the_defaults_of_a_kind_are_those_of_the_kind_it_is_made_of(kind):
    parameters = inspect.signature(kind).parameters
    differing = {
        name
        for base in kind.__mro__[1:]
        if issubclass(base, Bottleneck) and "__init__" in vars(base)
        for name, parameter in inspect.signature(base).parameters.items()
        if name in parameters and parameters[name].default != parameter.default
    }
    # What these stand for is what makes the kinds.
    assert differing <= {"noise", "flip_rate", "discrete_share", "quantizer", "num_blocks"}


def option_cases():
    return [
        pytest.param(kind, option, id=f"{kind.__name__}-{option}")
        for kind in CLASSES
        for option in options_of(kind)
    ]


@pytest.mark.parametrize("kind, option", option_cases())
def test_an_option_survives_its_configuration_and_cloning(kind, option):
    layer = made(kind, **{option: OTHER[option]})
    config = layer.get_config()
    assert config[option] != made(kind).get_config()[option]
    assert kind.from_config(config).get_config() == config
    loaded = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert loaded.get_config() == config
    # As a part of a composition.
    assert without_place(Projected(layer, dim=4).parts[0]) == without_place(layer)


def without_place(layer):
    """The configuration, but for what a composition sets in its parts and the names within."""

    def strip(config, *place):
        if not isinstance(config, dict):
            return config
        return {name: strip(own, "name") for name, own in config.items() if name not in place}

    return strip(layer.get_config(), "name", "dtype", "reports", "seed")


@every_kind
def test_a_cloned_model_has_the_same_layer(kind):
    layer = kind.make()
    _, model = common.models_with(layer)
    twin = keras.models.clone_model(model).get_layer(layer.name)
    assert twin is not layer and twin.get_config() == layer.get_config()


@pytest.mark.parametrize("kind", OURS)
def test_an_option_of_the_flat_configuration_gets_through_a_projection(kind):
    names = {field.name for field in dataclasses.fields(config.BottleneckConfig)} - {"own"}
    options = {name: FLAT.get(name, OTHER.get(name)) for name in names}
    options.update(kind=kind, projection_dim=None)
    layer = make_bottleneck(options, seed=3)
    projected = make_bottleneck({**options, "projection_dim": 4}, seed=3)
    assert projected.dim == 4
    assert without_place(projected.parts[0]) == without_place(layer)
    default = make_bottleneck(dataclasses.asdict(config.BottleneckConfig(kind=kind)))
    for option in set(options) & set(options_of(type(layer))):
        assert layer.get_config()[option] != default.get_config()[option], option
