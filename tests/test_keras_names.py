"""Keras has a stand-in for everything of ours that it may find in a saved model."""

import importlib
import pkgutil

import keras

import t2t_vq
from t2t_vq.keras_names import StandIn


def registered():
    """Everything in the package that is registered with Keras, `{name: class}`."""
    for found in pkgutil.walk_packages(t2t_vq.__path__, "t2t_vq."):
        module = importlib.import_module(found.name)
        for thing in vars(module).values():
            if isinstance(thing, type) and thing.__module__ == found.name:
                name = keras.saving.get_registered_name(thing)
                if name.startswith("t2t_vq>"):
                    yield name, thing


def test_every_registered_class_has_a_stand_in_until_it_is_imported(monkeypatch):
    classes = dict(registered())
    assert "t2t_vq>SoftEM" in classes and "t2t_vq>TokenEmbedding" in classes
    known = keras.saving.get_custom_objects()
    monkeypatch.setattr(keras.saving, "get_custom_objects", lambda: stand_ins)
    stand_ins = {}
    t2t_vq.keras_names.register_stand_ins()
    assert set(stand_ins) == set(classes)
    for name, stand_in in stand_ins.items():
        assert isinstance(stand_in, StandIn) and known[name] is classes[name]


def test_a_stand_in_makes_what_its_class_would():
    stand_in = StandIn("t2t_vq.bottlenecks.regularizers", "Diversity")
    made = stand_in.from_config({"weight": 2.0, "temperature": 3.0})
    assert made.weight == 2.0 and made.temperature == 3.0
