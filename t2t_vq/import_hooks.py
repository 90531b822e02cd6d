"""Doing something when a module is imported, whoever imports it."""

import contextlib
import importlib.util
import sys
from collections.abc import Callable


def around(name: str, context: Callable[[str], contextlib.AbstractContextManager[None]]) -> None:
    """Has a module run within a context, the first time that it is imported.

    Args:
        name: of the module, which is not imported yet.
        context: function of the name that returns a context manager.
    """
    sys.meta_path.insert(0, _Around(name, context))


class _Around:
    """A finder of modules that has others find one, and makes it run in a context."""

    def __init__(self, name, context):
        self._name = name
        self._context = context
        self._searching = False

    def find_spec(self, name, path=None, target=None):
        if name != self._name or self._searching:
            return None
        self._searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._searching = False
        # Whoever only wonders whether it is there does not run it.
        if spec is not None:
            run = spec.loader.exec_module

            def run_in_context(module):
                sys.meta_path.remove(self)
                with self._context(name):
                    run(module)

            spec.loader.exec_module = run_in_context
        return spec
