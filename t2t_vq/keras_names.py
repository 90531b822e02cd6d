"""Tells Keras the names of our layers, so that `import t2t_vq` is enough to load a saved model.

Importing the layers takes as long as importing Keras does, and `import t2t_vq` must be quick. So
Keras gets a stand-in for each of them, as soon as somebody imports Keras; it imports the layer when
a saved model has one.
"""

import contextlib
import importlib
import pathlib
import re
import sys
from typing import Any

from t2t_vq import import_hooks

# What is saved with a model; each is a package beside this file.
_ROOMS = ("bottlenecks", "layers", "training")
_REGISTERED = re.compile(
    r'^@(?:keras\.saving\.register_keras_serializable\(package="t2t_vq"\)|loads_as_class)\n'
    r"(?:@.*\n)*(?:class|def) (\w+)",
    re.M,
)


class StandIn:
    """What Keras calls to load a layer, in place of its class.

    Args:
        module, name: of the class.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def from_config(self, config: dict[str, Any]) -> Any:
        """Returns the layer that has this configuration."""
        import keras

        importlib.import_module(self._module)
        # Not the module's attribute, which is a function where the class is an earlier version's.
        known = keras.saving.get_custom_objects()
        return known[f"t2t_vq>{self._name}"].from_config(config)


def register_stand_ins() -> None:
    """Gives Keras a stand-in for each of our layers, now or when it is imported."""
    if "keras" in sys.modules:
        _register()
    else:
        import_hooks.around("keras", _then_register)


@contextlib.contextmanager
def _then_register(name):
    yield
    _register()


def _register():
    known = sys.modules["keras"].saving.get_custom_objects()
    for room in _ROOMS:
        for path in sorted((pathlib.Path(__file__).parent / room).glob("*.py")):
            # By its text: importing it is what this is there to put off.
            for name in _REGISTERED.findall(path.read_text(encoding="utf-8")):
                known.setdefault(f"t2t_vq>{name}", StandIn(f"t2t_vq.{room}.{path.stem}", name))
