"""Checkpoints: everything that a run needs to go on, and weights alone.

A checkpoint keeps variables under the names that `t2t_vq.training.weight_names` gives them. Those
of version 0.1.0 keep them by their order, and are read so.
"""

from __future__ import annotations

import glob
import pathlib
import shlex
import shutil
from typing import TYPE_CHECKING

import tensorflow as tf
from absl import logging

from t2t_vq import atomic
from t2t_vq.errors import InvalidError, MissingError
from t2t_vq.paths import StrPath
from t2t_vq.training.weight_names import named_slots, named_variables

if TYPE_CHECKING:
    import keras

    from t2t_vq.models.model import Model
    from t2t_vq.training.weight_ema import WeightEma

# What TensorFlow adds to the name of a variable.
_ENDING = "/.ATTRIBUTES/VARIABLE_VALUE"


class NotFiniteError(InvalidError):
    """A loss, the gradient or a weight became NaN or infinite."""


class DamagedError(InvalidError):
    """A checkpoint cannot be read."""


class Checkpoints:
    """Saves and restores a run, the newest few times that it was saved.

    A checkpoint holds every variable of model, optimizer and average, so the states of random
    generators and codebooks too, and the place in the data. What counts are their files;
    TensorFlow's list of them, `checkpoint`, is written for other programs and read by nothing here.

    Args:
        output_dir: folder of the run.
        model, optimizer: built.
        ema: the `WeightEma` of the model.
        keep: newest checkpoints to keep. Default 3.

    Attributes:
        epoch, batch: place in the data: batches of this epoch that were trained on.
    """

    def __init__(
        self,
        output_dir: StrPath,
        model: Model,
        optimizer: keras.optimizers.Optimizer,
        ema: WeightEma,
        keep: int = 3,
    ) -> None:
        self.epoch = tf.Variable(0, dtype=tf.int64)
        self.batch = tf.Variable(0, dtype=tf.int64)
        self._folder = pathlib.Path(output_dir) / "latest"
        self._optimizer = optimizer
        self._are_finite = tf.function(_are_finite, autograph=False)
        weights = named_variables(model)
        names = {id(variable): name for name, variable in weights.items()}
        trained = [names[id(variable)] for variable in model.trainable_variables]
        averages = dict(zip(trained, ema.variables, strict=True)) if ema.variables else {}
        self._parts = {
            "model": _values(weights),
            "optimizer": _values(named_slots(optimizer, trained)),
            "ema": _values(averages),
        }
        self._place = {"epoch": self.epoch, "batch": self.batch}
        self._checkpoint = tf.train.Checkpoint(**self._parts, **self._place)
        self._keep = keep

    def restore(self) -> int:
        """Restores the newest checkpoint that can be read and returns its step; 0 without any.

        Newer ones that cannot be read are set aside, which a log line tells.

        Raises:
            ValueError: when it belongs to another model, none can be read, or there is none
                although the run has been validated.
        """
        clear_leftovers(self._folder)
        damaged = []
        for path in reversed(checkpoints_in(self._folder)):
            try:
                _restore(path, self._parts, self._place)
            except DamagedError as error:
                damaged.append((path, error))
                continue
            # Not before: where none can be read, it may be the disk or a permission, and pass.
            for other, reason in damaged:
                pathlib.Path(f"{other}.index").replace(f"{other}.index.damaged")
                logging.warning("%s Going on from %s.", reason, path)
            for lost in _without_index(self._folder, self.step):
                logging.warning("%s is missing. Going on from %s.", lost, path)
            return self.step
        if damaged:
            _, reason = damaged[0]
            raise DamagedError(
                f"{reason} Nor can any before it, so nothing was changed. Put the files back, or "
                f"delete {self._folder.parent} to begin anew, or train in another --output_dir."
            ) from reason
        best = newest_in(self._folder.with_name("best"))
        if best:
            raise InvalidError(
                f"{self._folder} holds no checkpoint, so training would begin anew, and replace "
                f"{best}. Put the checkpoints back, or train in another --output_dir."
            )
        return self.step

    def save(self) -> None:
        """Saves at the current step, unless that is done.

        Raises:
            NotFiniteError: when a variable is not finite; then nothing is saved.
        """
        newest = newest_in(self._folder)
        if newest is None or step_of(newest) != self.step:
            variables = [value for part in self._parts.values() for value in part.values()]
            if not self._are_finite(variables):
                raise NotFiniteError(
                    f"A weight is NaN or infinite after step {self.step:,}. Nothing was saved "
                    f"since{f' {newest}' if newest else ' the start'}. Lower learning_rate, raise "
                    "warmup_steps or set clip_norm, and train in another --output_dir."
                )
            _write(self._checkpoint, self._folder, self.step, self._keep)

    @property
    def step(self) -> int:
        """Updates made so far."""
        return int(self._optimizer.iterations.numpy())


