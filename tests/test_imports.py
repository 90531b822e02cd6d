"""Rules of the house: imports point downwards, what users type is quick, hints are complete."""

import ast
import graphlib
import importlib.util
import pathlib
import pkgutil
import subprocess
import sys

import pytest

# Upper rooms may import lower ones; rooms of one row may import each other.
ROWS = [
    ["cli"],
    ["distillation"],
    ["loading"],
    ["evaluation", "export", "training"],
    ["run", "translator", "translation_codes", "image_codec", "runtime"],
    ["line_translator"],
    ["models", "problems", "hparams"],
    ["layers", "data", "metrics"],
    ["formats"],
    ["decoding"],
    ["bottlenecks"],
    ["em"],
    ["backend"],
    ["config"],
    ["registry", "keras_names"],
    ["atomic", "usr_dirs", "import_hooks", "image_arguments", "processors"],
    ["locks"],
    ["arguments", "errors", "paths", "progress", "tensors"],
]
ROW = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
HEAVY = {
    "PIL",
    "tensorflow",
    "tensorflow_datasets",
    "tensorflow_text",
    "keras",
    "sentencepiece",
    "sacrebleu",
}


def folders(package="t2t_vq"):
    return importlib.util.find_spec(package).submodule_search_locations


def modules_in(room):
    """Yields `(name, path)` of the module `t2t_vq.<room>` and of everything below it."""
    spec = importlib.util.find_spec(f"t2t_vq.{room}")
    yield spec.name, pathlib.Path(spec.origin)
    for found in pkgutil.walk_packages(spec.submodule_search_locations or [], f"{spec.name}."):
        yield found.name, pathlib.Path(importlib.util.find_spec(found.name).origin)


def names_imported(path):
    """Yields the names of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import in line {node.lineno}."
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.startswith("t2t_vq."))


def rooms_imported(path):
    """Yields the rooms that a file imports, anywhere in it."""
    yield from (name.split(".")[1] for name in names_imported(path))


def public_functions(path):
    """Yields the public functions of a file and the public methods of its public classes."""
    found = list(ast.parse(path.read_text(encoding="utf-8")).body)
    for node in found:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found += node.body
        is_public = not getattr(node, "name", "_").startswith("_")
        if isinstance(node, ast.FunctionDef) and (is_public or node.name == "__init__"):
            yield node


def lacks_hints(function):
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    named += filter(None, (arguments.vararg, arguments.kwarg))
    hints = [each.annotation for each in named if each.arg not in ("self", "cls")]
    return None in hints or function.returns is None


def test_every_room_has_its_row():
    package = {found.name for found in pkgutil.iter_modules(folders())}
    assert package | {"problems", "hparams"} == set(ROW)


@pytest.mark.parametrize("room", list(ROW))
def test_imports_point_downwards_only(room):
    for name, path in modules_in(room):
        for imported in rooms_imported(path):
            assert ROW[imported] >= ROW[room], f"{name} imports t2t_vq.{imported}, which is above."


def test_no_modules_import_each_other():
    modules = dict(found for room in ROW for found in modules_in(room))
    graph = {
        module: {name if name in modules else name.rpartition(".")[0] for name in found} - {module}
        for module, found in ((module, names_imported(path)) for module, path in modules.items())
    }
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize(
    "room",
    [
        "usr_dirs",
        "import_hooks",
        "image_arguments",
        "processors",
        "locks",
        "arguments",
        "errors",
        "paths",
        "progress",
        "tensors",
    ],
)
def test_the_lowest_rooms_import_nothing_of_ours(room):
    for _, path in modules_in(room):
        assert not set(rooms_imported(path)) - {"arguments", "errors", "paths", "tensors"}


def test_the_equations_import_nothing_of_ours_but_the_backend():
    for _, path in modules_in("em"):
        assert set(rooms_imported(path)) <= {"backend", "tensors"}


@pytest.mark.parametrize("room", ["em", "bottlenecks", "layers", "models", "decoding"])
def test_keras_rooms_do_not_import_tensorflow(room):
    for name, path in modules_in(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = getattr(node, "module", None) or node.names[0].name
                assert module.split(".")[0] != "tensorflow", name


def test_what_users_type_imports_nothing_heavy():
    modules = ["t2t_vq", "t2t_vq.run"]
    for room in ("problems", "hparams", "cli"):
        modules += [name for name, _ in modules_in(room)]
    code = (
        "import importlib, sys\n"
        f"for name in {modules}:\n"
        "    importlib.import_module(name)\n"
        f"    heavy = {HEAVY} & set(sys.modules)\n"
        "    assert not heavy, f'{name} imports {heavy}'\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("room", list(ROW))
def test_public_functions_have_hints(room):
    found = [
        f"{name}.{function.name}"
        for name, path in modules_in(room)
        for function in public_functions(path)
        if lacks_hints(function)
    ]
    assert not found
