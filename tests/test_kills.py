"""Commands that are killed go on to the same bits; `scripts/test_kills` does more of it."""

import importlib.util
import os
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


def test_a_folder_that_vanishes_meanwhile_is_passed_over(kills, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"123")
    (tmp_path / "gone").mkdir()
    look = os.scandir

    def vanish(path):
        if str(path).endswith("gone"):
            raise FileNotFoundError(path)
        return look(path)

    monkeypatch.setattr(os, "scandir", vanish)
    assert kills.sizes_in(tmp_path) == {str(tmp_path / "file"): 3}


@pytest.mark.parametrize(
    ("stage", "number"), [("train", 1), pytest.param("distill", 1, marks=pytest.mark.slow)]
)
def test_what_is_killed_ends_in_the_same_bits(tf, kills, stage, number, tmp_path):
    ((hits, is_same),) = kills.check(tmp_path, stage, chains=1, kills=number)
    assert hits and is_same
