"""The table is complete, and what it says of a kind is so."""

import dataclasses

import common
import numpy as np
import pytest
from kinds import COVERING, KINDS, every_kind, over

from t2t_vq import config, registry
from t2t_vq.backend import random_numbers
from t2t_vq.bottlenecks import make_bottleneck

# What other tests register is not ours.
OURS = {
    name: registry.bottlenecks[name]
    for name in registry.bottlenecks
    if registry.bottlenecks[name].__module__.startswith("t2t_vq.")
}


def test_every_registered_kind_is_in_the_table():
    in_table = {name.partition("/")[0] for name in KINDS}
    missing = [name for name in OURS if name not in in_table]
    assert not missing, f"Add a line to tests/conformance/kinds.py for {', '.join(missing)}."


def test_one_of_each_way_to_be_built_updated_and_saved_covers_the_table():
    def ways(names):
        classes = {type(KINDS[name].make()) for name in names}
        return {(each.build, each.update, each.get_config) for each in classes}

    assert ways(COVERING) == ways(KINDS)


@every_kind
def test_draws_in_training_if_the_table_says_so(kind, monkeypatch):
    layer, x = common.started(kind), common.vectors(0)
    first = common.arrays(layer.forward_pass(x, common.MASK, training=True))
    uniform = random_numbers.uniform
    monkeypatch.setattr(random_numbers, "uniform", lambda *args: (uniform(*args) + 0.5) % 1.0)
    second = common.arrays(layer.forward_pass(x, common.MASK, training=True))
    assert kind.draws == any((first[name] != second[name]).any() for name in first)


@over({name: kind for name, kind in KINDS.items() if kind.fewest.get("num_codes", 1) > 1})
def test_refuses_fewer_codes_than_the_table_says(kind):
    # Keras makes the one error of the other.
    with pytest.raises((ValueError, TypeError), match="num_codes"):
        common.remade(kind.make(), num_codes=kind.fewest["num_codes"] - 1)


@pytest.mark.parametrize("name", OURS)
def test_the_default_configuration_builds_every_kind(name):
    layer = make_bottleneck(dataclasses.asdict(config.BottleneckConfig(kind=name)))
    assert type(layer) is type(KINDS[name].make())
    x = common.vectors(0, 2, 3, 16)
    layer.build(x.shape)
    assert np.isfinite(layer.forward_pass(x).output.dense).all()
