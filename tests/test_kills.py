"""Commands that are killed go on to the same bits; `scripts/test_kills` does more of it."""

import importlib.util
import pathlib
from importlib.machinery import SourceFileLoader

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "test_kills"


@pytest.fixture(scope="module")
def kills():
    loader = SourceFileLoader("kills", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("kills", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(("stage", "number"), [("train", 2), ("distill", 1)])
def test_what_is_killed_ends_in_the_same_bits(tf, kills, stage, number, tmp_path):
    ((hits, is_same),) = kills.check(tmp_path, stage, chains=1, kills=number)
    assert hits and is_same
