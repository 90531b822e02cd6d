"""Names for problems, models, hyper-parameter sets and bottlenecks.

A decorator registers a class or function under its name in snake case, or under a name of its own.
What the package ships is imported at the first look-up, so `import t2t_vq` stays quick. User
code is imported with `import_usr_dir`, as Tensor2Tensor's `--t2t_usr_dir` did.

Example:
    >>> from t2t_vq import config
    >>> @register_hparams
    ... def softem_nat_mine():
    ...     "The tiny set with a smaller codebook."
    ...     return config.override(hparams("softem_nat_tiny"), "bottleneck.num_codes=64")
    >>> hparams("softem_nat_mine").bottleneck.num_codes
    64
"""

import ast
import contextlib
import difflib
import importlib
import importlib.machinery
import importlib.util
import inspect
import pathlib
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from t2t_vq import usr_dirs
from t2t_vq.errors import InvalidError, MissingError, UserError
from t2t_vq.paths import StrPath


def snake_case(name: str) -> str:
    """Returns `name` in snake case: `TranslateEndeRev` becomes `translate_ende_rev`.

    Example:
        >>> snake_case("TranslateEndeRev")
        'translate_ende_rev'
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def first_line(docstring: str | None) -> str:
    """Returns the first line of a docstring, or an empty string.

    Example:
        >>> first_line(first_line.__doc__)
        'Returns the first line of a docstring, or an empty string.'
    """
    return (docstring or "").strip().partition("\n")[0]


class Registry:
    """The registered objects of one kind.

    Args:
        kind: what is registered, for messages: "problem", "model" ...
        decorator: the name of the decorator that registers this kind.
        package: the package whose modules register what ships with `t2t_vq`.
    """

    def __init__(self, kind: str, decorator: str, package: str) -> None:
        self.kind = kind
        self._decorator = decorator
        self._package = package
        self._objects: dict[str, Any] = {}
        self._imported = False

    def register(self, target: Any) -> Any:
        """Registers a class or function; use it as a decorator, bare or with a name.

        Raises:
            ValueError: when the name is taken.
        """
        if isinstance(target, str):
            return lambda thing: self._add(target, thing)
        return self._add(snake_case(target.__name__), target)

    def _add(self, name, thing):
        if name in self._objects:
            raise InvalidError(
                f"The {self.kind} '{name}' is registered twice: by "
                f"{self._objects[name].__module__} and by {thing.__module__}. Rename one of them."
            )
        thing.registered_name = name
        self._objects[name] = thing
        return thing

    def __getitem__(self, name: str) -> Any:
        """Returns what is registered under `name`.

        Raises:
            KeyError: when nothing is; the message lists close matches.
        """
        self._import_package()
        if name not in self._objects:
            raise self._unknown(name, self._objects)
        return self._objects[name]

    def __iter__(self) -> Iterator[str]:
        self._import_package()
        return iter(sorted(self._objects))

    def __contains__(self, name: Any) -> bool:
        self._import_package()
        return name in self._objects

    def check(self, name: str) -> None:
        """Refuses a name under which nothing is registered; imports nothing.

        Raises:
            KeyError: then, as in `__getitem__`.
        """
        if name not in self._objects and name not in (known := self.summaries()):
            raise self._unknown(name, known)

    def _unknown(self, name, known):
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = (
            f"Did you mean {' or '.join(close)}?"
            if close
            else f"Known: {', '.join(sorted(known))}."
        )
        return UnknownNameError(f"No {self.kind} is called '{name}'. {hint}")

    def summaries(self) -> dict[str, str]:
        """Returns `{name: first line of its docstring}`, without importing models or bottlenecks.

        Those import Keras, which takes seconds, so what ships is read from its source.
        """
        found = {name: first_line(thing.__doc__) for name, thing in self._objects.items()}
        if not self._imported:
            for path in _module_files(self._package):
                found.update(self._summaries_in(path))
        return dict(sorted(found.items()))

    def _summaries_in(self, path):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for decorator in getattr(node, "decorator_list", ()):
                call = decorator if isinstance(decorator, ast.Call) else None
                # Either `@register_thing` or `@registry.register_thing`.
                used = ast.unparse(call.func if call else decorator)
                if used.rpartition(".")[2] == self._decorator:
                    name = call.args[0].value if call else snake_case(node.name)
                    yield name, first_line(ast.get_docstring(node))

    @contextlib.contextmanager
    def forgetting_what_failed(self) -> Iterator[None]:
        """Forgets, when imports within it fail, what the modules registered that are not imported.

        Else another attempt would find their names registered twice.
        """
        before = set(self._objects)
        try:
            yield
        except BaseException:
            for name in set(self._objects) - before:
                if self._objects[name].__module__ not in sys.modules:
                    del self._objects[name]
            raise

    def _import_package(self):
        if not self._imported:
            # At once, as what is imported may look up others.
            self._imported = True
            try:
                with self.forgetting_what_failed():
                    for path in _module_files(self._package):
                        importlib.import_module(f"{self._package}.{path.stem}")
            except BaseException:
                self._imported = False
                raise


class UnknownNameError(UserError, KeyError):
    """A name that is not registered; prints as a plain sentence."""

    def __str__(self) -> str:
        return self.args[0]


def _module_files(package):
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(
            f"There is no {package}: t2t_vq was imported from a checkout that is not installed. "
            "Run `pip install -e .` in it, or start Python in another folder."
        )
    folder = pathlib.Path(spec.submodule_search_locations[0])
    return [folder / f"{module.name}.py" for module in pkgutil.iter_modules([str(folder)])]


problems = Registry("problem", "register_problem", "t2t_vq.problems")
models = Registry("model", "register_model", "t2t_vq.models")
hparams_sets = Registry("hyper-parameter set", "register_hparams", "t2t_vq.hparams")
bottlenecks = Registry("bottleneck", "register_bottleneck", "t2t_vq.bottlenecks")

register_problem = problems.register
register_model = models.register
register_hparams = hparams_sets.register
register_bottleneck = bottlenecks.register


def problem(name: str, *arguments: str) -> Any:
    """Returns a new instance of the registered problem `name`.

    Args:
        name: under which it is registered.
        *arguments: of its class: the languages of `translate_local`, say.

    Example:
        >>> problem("translate_ende_synthetic").registered_name
        'translate_ende_synthetic'
        >>> problem("translate_local", "en", "fr").registered_name
        'translate_local'
    """
    cls = problems[name]
    if inspect.isabstract(cls):
        lacking = ", ".join(sorted(cls.__abstractmethods__))
        raise InvalidError(
            f"The problem {name} is not whole: {cls.__module__}.{cls.__qualname__} lacks "
            f"{lacking}. Write what is missing, as the class that it is derived from says."
        )
    return cls(*arguments)


def hparams(name: str) -> Any:
    """Returns the registered hyper-parameter set `name`, a dataclass of `t2t_vq.config`.

    Example:
        >>> hparams("softem_nat_tiny").bottleneck.kind
        'em'
    """
    return hparams_sets[name]()


def describe() -> str:
    """Returns a text that lists everything registered, with first lines of docstrings.

    Example:
        >>> print(describe())
        Problems:
          ...
    """
    lines = []
    for registry in (problems, models, hparams_sets, bottlenecks):
        summaries = registry.summaries()
        width = max(map(len, summaries), default=0)
        lines.append(f"{registry.kind.capitalize()}s:")
        lines += [f"  {name:<{width}}  {summary}".rstrip() for name, summary in summaries.items()]
        lines.append("")
    return "\n".join(lines).rstrip()


def import_usr_dir(usr_dir: StrPath) -> None:
    """Imports the user's own registrations: a folder with `__init__.py`, or one of modules.

    Who calls it has named the folder: runs that were trained with it load from now on, and take
    what it registers for their own.

    Args:
        usr_dir: path of the folder.

    Raises:
        FileNotFoundError: when the folder is not there or holds no Python file.
        ValueError: when a file or the folder is called like a library, which would break that, or
            something goes wrong in a file.

    Example:
        >>> import_usr_dir("mine")
        >>> "translate_numbers" in problems
        True
    """
    import_folder(usr_dir)
    usr_dirs.note(usr_dir)


def import_folder(usr_dir: StrPath) -> None:
    """Imports as `import_usr_dir` does, and notes nothing; for folders that were named before."""
    folder = pathlib.Path(usr_dir).expanduser().resolve()
    init = folder / "__init__.py"
    files = [init] if init.exists() else sorted(folder.glob("*.py"))
    if not files:
        what = "holds no Python file to import" if folder.is_dir() else "is no folder"
        raise MissingError(
            f"--usr_dir={usr_dir} {what}. Name the folder that holds your Python files."
        )
    # Behind everything else: files may import each other, and stand for no library.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    for path in files:
        name = folder.name if path == init else path.stem
        if name in sys.modules and _file_of(sys.modules[name]) == path:
            continue
        _check_module_name(name, path)
        locations = [str(folder)] if path == init else None
        spec = importlib.util.spec_from_file_location(
            name, path, submodule_search_locations=locations
        )
        # There is one for every file that ends in .py.
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            with _forgetting_what_failed(folder):
                sys.modules[name] = module
                spec.loader.exec_module(module)
        except BaseException as error:
            if not isinstance(error, Exception) or isinstance(error, UserError):
                raise
            place = _place_in(folder, error) or str(path)
            raise InvalidError(
                f"{place} cannot be imported ({type(error).__name__}: {_message(error)}). Correct "
                "it, or install what it needs."
            ) from error


@contextlib.contextmanager
def _forgetting_what_failed(folder):
    """Forgets, when an import within it fails, the modules of a folder and what they registered.

    Else another attempt would take them for imported, and what was corrected since would not count.
    """
    before = set(sys.modules)
    with contextlib.ExitStack() as registries:
        for registry in (problems, models, hparams_sets, bottlenecks):
            registries.enter_context(registry.forgetting_what_failed())
        try:
            yield
        except BaseException:
            for name in set(sys.modules) - before:
                path = _file_of(sys.modules[name])
                if path is not None and folder in path.parents:
                    del sys.modules[name]
            raise


def _place_in(folder, error):
    """Returns the file of a folder and the line where an error arose, the innermost, or None."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno},"
    frames = [
        (frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [each for each in frames if folder in pathlib.Path(each[0]).resolve().parents]
    return f"{own[-1][0]}, line {own[-1][1]}," if own else None


def _message(error):
    return error.msg if isinstance(error, SyntaxError) else error


def _check_module_name(name, path):
    """Refuses a file that others would get when they import a library, or another such file."""
    spec = importlib.machinery.PathFinder.find_spec(name)
    found = spec and spec.origin and pathlib.Path(spec.origin).resolve()
    if name in sys.stdlib_module_names or (found and found != path):
        what = found or "a part of Python"
        raise InvalidError(
            f"{path} would be imported as '{name}', and that is the name of {what}. Rename it."
        )


def _file_of(module):
    try:
        return pathlib.Path(inspect.getfile(module)).resolve()
    except TypeError:
        return None
