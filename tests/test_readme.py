"""The README's Python snippets run as they stand."""

import pathlib
import re

import pytest

README = pathlib.Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
# The others need an exported or a trained model; tests/export and tests/training make these calls.
RUNNABLE = [snippet for snippet in SNIPPETS if not re.search(r"export/|runs/", snippet)]


def test_there_are_snippets_to_run():
    assert len(RUNNABLE) == 4


@pytest.mark.parametrize(
    "snippet", RUNNABLE, ids=["layers", "models", "composition", "registration"]
)
def test_a_snippet_runs(snippet):
    exec(compile(snippet, "README.md", "exec"), {"__name__": "snippet"})
