"""The docstrings of the package: where they are, what they hold, and the form that they have.

A docstring has one line, then what the thing does, then sections in the order of `SECTIONS`, each a
name with a colon and below it indented text. An example is a doctest.
"""

import ast
import doctest
import pathlib
import re
from collections.abc import Iterator
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[2]
SECTIONS = (
    "Args",
    "Call arguments",
    "Attributes",
    "Returns",
    "Yields",
    "Raises",
    "Reference",
    "Example",
)
_HEADING = re.compile(rf"^({'|'.join(SECTIONS)}|References|Sources?|Examples):(.*)$")


class Docstring(NamedTuple):
    """The docstring of a module, class or function.

    Attributes:
        module: name of the module that it is in.
        name: what it describes, as in `module.Class.method`.
        line: its first line in the file, from 1.
        text: as `ast.get_docstring` gives it.
    """

    module: str
    name: str
    line: int
    text: str


def modules() -> dict[str, pathlib.Path]:
    """Returns the files of all modules of the package by name."""
    found = {}
    for folder, package in (
        ("t2t_vq", "t2t_vq"),
        ("problems", "t2t_vq.problems"),
        ("hparams", "t2t_vq.hparams"),
    ):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join((package, *(part for part in parts if part != "__init__")))] = path
    return found


def docstrings(module: str, path: pathlib.Path) -> Iterator[Docstring]:
    """Yields the docstrings of a file, without importing it."""

    def inside(node, name):
        text = ast.get_docstring(node)
        if text:
            yield Docstring(module, name, node.body[0].lineno, text)
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef):
                yield from inside(child, f"{name}.{child.name}")

    yield from inside(ast.parse(path.read_text(encoding="utf-8")), module)


def sections(text: str) -> list[tuple[str, str, list[str]]]:
    """Returns `(name, rest of its line, lines below)` of a docstring's sections.

    What stands before the first one is a section without a name.
    """
    found: list[tuple[str, str, list[str]]] = [("", "", [])]
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            found.append((heading[1], heading[2], []))
        else:
            found[-1][2].append(line)
    return found


def faults(text: str) -> Iterator[str]:
    """Yields what is wrong with the form of a docstring."""
    (_, _, before), *named = sections(text)
    names = [name for name, _, _ in named]
    for name in names:
        if name not in SECTIONS:
            yield f"'{name}:' is called '{'Example' if name == 'Examples' else 'Reference'}:'"
    order = [SECTIONS.index(name) for name in names if name in SECTIONS]
    if order != sorted(set(order)):
        yield f"sections are not in order, or twice: {', '.join(names)}"
    for name, rest, lines in named:
        if rest or not lines or not re.match(r" {4}\S", lines[0]):
            yield f"the text of '{name}:' does not stand below it, indented by 4"
        if any(re.match(r"\S", line) for line in lines):
            yield f"text follows '{name}:' that is in no section"
        if name == "Example" and not _is_doctest(lines):
            yield "the example is no doctest"
        elif name != "Example" and any(line.lstrip().startswith(">>>") for line in lines):
            yield f"'{name}:' holds an example"
    if any(line.startswith(">>>") for line in before):
        yield "an example stands outside of 'Example:'"
    for line, empty, code in zip(before, before[1:], before[2:], strict=False):
        if line.endswith(":") and not empty and code.startswith("    "):
            yield f"a block follows {line!r}, which 'Example:' is for"


def _is_doctest(lines):
    """Returns whether every paragraph begins with a prompt."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    return all(paragraph.startswith("    >>> ") for paragraph in paragraphs)


def parsed(docstring: Docstring, names: dict) -> doctest.DocTest:
    """Returns the examples of a docstring, to be run with these names at hand."""
    path = str(modules()[docstring.module])
    return doctest.DocTestParser().get_doctest(
        docstring.text, names, docstring.name, path, docstring.line - 1
    )
