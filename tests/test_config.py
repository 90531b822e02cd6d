import dataclasses
import json

import pytest

from t2t_vq import config, registry
from t2t_vq.config import TransformerHParams, TransformerNatHParams, from_dict, override, to_dict


@dataclasses.dataclass(frozen=True)
class Every:
    """One field of each type, as a user's own set may have them."""

    count: int = 1
    rate: float = 0.5
    name: str = "a"
    flag: bool = False
    sizes: tuple[int, ...] = (1, 2)
    limit: int | None = 3


EVERY_SET = pytest.mark.parametrize("name", list(registry.hparams_sets))


@pytest.mark.parametrize(
    ("overrides", "field", "expected"),
    [
        ("count=7", "count", 7),
        ("count=-4_096", "count", -4096),
        ("rate=1e-3", "rate", 1e-3),
        ("rate=2", "rate", 2.0),
        ("name=b=c", "name", "b=c"),
        ("flag=true", "flag", True),
        ("flag=False", "flag", False),
        ("flag=1", "flag", True),
        ("flag=0", "flag", False),
        ("sizes=[3,4,5]", "sizes", (3, 4, 5)),
        ("sizes=[]", "sizes", ()),
        ("sizes=6", "sizes", (6,)),
        ("limit=none", "limit", None),
        ("limit=None", "limit", None),
        ("limit=9", "limit", 9),
        (" count = 7 ,", "count", 7),
    ],
)
def test_a_value_becomes_its_fields_type(overrides, field, expected):
    value = getattr(override(Every(), overrides), field)
    assert value == expected and type(value) is type(expected)


def test_overrides_change_what_they_name_and_nothing_else():
    changed = override(TransformerNatHParams(), "hidden_size=64,bottleneck.num_codes=8,dropout=0")
    expected = dataclasses.replace(
        TransformerNatHParams(),
        hidden_size=64,
        dropout=0.0,
        bottleneck=config.BottleneckConfig(num_codes=8),
    )
    assert changed == expected


@pytest.mark.parametrize(
    ("base", "overrides"),
    [
        (Every(), "count=7,rate=1e-05,name=b=c,flag=true,sizes=[3,4],limit=none"),
        (TransformerNatHParams(), "hidden_size=64,bottleneck.kind=fsq,bottleneck.levels=[8,5]"),
        (TransformerNatHParams(), ""),
    ],
)
def test_overrides_can_be_told_from_what_they_made(base, overrides):
    assert config.overrides_of(override(base, overrides), base) == overrides


def test_an_option_that_only_one_kind_has_can_be_given():
    hparams = override(TransformerNatHParams(), "bottleneck.noise=1,bottleneck=tanh")
    assert hparams.bottleneck == config.BottleneckConfig(kind="tanh", own={"noise": 1.0})
    written = "bottleneck.kind=tanh,bottleneck.noise=1.0"
    assert config.overrides_of(hparams, TransformerNatHParams()) == written
    assert from_dict(TransformerNatHParams, json.loads(json.dumps(to_dict(hparams)))) == hparams


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("bottleneck=vq,bottleneck.noise=1", "no option 'bottleneck.noise'"),
        ("bottleneck=tanh,bottleneck.nois=1", "Did you mean bottleneck.noise"),
        ("bottleneck=tanh,bottleneck.noise=x", r"'bottleneck\.noise' is a number; 'x' is not"),
    ],
)
def test_a_wrong_option_of_one_kind_is_named(overrides, message):
    with pytest.raises(ValueError, match=message):
        override(TransformerNatHParams(), overrides)


@pytest.mark.parametrize(
    "own",
    [{"nois": 1.0}, {"noise": "x"}, {"noise": None}, {"noise": [1]}, {"noise": float("nan")}],
)
def test_a_wrong_option_of_one_kind_in_json_is_named(own):
    with pytest.raises(ValueError, match=r"option 'noise?'"):
        from_dict(config.BottleneckConfig, {"kind": "tanh", "own": own})


def test_no_override_changes_nothing():
    assert override(TransformerHParams(), "") == TransformerHParams()


