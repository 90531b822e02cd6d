"""Every docstring has the one form, and every example in one runs and gives what it says."""

import doctest
import importlib
import pathlib
import sys

import keras
import numpy as np
import pytest

import t2t_vq

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import docstring_form as form

ALL = {module: list(form.docstrings(module, path)) for module, path in form.modules().items()}
WITH_EXAMPLES = [module for module in ALL if any(">>> " in each.text for each in ALL[module])]


@pytest.mark.parametrize("module", list(ALL))
def test_docstrings_have_the_one_form(module):
    found = [f"{each.name}: {fault}" for each in ALL[module] for fault in form.faults(each.text)]
    assert not found


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_run(
    module, tf, make_workplace, trained, small_problems, kept_registries, monkeypatch
):
    """Names at hand: those of the module, and `keras`, `np`, `tf` and `t2t_vq`."""
    monkeypatch.chdir(make_workplace("none"))
    names = {"keras": keras, "np": np, "tf": tf, "t2t_vq": t2t_vq}
    names.update(vars(importlib.import_module(module)))
    runner, told = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS), []
    for each in ALL[module]:
        for made in trained.names:
            if made in each.text:
                trained.make(made)
                monkeypatch.chdir(trained.folder)
        keras.utils.set_random_seed(0)
        runner.run(form.parsed(each, dict(names)), out=told.append)
    assert not told, "".join(told)


@pytest.mark.parametrize(
    "text, fault",
    [
        ("One.\n\nReferences:\n    A book.", "'References:' is called 'Reference:'"),
        ("One.\n\nSource:\n    A book.", "'Source:' is called 'Reference:'"),
        ("One.\n\nReference: A book.", "the text of 'Reference:' does not stand below it"),
        ("One.\n\nExample:\n\n>>> 1\n1", "the text of 'Example:' does not stand below it"),
        ("One.\n\nExample:\n    one()", "the example is no doctest"),
        ("One.\n\nSo:\n\n    one()", "a block follows 'So:', which 'Example:' is for"),
        ("One.\n\n>>> 1\n1", "an example stands outside of 'Example:'"),
        ("One.\n\nReturns:\n    it.\n\nArgs:\n    a: b.", "sections are not in order"),
        ("One.\n\nReturns:\n    it.\n\nAnd more.", "text follows 'Returns:'"),
    ],
)
def test_another_form_is_a_fault(text, fault):
    assert any(found.startswith(fault) for found in form.faults(text))


def test_the_one_form_has_no_fault():
    text = (
        "One.\n\nMore.\n\nArgs:\n    a: b.\n\nExample:\n    >>> for a in b:\n    ...     a\n    1"
    )
    assert not list(form.faults(text))
