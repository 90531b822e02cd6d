"""An output directory: what was asked for, and what came of it.

`run.json` keeps the problem, the resolved hyper-parameters and the paths of a training run, so that
every later command needs nothing but `--output_dir`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from t2t_vq import config, registry, usr_dirs
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.formats import exported
from t2t_vq.formats.run_file import (
    FILE,
    MOST_SEED,
    PRECISIONS,
    BestSoFar,
    RunFile,
    best_of,
    named,
    note_best,
    read_file,
    write_file,
)
from t2t_vq.paths import StrPath, expanded

__all__ = [
    "DATA_DIR",
    "FILE",
    "MOST_SEED",
    "PRECISIONS",
    "BestSoFar",
    "Run",
    "best_of",
    "check_folder",
    "languages_given",
    "load",
    "note_best",
    "read_file",
]

# Where data is kept when nobody says where.
DATA_DIR = "t2t_vq_data"
_PATHS = ("data_dir", "usr_dir")
# The flags that name them.
_LANGUAGES = ("source_language", "target_language")
# What TensorFlow takes for a pattern, so that it would not find what it has saved there.
_PATTERN = "*?[]\\"


@dataclasses.dataclass(frozen=True)
class Run:
    """What a training run was asked for.

    Attributes:
        problem: registered name of the problem.
        hparams_set: registered name of the hyper-parameter set.
        hparams: the resolved set, overrides applied.
        data_dir: where the problem's data lies.
        seed: of everything random.
        precision: "float32" or "mixed_bfloat16".
        usr_dir: folder of the user's registrations, or an empty string.
        languages: arguments of the problem's class: codes of the source and the target language,
            for a problem that takes any.
        vocabulary: `Problem.vocabulary_digest` of the data that it trains on; `train` notes it.

    Example:
        >>> run = Run.create("translate_ende_synthetic", "softem_nat_tiny,hidden_size=64", "data")
        >>> run.hparams.hidden_size
        64
    """

    problem: str
    hparams_set: str
    hparams: config.HParams
    data_dir: StrPath
    seed: int = 0
    precision: str = "float32"
    usr_dir: str = ""
    languages: tuple[str, ...] = ()
    vocabulary: str = ""

    @classmethod
    def create(
        cls,
        problem: str,
        hparams: str,
        data_dir: StrPath,
        languages: Sequence[str] = (),
        usr_dir: StrPath = "",
        **options: Any,
    ) -> Run:
        """Returns a run for names as a user types them.

        Args:
            problem: name of a problem.
            hparams: name of a set with overrides: "softem_nat,hidden_size=256".
            data_dir: where the problem's data lies, or will.
            languages: codes of the source and the target language, for a problem that takes any;
                by default those of the data that there is.
            usr_dir: folder of the user's registrations, or an empty string.
            **options: the other attributes.

        Raises:
            registry.UnknownNameError: when a name is not registered.
            ValueError: when an override is wrong, or the set is not for such a problem.
        """
        data_dir = expanded(data_dir)
        name, overrides = config.split_set(hparams)
        problem_class = registry.problems[problem]
        task = problem_class.task
        resolved = config.override(registry.hparams(name), overrides)
        if resolved.task != task:
            raise InvalidError(
                f"The problem {problem} is one of {task}, and the set {name} is for "
                f"{resolved.task}. Choose another; --registry_help lists both."
            )
        return cls(
            problem=problem,
            hparams_set=name,
            hparams=resolved,
            data_dir=data_dir,
            languages=tuple(problem_class.find_arguments(languages, data_dir)),
            usr_dir=expanded(usr_dir),
            **options,
        )

    def save(self, output_dir: StrPath) -> Run | None:
        """Writes `run.json`, whole or not at all.

        Returns:
            The `Run` that was saved there before, or None.

        Raises:
            ValueError: when the folder holds a run that was asked for differently, or has a name
                that TensorFlow would not find again.
        """
        check_folder(output_dir, "--output_dir")
        folder = pathlib.Path(output_dir)
        content = {**vars(self), "hparams": config.to_dict(self.hparams)}
        before, best = None, BestSoFar()
        if (folder / FILE).exists():
            before, best = load(output_dir), best_of(output_dir)
            self._check_same(before, output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        # Relative to the run, so that it loads from everywhere, and all can move together.
        for name in _PATHS:
            if content[name]:
                content[name] = os.path.relpath(
                    os.path.realpath(content[name]), os.path.realpath(folder)
                )
        write_file(folder, RunFile(**content, best=best))
        return before

    def check_same(self, output_dir: StrPath) -> None:
        """Refuses a folder that holds a run which was asked for differently.

        Raises:
            ValueError: then; says what differs. Also for checkpoints that nothing tells of.
        """
        folder = pathlib.Path(output_dir)
        if not (folder / FILE).exists():
            if next(folder.glob("*/ckpt-*.index"), None):
                raise InvalidError(
                    f"{output_dir} holds checkpoints of a run, and its {FILE} is missing. Put that "
                    "back, or choose another --output_dir."
                )
        else:
            self._check_same(load(output_dir), output_dir)

    def _check_same(self, other, output_dir):
        mine, theirs = _flat(self), _flat(other)
        changed = [
            f"{name} was {theirs.get(name)!r} and is now {value!r}"
            for name, value in mine.items()
            if theirs.get(name) != value and name not in _MAY_CHANGE
            # Before its data is looked at, a run does not know its vocabulary; nor does one of an
            # earlier version.
            if name != "vocabulary" or (value and theirs[name])
        ]
        if changed:
            mine, theirs = self._flags(), other._flags()
            flags = [
                f"--{name}={value}" for name, value in theirs.items() if mine.get(name) != value
            ]
            how = f"as it was started: {' '.join(flags)}" if flags else "with the data that it had."
            raise InvalidError(
                f"The run in {output_dir} was started differently: {'; '.join(changed)}. Choose "
                f"another --output_dir, or go on {how}"
            )

    def _flags(self):
        """Returns what a user types to start the run, by the names of the flags."""
        return {
            "problem": self.problem,
            **dict(zip(_LANGUAGES, self.languages, strict=False)),
            "hparams": self._typed(self.hparams),
            "seed": self.seed,
            "precision": self.precision,
        }

    def _typed(self, hparams):
        """Returns hyper-parameters of the run's set as a user types them."""
        overrides = config.overrides_of(hparams, registry.hparams(self.hparams_set))
        return ",".join(filter(None, (self.hparams_set, overrides)))

    def check(self) -> None:
        """Refuses hyper-parameters that nothing can be trained with.

        Raises:
            ValueError: for a value out of range, values that do not fit together, or a training
                that ends before its codebook starts, or before the prior learns alone.
        """
        config.check(self.hparams)
        if type(self.seed) is not int or not 0 <= self.seed <= MOST_SEED:
            raise InvalidError(
                f"seed={self.seed!r} must be a whole number from 0 to {MOST_SEED:,}."
            )
        if self.precision not in PRECISIONS:
            raise InvalidError(
                f"There is no precision {self.precision!r}. Choose {' or '.join(PRECISIONS)}."
            )
        last = self.hparams.train_steps
        phases = {name: getattr(self.hparams, name, 0) for name in _PHASES}
        fewer = {name: min(phases[name], last // _PHASES[name].part) for name in phases}
        for name, updates in phases.items():
            if updates and updates >= last:
                changed: Any = {name: fewer[name] for name in phases if phases[name]}
                raise InvalidError(
                    f"{_PHASES[name].begins} after {name}={updates} updates, and training ends "
                    f"with train_steps={last}. Train for longer, or choose less: "
                    f"--hparams={self._typed(dataclasses.replace(self.hparams, **changed))}"
                )
        start, steps = self.hparams.schedule_start, self.hparams.schedule_steps
        if start >= last or 0 < steps <= start:
            raise InvalidError(
                f"The schedule begins after schedule_start={start} updates, which is not before "
                f"{f'train_steps={last}' if start >= last else f'schedule_steps={steps}'}. Choose "
                "less."
            )

    def describe(self) -> dict[str, Any]:
        """Returns what was trained, as a dict that JSON can hold; its paths are left out."""
        return {
            "problem": self.problem,
            **({"languages": list(self.languages)} if self.languages else {}),
            "hparams": self.hparams_set,
            "overrides": self._typed(self.hparams).partition(",")[2],
            "seed": self.seed,
            "precision": self.precision,
        }

    def make_problem(self) -> Any:
        """Returns the problem."""
        return registry.problem(self.problem, *self.languages)

    def make_model(self, model_arguments: dict[str, Any] | None = None) -> Any:
        """Returns a new model for the prepared data, in the run's precision and with its seed.

        Args:
            model_arguments: what `Problem.model_arguments` gives, of data that has the run's
                vocabulary; by default of the run's own data, which is looked at for that alone.

        Raises:
            ValueError: when the data has another vocabulary than the run was trained with.
        """
        if model_arguments is None:
            problem = self.make_problem()
            if self.vocabulary and problem.vocabulary_digest(self.data_dir) != self.vocabulary:
                raise InvalidError(
                    f"{self.data_dir} has another vocabulary than the run was trained with, so its "
                    "weights stand for other pieces. Put that data back, or train another run."
                )
            model_arguments = problem.model_arguments(self.data_dir)
        with _keras_set_to(self.seed, self.precision):
            return registry.models[self.hparams.model].from_hparams(
                self.hparams, seed=self.seed, **model_arguments
            )

    def try_model(self) -> Any:
        """Builds the model without data and without memory, to see whether it can be built.

        Returns:
            The model, whose variables have shapes and no values; None when the problem does not
            say what its data are like.

        Raises:
            ValueError: when it cannot.
        """
        import tensorflow as tf

        arguments = self.make_problem().stand_in
        if arguments is None:
            return None
        # Variables of a graph that never runs take no memory.
        with _keras_set_to(self.seed, self.precision), tf.Graph().as_default():
            return registry.models[self.hparams.model].from_hparams(self.hparams, **arguments)


class _Phase(NamedTuple):
    """What begins after so many updates, and which part of a short training may go by before."""

    begins: str
    part: int


_PHASES = {
    "startup_steps": _Phase("The codebook starts", 5),
    "autoencoder_steps": _Phase("The prior begins to learn alone", 2),
}
# A run may be told to go on for longer and how, to evaluate more often, and from another folder.
_MAY_CHANGE = {
    *("hparams.train_steps", "hparams.schedule_start", "hparams.schedule_steps"),
    *("hparams.eval_frequency", "data_dir", "usr_dir"),
}


def languages_given(source_language: str | None, target_language: str | None) -> tuple[str, ...]:
    """Returns the languages that a user gave as a pair, or an empty one for none.

    Raises:
        InvalidError: when there is one without the other.
    """
    given = {"source_language": source_language, "target_language": target_language}
    missing = [name for name, code in given.items() if code is None]
    if len(missing) == 1:
        raise InvalidError(f"A {missing[0]} is missing: give both languages, or neither.")
    if source_language is None or target_language is None:
        return ()
    return source_language, target_language


def load(output_dir: StrPath, task: str | None = None, data_dir: StrPath | None = None) -> Run:
    """Returns the `Run` that `output_dir` holds, its user code imported.

    Args:
        output_dir: folder of the run.
        task: what the run must be of, "translation" or "images"; by default any.
        data_dir: where its data lies, if it is elsewhere than when it was trained.

    Raises:
        FileNotFoundError: when nothing was trained there.
        ValueError: when it is a run of another task, `run.json` is damaged, the path has what
            TensorFlow takes for a pattern, or code of the user's would be imported from a folder
            that nobody has named.

    Example:
        >>> load("runs/mine").precision
        'float32'
    """
    output_dir, data_dir = expanded(output_dir), expanded(data_dir)
    path = pathlib.Path(output_dir) / FILE
    if not path.exists():
        if (path.parent / exported.FILE).exists():
            raise MissingError(
                f"{output_dir} holds an export, and a run is needed. Name the folder of a run, or "
                "give this one as --export_dir to a command that has it."
            )
        raise MissingError(
            f"{output_dir} holds no training run: {path} is missing. "
            "Train there first with t2t-vq-train, or name the folder of a run."
        )
    check_folder(output_dir)
    content = vars(read_file(output_dir))
    del content["best"], content["format"]
    for name in _PATHS:
        if content[name]:
            # Through the folder itself, where a link leads to it.
            content[name] = os.path.normpath(path.parent.resolve() / content[name])
    with named(path):
        # Code that somebody has named now stands for that of the run, which may have moved.
        is_there = usr_dirs.named_now() and _is_registered(content)
    if content["usr_dir"] and not is_there:
        usr_dirs.check_named(content["usr_dir"], output_dir)
        registry.import_folder(content["usr_dir"])
    cls = type(registry.hparams(content["hparams_set"]))
    with named(path):
        content["hparams"] = config.from_dict(cls, content["hparams"])
    content["data_dir"] = data_dir or content["data_dir"]
    run = Run(**content)
    if (own := registry.problems[run.problem].task) != run.hparams.task:
        raise InvalidError(
            f"{path} is not as t2t-vq-train wrote it (the problem {run.problem} is one of {own}, "
            f"and the set one of {run.hparams.task}). Put it back, or train another run."
        )
    if task not in (None, run.hparams.task):
        raise InvalidError(
            f"The run in {output_dir} is one of {run.hparams.task} ({run.problem}), and one of "
            f"{task} is needed. Name the folder of such a run."
        )
    return run


def _is_registered(content):
    """Returns whether all is registered that a run was asked for by name."""
    hparams = content["hparams"]
    needed = [
        (registry.problems, content["problem"]),
        (registry.hparams_sets, content["hparams_set"]),
        (registry.models, hparams.get("model")),
        (registry.bottlenecks, hparams.get("bottleneck", {}).get("kind")),
    ]
    return all(name in known.summaries() for known, name in needed if name)


@contextlib.contextmanager
def _keras_set_to(seed, precision):
    """Lets Keras start weights from a seed in a precision, and leaves all as it was before."""
    import keras

    # Python's generator is the one that Keras seeds its initialisers from.
    state, policy = random.getstate(), keras.config.dtype_policy()
    random.seed(seed)
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        random.setstate(state)
        keras.config.set_dtype_policy(policy)


def check_folder(path: StrPath, flag: str | None = None) -> None:
    """Refuses the path of a folder that TensorFlow cannot find again.

    Args:
        path: the path.
        flag: what names it, for the message; by default it is the path of a run.

    Raises:
        ValueError: when it holds what TensorFlow takes for a pattern.
    """
    found = sorted(set(_PATTERN) & set(os.path.abspath(path)))
    if found:
        raise InvalidError(
            f"{f'{flag}=' if flag else ''}{path} holds {' and '.join(found)}, which TensorFlow "
            f"takes for a pattern when it reads. {'Choose' if flag else 'Rename it to'} a name "
            "without."
        )


def _flat(run):
    flat = dict(vars(run))
    flat.pop("hparams")
    for name, value in config.to_dict(run.hparams).items():
        if isinstance(value, dict):
            flat.update({f"hparams.{name}.{key}": item for key, item in value.items()})
        else:
            flat[f"hparams.{name}"] = value
    return flat