def test_a_bare_value_for_a_bottleneck_is_its_kind():
    short = override(TransformerNatHParams(), "bottleneck=vq,bottleneck.num_codes=8")
    assert short == override(TransformerNatHParams(), "bottleneck.kind=vq,bottleneck.num_codes=8")
    assert short.bottleneck.kind == "vq"


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        ("hiden_size=3", ["TransformerNatHParams", "'hiden_size'", "Did you mean hidden_size"]),
        ("zzz=3", ["'zzz'", "Known: ", "hidden_size"]),
        ("bottleneck.num_cods=3", ["BottleneckConfig", "'bottleneck.num_cods'", "num_codes"]),
        ("bottleneck.noise=0.5", ["em has no option 'bottleneck.noise'", "has it: isemhash, "]),
        ("hidden_size=1.5", ["'hidden_size' is an integer", "'1.5' is not"]),
        ("hidden_size=none", ["'hidden_size' is an integer", "'none' is not"]),
        ("hidden_size=", ["'hidden_size' is an integer", "'' is not"]),
        ("dropout=lots", ["'dropout' is a number", "'lots' is not"]),
        ("bottleneck.num_samples=x", ["'bottleneck.num_samples' is an integer or none"]),
        ("dropout", ["'dropout' has no value", "Write dropout=VALUE"]),
        ("dropout=0,dropout=.1", ["'dropout' is given twice"]),
        ("bottleneck=vq,bottleneck.kind=em", ["'bottleneck.kind' is given twice"]),
        ("dropout=7", ["'dropout' is 7.0", "at least 0 and less than 1"]),
        ("schedule=linear", ["'schedule' is 'linear'", "one of rsqrt, cosine"]),
        ("bottleneck.levels=[8,1]", ["'bottleneck.levels' is 1", "at least 2 and at most 32,768"]),
        ("num_heads=3", ["hidden_size=512 must be a multiple of num_heads=3"]),
        ("learning_rate=nan", ["'learning_rate' is nan", "more than 0 and at most 10"]),
        ("hidden_size.x=3", ["'hidden_size.x' is unknown", "'hidden_size' is an integer"]),
    ],
)
def test_a_wrong_override_is_one_line_that_names_field_and_type(overrides, parts):
    with pytest.raises(ValueError) as error:
        override(TransformerNatHParams(), overrides)
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("overrides", "part"),
    [
        ("flag=maybe", "'flag' is true or false"),
        ("sizes=[1,x]", "'sizes' is a list of type int; '[1,x]' is not"),
    ],
)
def test_wrong_truth_values_and_lists_name_their_type(overrides, part):
    with pytest.raises(ValueError) as error:
        override(Every(), overrides)
    assert part in str(error.value)


def test_hyper_parameters_in_a_dict_are_refused():
    with pytest.raises(TypeError, match=r"are a string, such as 'softem_nat,hidden_size=256', not"):
        config.split_set({"hidden_size": 256})


def test_a_set_is_split_from_its_overrides():
    assert config.split_set("softem_nat") == ("softem_nat", "")
    assert config.split_set("softem_nat,a=1,b=[2,3]") == ("softem_nat", "a=1,b=[2,3]")


@pytest.mark.parametrize("text", ["", "hidden_size=3", ",hidden_size=3"])
def test_overrides_without_a_set_are_an_error(text):
    with pytest.raises(ValueError, match="does not begin with a set"):
        config.split_set(text)


@EVERY_SET
def test_every_set_survives_json(name):
    hparams = registry.hparams(name)
    values = json.loads(json.dumps(to_dict(hparams)))
    assert from_dict(type(hparams), values) == hparams


def test_lists_and_none_survive_json():
    every = Every(sizes=(), limit=None)
    assert from_dict(Every, json.loads(json.dumps(to_dict(every)))) == every


@EVERY_SET
def test_every_set_is_consistent(name):
    hparams = registry.hparams(name)
    assert hparams.model in registry.models
    assert hparams.hidden_size % hparams.num_heads == 0
    assert hparams.hidden_size % 2 == 0
    assert hparams.warmup_steps < hparams.train_steps
    assert hparams.eval_frequency <= hparams.train_steps
    if isinstance(hparams, TransformerNatHParams):
        assert hparams.bottleneck.kind in registry.bottlenecks
        assert hparams.bottleneck.kind == ("vq" if name.startswith("vq") else "em")
        assert hparams.startup_steps < hparams.train_steps


@pytest.mark.parametrize("size", ["tiny", "small", "base"])
def test_a_deep_set_has_twice_the_encoder_and_one_decoder_layer(size):
    plain = registry.hparams(f"transformer_{size}")
    expected = dataclasses.replace(plain, encoder_layers=2 * plain.encoder_layers, decoder_layers=1)
    assert registry.hparams(f"transformer_deep_{size}") == expected


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"cuont": 1}, "no hyper-parameter 'cuont'"),
        ({"count": "many"}, "'count' is an integer; 'many' is not"),
        ({"count": 1.5}, "'count' is an integer; 1.5 is not"),
        ({"count": True}, "'count' is an integer; True is not"),
        ({"count": None}, "'count' is an integer; None is not"),
        ({"flag": 1}, "'flag' is true or false; 1 is not"),
        ({"sizes": 3}, "'sizes' is a list of type int; 3 is not"),
        ({"sizes": [1, "x"]}, "'sizes' is a list of type int"),
    ],
)
def test_wrong_values_from_json_are_errors(values, part):
    with pytest.raises(ValueError) as error:
        from_dict(Every, values)
    assert part in str(error.value)


def test_a_number_of_a_set_of_ones_own_is_finite():
    with pytest.raises(ValueError, match="'rate' is nan, and it must be finite"):
        override(Every(), "rate=nan")


def test_a_whole_number_from_json_is_a_number():
    assert from_dict(Every, {"rate": 2}) == Every(rate=2.0)


def test_a_nested_value_from_json_names_its_whole_path():
    with pytest.raises(ValueError, match=r"'bottleneck\.num_codes' is an integer; 'x' is not"):
        from_dict(TransformerNatHParams, {"bottleneck": {"num_codes": "x"}})
    with pytest.raises(ValueError, match="'bottleneck' is a group of values by name; 'vq' is not"):
        from_dict(TransformerNatHParams, {"bottleneck": "vq"})


def test_a_field_without_default_that_json_lacks_is_an_error():
    with pytest.raises(ValueError, match="HParams needs the hyper-parameter 'model'"):
        from_dict(config.HParams, {"train_steps": 3})
