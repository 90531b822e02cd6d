import os
import subprocess
import sys

import pytest

from t2t_vq import registry
from t2t_vq.errors import UserError
from t2t_vq.registry import Registry, UnknownNameError

USER_PROBLEM = '''
from t2t_vq.registry import register_problem

@register_problem
class {name}:
    """A problem of the user's."""
'''


@pytest.fixture
def things(tmp_path, monkeypatch):
    """A registry of its own, whose package holds one module with two registrations."""
    package = tmp_path / "shipped_things"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "module.py").write_text(
        "import things_registry\n"
        "from things_registry import register_thing\n\n"
        "@register_thing\n"
        "class BareThing:\n"
        '    """Bare.\n\n    More."""\n\n'
        '@things_registry.register_thing("own_name")\n'
        "def function():\n"
        '    """Named."""\n'
    )
    registry_module = type(sys)("things_registry")
    things = Registry("thing", "register_thing", "shipped_things")
    registry_module.register_thing = things.register
    monkeypatch.setitem(sys.modules, "things_registry", registry_module)
    monkeypatch.syspath_prepend(tmp_path)
    yield things
    for name in ("shipped_things", "shipped_things.module"):
        sys.modules.pop(name, None)


@pytest.fixture
def user_problems(monkeypatch):
    """Forgets, after the test, what it registers and imports."""
    # What ships is imported once, and must not be into the copy that goes away.
    registry.problem("translate_ende_synthetic")
    known, modules = dict(registry.problems._objects), set(sys.modules)
    monkeypatch.setattr(registry.problems, "_objects", known)
    yield known
    for name in set(sys.modules) - modules:
        if name.startswith("usr_"):
            del sys.modules[name]


def python(code, **environment):
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TranslateEndeRev", "translate_ende_rev"),
        ("SoftEM", "soft_em"),
        ("VQAutoencoder", "vq_autoencoder"),
        ("image_cifar10", "image_cifar10"),
        ("ImageCifar10Small", "image_cifar10_small"),
    ],
)
def test_snake_case(name, expected):
    assert registry.snake_case(name) == expected


def test_a_bare_decorator_takes_the_snake_case_name_and_returns_the_object(things):
    class ANewThing:
        pass

    assert things.register(ANewThing) is ANewThing
    assert things["a_new_thing"] is ANewThing
    assert ANewThing.registered_name == "a_new_thing"


def test_a_decorator_with_a_name_takes_that_name(things):
    @things.register("another")
    class ANewThing:
        pass

    assert things["another"] is ANewThing
    assert "a_new_thing" not in things


def test_a_name_registered_twice_names_both_places(things):
    things.register("taken")(type("First", (), {"__module__": "here"}))
    with pytest.raises(
        ValueError, match=r"thing 'taken' is registered twice: by here and by there"
    ):
        things.register("taken")(type("Second", (), {"__module__": "there"}))


def test_what_ships_is_imported_at_the_first_look_up(things):
    assert "shipped_things.module" not in sys.modules
    assert list(things) == ["bare_thing", "own_name"]
    assert things["bare_thing"].__name__ == "BareThing"


def test_an_unknown_name_lists_close_ones_in_a_plain_sentence(things):
    with pytest.raises(UnknownNameError) as error:
        things["bare_thin"]
    assert str(error.value) == "No thing is called 'bare_thin'. Did you mean bare_thing?"


def test_an_unknown_name_like_no_other_lists_all(things):
    with pytest.raises(KeyError, match=r"No thing is called 'xyz'. Known: bare_thing, own_name\."):
        things["xyz"]


def test_summaries_are_the_same_before_and_after_the_import(things):
    before = things.summaries()
    assert "shipped_things.module" not in sys.modules
    assert before == {"bare_thing": "Bare.", "own_name": "Named."}
    list(things)
    assert things.summaries() == before


