"""Runs the example of every docstring in the rooms below, and checks the values it shows."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap

import keras
import numpy as np
import pytest
from keras import ops

from t2t_vq import bottlenecks

ROOMS = ("layers", "decoding", "models", "metrics")


def examples():
    for room in ROOMS:
        package = importlib.import_module(f"t2t_vq.{room}")
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, thing in vars(module).items():
                if getattr(thing, "__module__", None) != found.name:
                    continue
                _, example, code = (inspect.getdoc(thing) or "").partition("\nExample:\n")
                if example:
                    yield pytest.param(module, textwrap.dedent(code), id=name)


def shown(code, node):
    """Returns the literal in the comment beside or below a statement, or none."""
    lines = code.splitlines()[node.end_lineno - 1 : node.end_lineno + 1]
    comment = re.search(r"# (?:about )?(\[.*\]|\(.*\)|[-.\d]+)", "\n".join(lines))
    return comment and ast.literal_eval(comment[1])


@pytest.mark.parametrize(("module", "code"), list(examples()))
def test_example(module, code):
    names = {"keras": keras, "ops": ops, **vars(bottlenecks), **vars(module)}
    tree, checked = ast.parse(code), 0
    for node in tree.body:
        if not isinstance(node, ast.Expr):
            exec(compile(ast.Module([node], []), "<example>", "exec"), names)
            continue
        value = eval(compile(ast.Expression(node.value), "<example>", "eval"), names)
        np.testing.assert_allclose(value, shown(code, node), atol=1e-3)
        checked += 1
    assert checked, "The example shows no value."
