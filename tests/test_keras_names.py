"""Keras has a stand-in for everything of ours that it may find in a saved model."""

import importlib
import pathlib
import pkgutil
import subprocess
import sys

import keras
import pytest

import t2t_vq
from t2t_vq.keras_names import StandIn


def registered():
    """Everything of the package that is registered with Keras, `{name: class}`."""
    for found in pkgutil.walk_packages(t2t_vq.__path__, "t2t_vq."):
        importlib.import_module(found.name)
    known = keras.saving.get_custom_objects()
    return {name: thing for name, thing in known.items() if name.startswith("t2t_vq>")}


def test_every_registered_class_has_a_stand_in_until_it_is_imported(monkeypatch):
    classes = registered()
    assert "t2t_vq>SoftEM" in classes and "t2t_vq>TokenEmbedding" in classes
    monkeypatch.setattr(keras.saving, "get_custom_objects", lambda: stand_ins)
    stand_ins = {}
    t2t_vq.keras_names.register_stand_ins()
    assert set(stand_ins) == set(classes)
    assert all(isinstance(each, StandIn) for each in stand_ins.values())
    assert all(isinstance(each, type) for each in classes.values())


def test_a_stand_in_makes_what_its_class_would():
    stand_in = StandIn("t2t_vq.bottlenecks.regularizers", "Diversity")
    made = stand_in.from_config({"weight": 2.0, "temperature": 3.0})
    assert made.weight == 2.0 and made.temperature == 3.0


def test_a_stand_in_makes_a_class_of_an_earlier_version():
    module = "t2t_vq.bottlenecks.gumbel_softmax_dvq"
    made = StandIn(module, "GumbelSoftmaxDVQ").from_config({"num_blocks": 4, "hard": True})
    assert len(made.parts) == 4 and made.parts[0].assignment.hard


@pytest.mark.parametrize("kind", ["grouped-residual-vq", "gumbel-softmax-dvq"])
def test_a_file_of_an_earlier_class_loads_where_nothing_else_imports_it(kind, tf):
    path = pathlib.Path(__file__).parent / "golden" / "v0.1.0" / f"{kind}.keras"
    code = (
        "import keras, t2t_vq\n"
        f"model = keras.saving.load_model({str(path)!r})\n"
        "print(model(keras.ops.ones((1, 4, 8)))['codes'].shape)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"(1, 4, {4 if kind.startswith('grouped') else 2})"