def test_describing_everything_imports_no_keras():
    output = python(
        "import sys; from t2t_vq import registry; print(registry.describe());"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    assert "softem_nat_tiny" in output


def test_describe_lists_everything_of_every_kind():
    text = registry.describe()
    registries = (registry.problems, registry.models, registry.hparams_sets, registry.bottlenecks)
    headings = ("Problems:", "Models:", "Hyper-parameter sets:", "Bottlenecks:")
    assert [line for line in text.splitlines() if not line.startswith(" ") and line] == [*headings]
    for kind in registries:
        assert list(kind)
        for name in kind:
            assert f"\n  {name} " in text


def test_everything_that_ships_is_summarised_without_its_import():
    # In a process of its own, as other tests register things too.
    summaries, imported = python(
        "from t2t_vq import registry as r\n"
        "kinds = (r.problems, r.models, r.hparams_sets, r.bottlenecks)\n"
        "print(*[[*kind.summaries()] for kind in kinds])\n"
        "print(*[[*kind] for kind in kinds])"
    ).splitlines()
    assert summaries == imported
    assert "softem_nat_tiny" in summaries


def test_problems_are_made_anew_and_sets_are_values():
    name = next(iter(registry.problems))
    assert registry.problem(name) is not registry.problem(name)
    assert registry.hparams("softem_nat") == registry.hparams("softem_nat")


def test_a_folder_of_modules_is_imported(tmp_path, user_problems):
    (tmp_path / "usr_one.py").write_text(USER_PROBLEM.format(name="UsrOne"))
    (tmp_path / "usr_two.py").write_text(USER_PROBLEM.format(name="UsrTwo"))
    registry.import_usr_dir(tmp_path)
    assert {"usr_one", "usr_two"} <= set(registry.problems)


def test_a_package_is_imported_with_its_submodules(tmp_path, user_problems):
    package = tmp_path / "usr_package"
    package.mkdir()
    (package / "__init__.py").write_text("from . import usr_part\n")
    (package / "usr_part.py").write_text(USER_PROBLEM.format(name="UsrPart"))
    registry.import_usr_dir(str(package))
    assert registry.problems["usr_part"].__module__ == "usr_package.usr_part"


def test_a_folder_imported_again_registers_nothing_twice(tmp_path, user_problems):
    (tmp_path / "usr_again.py").write_text(USER_PROBLEM.format(name="UsrAgain"))
    registry.import_usr_dir(tmp_path)
    registered = registry.problems["usr_again"]
    registry.import_usr_dir(tmp_path)
    assert registry.problems["usr_again"] is registered


def test_a_module_that_fails_fails_again_at_the_next_import(tmp_path, user_problems):
    (tmp_path / "usr_broken.py").write_text("raise RuntimeError('broken')\n")
    for _ in range(2):
        with pytest.raises(UserError, match=r"usr_broken\.py, line 1, .*broken\)"):
            registry.import_usr_dir(tmp_path)


def test_a_module_that_failed_after_it_registered_is_imported_once_it_is_corrected(
    tmp_path, user_problems
):
    good = USER_PROBLEM.format(name="UsrTyped")
    (tmp_path / "usr_typed.py").write_text(f"{good}\nundefined\n")
    with pytest.raises(UserError, match="NameError"):
        registry.import_usr_dir(tmp_path)
    assert "usr_typed" not in registry.problems
    (tmp_path / "usr_typed.py").write_text(f"{good}    version = 2\n")
    registry.import_usr_dir(tmp_path)
    assert registry.problems["usr_typed"].version == 2


def test_parts_of_a_package_that_failed_are_imported_anew(tmp_path, user_problems):
    package = tmp_path / "usr_parts"
    package.mkdir()
    (package / "__init__.py").write_text("from . import usr_piece\nusr_piece.missing\n")
    (package / "usr_piece.py").write_text(USER_PROBLEM.format(name="UsrPiece"))
    with pytest.raises(UserError, match="no attribute 'missing'"):
        registry.import_usr_dir(package)
    (package / "usr_piece.py").write_text(USER_PROBLEM.format(name="UsrPiece") + "\nmissing = 0\n")
    registry.import_usr_dir(package)
    assert "usr_piece" in registry.problems


def test_what_ships_and_failed_after_it_registered_is_looked_up_again(things, tmp_path):
    module = tmp_path / "shipped_things" / "module.py"
    text = module.read_text()
    module.write_text(f"{text}\nundefined\n")
    with pytest.raises(NameError):
        things["bare_thing"]
    module.write_text(text)
    assert things["bare_thing"].__name__ == "BareThing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", r"usr_wrong_8\.py, line 1, cannot be imported \(SyntaxError: "),
        ("\nimport no_such_library\n", r"line 2, .*No module named 'no_such_library'\)"),
        ("from t2t_vq.registry import regster\n", r"line 1, .*cannot import name 'regster'"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path, text, message):
    # A module of a name that was imported before would be taken for it.
    (tmp_path / f"usr_wrong_{len(text)}.py").write_text(text)
    with pytest.raises(UserError, match=message):
        registry.import_usr_dir(tmp_path)


