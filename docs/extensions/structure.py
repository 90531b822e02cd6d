"""The directive `rooms`: which part of the package imports which, read from the code."""

import ast
import functools
import pathlib

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import t2t_vq

PACKAGE = pathlib.Path(t2t_vq.__file__).parent


def setup(app):
    """Adds the directive."""
    app.add_directive("rooms", _Rooms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class _Rooms(SphinxDirective):
    """A table of rooms, from the highest floor to the ground."""

    def run(self):
        text = ["| floor | part | what it is | imports |", "|---|---|---|---|"]
        for floor, room, what, imported in rooms():
            named = ", ".join(f"`{name}`" for name in imported)
            text.append(f"| {floor} | `{room}` | {what} | {named} |")
        container = nodes.container()
        self.state.nested_parse(text, self.content_offset, container)
        return container.children


def rooms():
    """Returns `(floor, name, first line of its docstring, what it imports)`, highest first.

    A room stands above all that it imports, but for rooms that import it too. Floor 1 is the
    ground.
    """
    files = {}
    for path in [*PACKAGE.rglob("*.py"), *_mapped()]:
        name = _room_of(path)
        if name != "__init__":
            files.setdefault(name, []).append(path)
    imports = {name: sorted(_imported(paths) - {name}) for name, paths in files.items()}
    imports = {name: [each for each in found if each in files] for name, found in imports.items()}
    below = {name: _reached(imports, name) for name in imports}

    @functools.cache
    def floor(name):
        # Rooms that import each other share a floor.
        return 1 + max((floor(each) for each in below[name] if name not in below[each]), default=0)

    floors = {name: floor(name) for name in imports}
    ordered = sorted(imports, key=lambda name: (-floors[name], name))
    return [(floors[name], name, _first_line(name, files[name]), imports[name]) for name in ordered]


def _reached(imports, name):
    """Returns all that a room imports, by way of others too."""
    found, open_ends = set(), [name]
    while open_ends:
        new = set(imports[open_ends.pop()]) - found
        found |= new
        open_ends += new
    return found


def _mapped():
    """Files of the packages that lie beside `t2t_vq` in the checkout, not in it."""
    for name in ("problems", "hparams"):
        if not (PACKAGE / name).is_dir():
            yield from (PACKAGE.parent / name).rglob("*.py")


def _room_of(path):
    mapped = path.parent if path.parent.name in ("problems", "hparams") else None
    if mapped is not None and not path.is_relative_to(PACKAGE):
        return mapped.name
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported(paths):
    names = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name.split(".")[1] for name in names if name.startswith("t2t_vq.")}


def _first_line(name, paths):
    main = [path for path in paths if path.stem in ("__init__", name)]
    path = min(main or paths, key=lambda path: len(path.parts))
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].replace("|", r"\|")
