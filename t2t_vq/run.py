"""An output directory: what was asked for, and what came of it.

`run.json` keeps the problem, the resolved hyper-parameters and the paths of a training run, so that
every later command needs nothing but `--output_dir`.
"""

import dataclasses
import json
import os
import pathlib

from t2t_vq import config, registry

_FILE = "run.json"
_PATHS = ("data_dir", "usr_dir")
PRECISIONS = ("float32", "mixed_bfloat16")


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
        vocabulary: `Problem.vocabulary_digest` of the data that it trains on; `train` notes it.
    """

    problem: str
    hparams_set: str
    hparams: config.HParams
    data_dir: str
    seed: int = 0
    precision: str = "float32"
    usr_dir: str = ""
    vocabulary: str = ""

    @classmethod
    def create(cls, problem, hparams, **options):
        """Returns a run for names as a user types them.

        Args:
            problem: name of a problem.
            hparams: name of a set with overrides: "softem_nat,hidden_size=256".
            **options: the other attributes.

        Raises:
            registry.UnknownNameError: when a name is not registered.
            ValueError: when an override is wrong, or the set is not for such a problem.
        """
        name, overrides = config.split_set(hparams)
        task = registry.problems[problem].task
        resolved = config.override(registry.hparams(name), overrides)
        if resolved.task != task:
            raise ValueError(
                f"The problem {problem} is one of {task}, and the set {name} is for "
                f"{resolved.task}. Choose another; --registry_help lists both."
            )
        return cls(problem=problem, hparams_set=name, hparams=resolved, **options)

    def save(self, output_dir):
        """Writes `run.json`, whole or not at all.

        Raises:
            ValueError: when the folder holds a run that was asked for differently.
        """
        folder = pathlib.Path(output_dir)
        if (folder / _FILE).exists():
            self._check_same(load(output_dir), output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        content = {**vars(self), "hparams": config.to_dict(self.hparams)}
        # Relative to the run, so that it loads from everywhere, and all can move together.
        for name in _PATHS:
            if content[name]:
                content[name] = os.path.relpath(content[name], folder)
        temporary = folder / f"{_FILE}.tmp"
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        os.replace(temporary, folder / _FILE)

    def _check_same(self, other, output_dir):
        mine, theirs = _flat(self), _flat(other)
        changed = [
            f"{name} was {theirs.get(name)!r} and is now {value!r}"
            for name, value in mine.items()
            if theirs.get(name) != value and name not in _MAY_CHANGE
        ]
        if changed:
            raise ValueError(
                f"The run in {output_dir} was started differently: {'; '.join(changed)}. "
                "Repeat the first command to go on, or choose another --output_dir."
            )

    def describe(self):
        """Returns what was trained, as a dict that JSON can hold; its paths are left out."""
        return {
            "problem": self.problem,
            "hparams": self.hparams_set,
            "overrides": config.overrides_of(self.hparams, registry.hparams(self.hparams_set)),
            "seed": self.seed,
            "precision": self.precision,
        }

    def make_problem(self):
        """Returns the problem."""
        return registry.problem(self.problem)

    def make_model(self):
        """Returns a new model for the prepared data, in the run's precision and with its seed.

        Raises:
            ValueError: when the data has another vocabulary than the run was trained with.
        """
        import keras

        problem = self.make_problem()
        if self.vocabulary and problem.vocabulary_digest(self.data_dir) != self.vocabulary:
            raise ValueError(
                f"{self.data_dir} has another vocabulary than the run was trained with, so its "
                "weights stand for other pieces. Put that data back, or train another run."
            )
        keras.utils.set_random_seed(self.seed)
        keras.config.set_dtype_policy(self.precision)
        return registry.models[self.hparams.model].from_hparams(
            self.hparams, seed=self.seed, **problem.model_arguments(self.data_dir)
        )


# A run may be told to go on for longer, to evaluate more often, and from another working folder.
_MAY_CHANGE = {"hparams.train_steps", "hparams.eval_frequency", "data_dir", "usr_dir"}


def load(output_dir, task=None):
    """Returns the `Run` that `output_dir` holds, its user code imported.

    Args:
        output_dir: folder of the run.
        task: what the run must be of, "translation" or "images"; by default any.

    Raises:
        FileNotFoundError: when nothing was trained there.
        ValueError: when it is a run of another task.
    """
    path = pathlib.Path(output_dir) / _FILE
    if not path.exists():
        raise FileNotFoundError(
            f"{output_dir} holds no training run: {path} is missing. "
            "Train there first with t2t-vq-train, or name the folder of a run."
        )
    content = json.loads(path.read_text(encoding="utf-8"))
    for name in _PATHS:
        if content[name]:
            content[name] = os.path.normpath(path.parent / content[name])
    if content["usr_dir"]:
        registry.import_usr_dir(content["usr_dir"])
    cls = type(registry.hparams(content["hparams_set"]))
    content["hparams"] = config.from_dict(cls, content["hparams"])
    run = Run(**content)
    if task not in (None, run.hparams.task):
        raise ValueError(
            f"The run in {output_dir} is one of {run.hparams.task} ({run.problem}), and one of "
            f"{task} is needed. Name the folder of such a run."
        )
    return run


def _flat(run):
    flat = dict(vars(run))
    flat.pop("hparams")
    for name, value in config.to_dict(run.hparams).items():
        if isinstance(value, dict):
            flat.update({f"hparams.{name}.{key}": item for key, item in value.items()})
        else:
            flat[f"hparams.{name}"] = value
    return flat
