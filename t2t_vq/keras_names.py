"""Tells Keras the names of our layers, so that `import t2t_vq` is enough to load a saved model.

Importing the layers takes as long as importing Keras does, and `import t2t_vq` must be quick. So
Keras gets a stand-in for each of them, as soon as somebody imports Keras; it imports the layer when
a saved model has one.
"""

import importlib
import importlib.util
import pathlib
import re
import sys

# What is saved with a model; each is a package beside this file.
_ROOMS = ("bottlenecks", "layers", "training")
_REGISTERED = re.compile(
    r'^@keras\.saving\.register_keras_serializable\(package="t2t_vq"\)\n(?:@.*\n)*class (\w+)', re.M
)


class StandIn:
    """What Keras calls to load a layer, in place of its class.

    Args:
        module, name: of the class.
    """

    def __init__(self, module, name):
        self._module = module
        self._name = name

    def from_config(self, config):
        """Returns the layer that has this configuration."""
        return getattr(importlib.import_module(self._module), self._name).from_config(config)


def register_stand_ins():
    """Gives Keras a stand-in for each of our layers, now or when it is imported."""
    if "keras" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _AfterKeras())


class _AfterKeras:
    """A finder of modules that has others find Keras, and makes it register when it has run."""

    _searching = False

    def find_spec(self, name, path=None, target=None):
        if name != "keras" or self._searching:
            return None
        self._searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._searching = False
        # Whoever only wonders whether there is Keras does not run it.
        if spec is not None:
            run = spec.loader.exec_module

            def run_and_register(module):
                run(module)
                sys.meta_path.remove(self)
                _register()

            spec.loader.exec_module = run_and_register
        return spec


def _register():
    known = sys.modules["keras"].saving.get_custom_objects()
    for room in _ROOMS:
        for path in sorted((pathlib.Path(__file__).parent / room).glob("*.py")):
            # By its text: importing it is what this is there to put off.
            for name in _REGISTERED.findall(path.read_text(encoding="utf-8")):
                known.setdefault(f"t2t_vq>{name}", StandIn(f"t2t_vq.{room}.{path.stem}", name))
