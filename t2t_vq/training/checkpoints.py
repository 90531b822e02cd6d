"""Checkpoints: everything that a run needs to go on, and the best weights so far."""

import math
import pathlib

import tensorflow as tf


class Checkpoints:
    """Saves and restores a run; the newest few, and the best by a score.

    A checkpoint holds every variable of model, optimizer and average, so the states of random
    generators and codebooks too, and the place in the data.

    Args:
        output_dir: folder of the run.
        model, optimizer: built.
        ema: the `WeightEma` of the model.
        keep: newest checkpoints to keep. Default 3.

    Attributes:
        epoch, batch: place in the data: batches of this epoch that were trained on.
        best_score: highest score so far.
    """

    def __init__(self, output_dir, model, optimizer, ema, keep=3):
        self.epoch = tf.Variable(0, dtype=tf.int64)
        self.batch = tf.Variable(0, dtype=tf.int64)
        self.best_score = tf.Variable(-math.inf)
        folder = pathlib.Path(output_dir)
        self._model, self._optimizer = model, optimizer
        self._best_folder = folder / "best"
        self._latest = tf.train.CheckpointManager(
            tf.train.Checkpoint(
                model=_values(model),
                optimizer=_values(optimizer),
                ema=_values(ema),
                epoch=self.epoch,
                batch=self.batch,
                best_score=self.best_score,
            ),
            str(folder / "latest"),
            max_to_keep=keep,
        )

    def restore(self):
        """Restores the newest checkpoint and returns its step; 0 when there is none.

        Raises:
            ValueError: when it belongs to another model or cannot be read.
        """
        if self._latest.latest_checkpoint:
            _restore(self._latest.checkpoint, self._latest.latest_checkpoint, self._model)
        return self.step

    def save(self):
        """Saves at the current step, unless that is done."""
        newest = self._latest.latest_checkpoint
        if newest is None or step_of(newest) != self.step:
            self._latest.save(checkpoint_number=self.step)

    def save_if_best(self, score):
        """Keeps the model's weights when `score` is the highest so far; returns whether it is."""
        if score <= float(self.best_score):
            return False
        self.best_score.assign(score)
        save_weights(self._model, self._best_folder, self.step)
        return True

    @property
    def step(self):
        """Updates made so far."""
        return int(self._optimizer.iterations.numpy())


def save_weights(model, folder, step):
    """Saves a model's weights as `folder/ckpt-STEP`, in place of what the folder held.

    Returns:
        The path, without ending.
    """
    checkpoint = tf.train.Checkpoint(model=_values(model))
    manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=1)
    return manager.save(checkpoint_number=step)


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
    path = _find(pathlib.Path(output_dir), checkpoint)
    _restore(tf.train.Checkpoint(model=_values(model)), path, model)
    return path


def best_score(output_dir):
    """Returns the highest validation score of a run so far; None when there is none."""
    path = tf.train.latest_checkpoint(str(pathlib.Path(output_dir) / "latest"))
    if path is None:
        return None
    score = float(tf.train.load_variable(path, "best_score/.ATTRIBUTES/VARIABLE_VALUE"))
    return score if math.isfinite(score) else None


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
            raise ValueError(
                f"The checkpoint {path} does not fit the model: it has {len(names)} variables, the "
                f"model {len(expected)}, or their shapes differ. Hyper-parameters and vocabulary "
                "must be those that it was trained with."
            )
        checkpoint.restore(path).assert_existing_objects_matched().expect_partial()
    except (tf.errors.OpError, IndexError) as error:
        raise ValueError(
            f"The checkpoint {path} cannot be read; it is damaged or incomplete. Restore its files "
            "or use another."
        ) from error


def _find(folder, checkpoint):
    if checkpoint not in ("best", "latest", "average"):
        path = str(checkpoint).removesuffix(".index")
        if not pathlib.Path(f"{path}.index").exists():
            raise FileNotFoundError(
                f"There is no checkpoint {checkpoint}. Give best, latest, average, or a prefix "
                f"such as {folder / 'latest' / 'ckpt-500'}."
            )
        return path
    path = tf.train.latest_checkpoint(str(folder / checkpoint))
    if path is None:
        other = "latest" if checkpoint == "best" else "best"
        there = tf.train.latest_checkpoint(str(folder / other))
        hint = f"Use --checkpoint={other}." if there else "Train for longer first."
        if checkpoint == "average":
            hint = f"Make it with t2t-vq-average --output_dir={folder}"
        raise FileNotFoundError(f"{folder} has no {checkpoint} checkpoint yet. {hint}")
    return path


def _values(owner):
    # TensorFlow's walk over a Keras model misses layers in lists, and variables' paths are numbered
    # by what else the process has built, so the order of the variables is what identifies them.
    return [variable.value for variable in owner.variables]