def _are_finite(variables):
    return tf.reduce_all(
        [
            tf.reduce_all(tf.math.is_finite(variable))
            for variable in variables
            if variable.dtype.is_floating
        ]
    )


def checkpoints_in(folder: StrPath) -> list[str]:
    """Returns the checkpoints in a folder, their common prefixes, from the oldest to the newest."""
    found = [str(path).removesuffix(".index") for path in pathlib.Path(folder).glob("ckpt-*.index")]
    return sorted(
        (path for path in found if step_of(path) is not None), key=lambda path: step_of(path) or 0
    )


def newest_in(folder: StrPath) -> str | None:
    """Returns the newest checkpoint in a folder, or None."""
    return next(reversed(checkpoints_in(folder)), None)


def clear_leftovers(folder: StrPath) -> None:
    """Deletes what a process that was killed while it saved has half written in a folder.

    It may leave whole data without an index too. So may who copies or moves a run, and those may be
    all that there is of a checkpoint: they stay until they are older than all that are kept.
    """
    folder = pathlib.Path(folder)
    for path in [*folder.glob("ckpt-*_temp*"), *folder.glob("ckpt-*.tempstate*")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _without_index(folder, step):
    """Returns the names of indices that newer checkpoints than that of a step have lost."""
    steps = {step_of(file.name.partition(".")[0]) for file in folder.glob("ckpt-*.data-*")}
    names = [f"{folder}/ckpt-{each}.index" for each in sorted(steps - {None}) if each > step]
    return [name for name in names if not glob.glob(f"{name}*")]


def _write(checkpoint, folder, step, keep):
    """Saves as `folder/ckpt-STEP` and keeps `keep - 1` others, the newest; returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = checkpoint.write(str(folder / f"ckpt-{step}"))
    others = [other for other in checkpoints_in(folder) if other != path]
    kept = [*others[max(len(others) - keep + 1, 0) :], path]
    oldest = min(map(step_of, kept))
    gone = {step_of(other) for other in others if other not in kept}
    for file in [*folder.glob("ckpt-*.index*"), *folder.glob("ckpt-*.data-*")]:
        of = step_of(file.name.partition(".")[0])
        if of is not None and (of in gone or of < oldest):
            file.unlink()
    # Which other programs go by.
    state = tf.compat.v1.train.generate_checkpoint_state_proto(str(folder), path, kept)
    atomic.write_bytes(folder / "checkpoint", str(state).encode("utf-8"))
    return path


def save_weights(model: Model, folder: StrPath, step: int) -> str:
    """Saves a model's weights as `folder/ckpt-STEP`, in place of what the folder held.

    Returns:
        The path, without ending.
    """
    clear_leftovers(folder)
    checkpoint = tf.train.Checkpoint(model=_values(named_variables(model)))
    return _write(checkpoint, pathlib.Path(folder), step, keep=1)


def load_weights(model: Model, output_dir: StrPath, checkpoint: str = "best") -> str:
    """Loads a model's weights.

    Args:
        model: built.
        output_dir: folder of the run.
        checkpoint: "best", "latest", "average" (see `t2t_vq.training.averaging`), or the path of a
            checkpoint: its common prefix, such as "runs/mine/latest/ckpt-500".

    Returns:
        The path that was loaded.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it belongs to another model or cannot be read.

    Example:
        >>> from t2t_vq import run as runs
        >>> model = runs.load("runs/mine").make_model()
        >>> step_of(load_weights(model, "runs/mine", "latest"))
        3
    """
    folder = pathlib.Path(output_dir)
    path = _find(folder, checkpoint)
    try:
        _restore(path, {"model": _values(named_variables(model))})
    except DamagedError as error:
        raise DamagedError(
            f"{error} Put its files back, or choose another --checkpoint: {_choices(folder)}"
        ) from error
    return path


def step_of(path: str) -> int | None:
    """Returns the step of a checkpoint that is called `ckpt-STEP`; None for one that is not."""
    step = path.rpartition("-")[2]
    return int(step) if step.isdecimal() else None


def _restore(path, parts, place=None):
    """Reads a checkpoint.

    Args:
        path: common prefix of its files.
        parts: `{"model": {name: variable}, ...}`, what must be in it, weight for weight.
        place: other variables to read, by name.
    """
    try:
        shapes = {name: tuple(shape) for name, shape in tf.train.list_variables(path)}
        if f"model/0{_ENDING}" in shapes:
            _check_by_order(path, shapes, parts["model"])
            parts = {part: list(variables.values()) for part, variables in parts.items()}
        else:
            for part, variables in parts.items():
                _check_by_name(path, shapes, part, variables)
        checkpoint = tf.train.Checkpoint(**parts, **(place or {}))
        checkpoint.read(path).assert_existing_objects_matched().expect_partial()
    except (tf.errors.OpError, IndexError) as error:
        raise DamagedError(
            f"The checkpoint {path} cannot be read; it is damaged or incomplete, or you may not "
            "read it."
        ) from error


def _check_by_name(path, shapes, part, variables):
    """Refuses a checkpoint whose weights are not those of a part, by name and shape."""
    keys = {_key(part, name): name for name in variables}
    own = [key for key in shapes if key.startswith(f"{part}/") and key.endswith(_ENDING)]
    wrong = [f"has no {_told(key)}" for key in keys if key not in shapes]
    wrong += [f"has {_told(key)}, which the model has not" for key in own if key not in keys]
    wrong += [
        _other_shape(_told(key), shapes[key], variables[name])
        for key, name in keys.items()
        if key in shapes and shapes[key] != tuple(variables[name].shape)
    ]
    if wrong:
        _refuse(path, wrong)


def _check_by_order(path, shapes, variables):
    """Refuses a checkpoint of version 0.1.0 whose weights have not the shapes of the model's."""
    count = sum(key.startswith("model/") for key in shapes)
    wrong = [f"has {count} weights, and the model {len(variables)}"] * (count != len(variables))
    for number, (name, variable) in enumerate(variables.items()):
        found = shapes.get(f"model/{number}{_ENDING}", tuple(variable.shape))
        if found != tuple(variable.shape):
            wrong.append(_other_shape(name, found, variable))
    if wrong:
        _refuse(path, wrong)


def _other_shape(name, found, variable):
    return f"has {list(found)} as the shape of {name}, and the model {list(variable.shape)}"


def _refuse(path, wrong):
    more = f" ({len(wrong)} differences in all)" if wrong[1:] else ""
    raise InvalidError(
        f"The checkpoint {path} does not fit the model: it {wrong[0]}{more}. Hyper-parameters and "
        "vocabulary must be those that it was trained with."
    )


def _key(part, name):
    """Returns the name of a variable in a checkpoint, as TensorFlow writes it."""
    return f"{part}/{name.replace('.', '..').replace('/', '.S')}{_ENDING}"


def _told(key):
    """Returns what to call a variable of a checkpoint."""
    return key.removesuffix(_ENDING).removeprefix("model/").replace(".S", "/").replace("..", ".")


def _find(folder, checkpoint):
    if checkpoint not in ("best", "latest", "average"):
        path = str(checkpoint).removesuffix(".index")
        if not pathlib.Path(f"{path}.index").exists():
            raise MissingError(f"There is no checkpoint {checkpoint}. Give {_choices(folder)}")
        return path
    path = newest_in(folder / checkpoint)
    if path is None:
        other = "latest" if checkpoint == "best" else "best"
        there = newest_in(folder / other)
        hint = f"Use --checkpoint={other}." if there else "Train for longer first."
        if checkpoint == "average":
            hint = f"Make it with t2t-vq-average --output_dir={shlex.quote(str(folder))}"
        raise MissingError(f"{folder} has no {checkpoint} checkpoint yet. {hint}")
    return path


def _choices(folder):
    return f"best, latest, average, or a prefix such as {folder / 'latest' / 'ckpt-500'}."


def _values(variables):
    return {name: variable.value for name, variable in variables.items()}
