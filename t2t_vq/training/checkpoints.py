"""Checkpoints: everything that a run needs to go on, and weights alone."""

import glob
import pathlib
import shlex
import shutil

import tensorflow as tf
from absl import logging

from t2t_vq.data import records
from t2t_vq.errors import InvalidError, MissingError


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

    def __init__(self, output_dir, model, optimizer, ema, keep=3):
        self.epoch = tf.Variable(0, dtype=tf.int64)
        self.batch = tf.Variable(0, dtype=tf.int64)
        self._folder = pathlib.Path(output_dir) / "latest"
        self._model, self._optimizer = model, optimizer
        self._variables = [*_values(model), *_values(optimizer), *_values(ema)]
        self._are_finite = tf.function(_are_finite, autograph=False)
        self._checkpoint = tf.train.Checkpoint(
            model=_values(model),
            optimizer=_values(optimizer),
            ema=_values(ema),
            epoch=self.epoch,
            batch=self.batch,
        )
        self._keep = keep

    def restore(self):
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
                _restore(self._checkpoint, path, self._model)
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

    def save(self):
        """Saves at the current step, unless that is done.

        Raises:
            NotFiniteError: when a variable is not finite; then nothing is saved.
        """
        newest = newest_in(self._folder)
        if newest is None or step_of(newest) != self.step:
            if not self._are_finite(self._variables):
                raise NotFiniteError(
                    f"A weight is NaN or infinite after step {self.step:,}. Nothing was saved "
                    f"since{f' {newest}' if newest else ' the start'}. Lower learning_rate, raise "
                    "warmup_steps or set clip_norm, and train in another --output_dir."
                )
            _write(self._checkpoint, self._folder, self.step, self._keep)

    @property
    def step(self):
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


def checkpoints_in(folder):
    """Returns the checkpoints in a folder, their common prefixes, from the oldest to the newest."""
    found = [str(path).removesuffix(".index") for path in pathlib.Path(folder).glob("ckpt-*.index")]
    return sorted((path for path in found if step_of(path) is not None), key=step_of)


def newest_in(folder):
    """Returns the newest checkpoint in a folder, or None."""
    return next(reversed(checkpoints_in(folder)), None)


def clear_leftovers(folder):
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
    records.write_bytes(folder / "checkpoint", str(state).encode("utf-8"))
    return path


def save_weights(model, folder, step):
    """Saves a model's weights as `folder/ckpt-STEP`, in place of what the folder held.

    Returns:
        The path, without ending.
    """
    clear_leftovers(folder)
    checkpoint = tf.train.Checkpoint(model=_values(model))
    return _write(checkpoint, pathlib.Path(folder), step, keep=1)


def load_weights(model, output_dir, checkpoint="best"):
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
    """
    folder = pathlib.Path(output_dir)
    path = _find(folder, checkpoint)
    try:
        _restore(tf.train.Checkpoint(model=_values(model)), path, model)
    except DamagedError as error:
        raise DamagedError(
            f"{error} Put its files back, or choose another --checkpoint: {_choices(folder)}"
        ) from error
    return path


def step_of(path):
    """Returns the step of a checkpoint that is called `ckpt-STEP`; None for one that is not."""
    step = path.rpartition("-")[2]
    return int(step) if step.isdecimal() else None


def _restore(checkpoint, path, model):
    # As variables are told by their order, a model that fits by chance must not pass.
    expected = [tuple(variable.shape) for variable in model.variables]
    try:
        shapes = {name: tuple(shape) for name, shape in tf.train.list_variables(path)}
        names = [name for name in shapes if name.startswith("model/")]
        names.sort(key=lambda name: int(name.split("/")[1]))
        if [shapes[name] for name in names] != expected:
            raise InvalidError(
                f"The checkpoint {path} does not fit the model: it has {len(names)} variables, the "
                f"model {len(expected)}, or their shapes differ. Hyper-parameters and vocabulary "
                "must be those that it was trained with."
            )
        checkpoint.read(path).assert_existing_objects_matched().expect_partial()
    except (tf.errors.OpError, IndexError) as error:
        raise DamagedError(
            f"The checkpoint {path} cannot be read; it is damaged or incomplete, or you may not "
            "read it."
        ) from error


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


def _values(owner):
    # TensorFlow's walk over a Keras model misses layers in lists, and variables' paths are numbered
    # by what else the process has built, so the order of the variables is what identifies them.
    return [variable.value for variable in owner.variables]