def test_a_problem_that_lacks_something_is_told_what(tmp_path, user_problems):
    (tmp_path / "usr_half.py").write_text(
        "from t2t_vq import register_problem\n"
        "from t2t_vq.problems.translation import TranslationProblem\n"
        "@register_problem\nclass UsrHalf(TranslationProblem):\n    'Half.'\n"
        "    def pairs(self, split, source_dir, report):\n        yield 'a', 'b'\n"
    )
    registry.import_usr_dir(tmp_path)
    with pytest.raises(UserError, match=r"usr_half is not whole: .*UsrHalf lacks source"):
        registry.problem("usr_half")


@pytest.mark.parametrize("folder", ["", "missing"])
def test_a_folder_without_python_is_an_error(tmp_path, folder):
    with pytest.raises(FileNotFoundError, match=r"holds no Python file to import|is no folder"):
        registry.import_usr_dir(tmp_path / folder)


def test_a_checkout_that_is_not_installed_is_told_how_to_be():
    uninstalled = Registry("problem", "register_problem", "t2t_vq.not_installed")
    with pytest.raises(ModuleNotFoundError, match="pip install -e"):
        uninstalled["translate_ende_synthetic"]


def test_after_an_import_that_failed_the_next_look_up_fails_alike(tmp_path, monkeypatch):
    (tmp_path / "half_installed").mkdir()
    (tmp_path / "half_installed" / "__init__.py").touch()
    (tmp_path / "half_installed" / "broken.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    things = registry.Registry("thing", "register_thing", "half_installed")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            things["one"]


def test_files_of_a_folder_import_each_other(tmp_path):
    (tmp_path / "a_first_of_two.py").write_text("from z_second_of_two import VALUE\n")
    (tmp_path / "z_second_of_two.py").write_text("VALUE = 7\n")
    registry.import_usr_dir(tmp_path)
    assert sys.modules["a_first_of_two"].VALUE == 7


def test_a_folder_that_python_finds_through_a_link_is_imported(
    tmp_path, monkeypatch, user_problems
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "usr_linked.py").write_text(USER_PROBLEM.format(name="UsrLinked"))
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    monkeypatch.syspath_prepend(tmp_path / "link")
    registry.import_usr_dir(tmp_path / "folder")
    assert "usr_linked" in registry.problems


def test_a_file_called_like_one_of_another_folder_is_told_which(tmp_path, user_problems):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "usr_same.py").write_text(USER_PROBLEM.format(name=name.title()))
    registry.import_usr_dir(tmp_path / "first")
    with pytest.raises(ValueError, match=r"that is the name of .*first/usr_same\.py\. Rename it"):
        registry.import_usr_dir(tmp_path / "second")


@pytest.mark.parametrize("name", ["numbers", "keras", "json", "sys"])
def test_a_file_that_would_stand_for_a_library_is_refused(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("")
    with pytest.raises(ValueError, match=f"would be imported as '{name}'.* Rename it"):
        registry.import_usr_dir(tmp_path)
