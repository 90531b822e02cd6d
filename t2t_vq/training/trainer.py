"""The training loop."""

import dataclasses
import itertools
import math
import pathlib

import keras
import tensorflow as tf

from t2t_vq import locks
from t2t_vq import run as runs
from t2t_vq.errors import InvalidError
from t2t_vq.paths import StrPath, expanded
from t2t_vq.progress import tell
from t2t_vq.training.checkpoints import Checkpoints, NotFiniteError
from t2t_vq.training.evaluator import evaluator_of
from t2t_vq.training.interruption import Interrupted, Interruption
from t2t_vq.training.learning_rate import rise, schedule_of
from t2t_vq.training.memory import check_memory
from t2t_vq.training.progress import TrainingProgress
from t2t_vq.training.strategy import check_strategy, make_strategy, share
from t2t_vq.training.summaries import Summaries
from t2t_vq.training.train_step import make_train_step
from t2t_vq.training.validations import Best, Validations
from t2t_vq.training.weight_ema import WeightEma


def train(
    run: runs.Run,
    output_dir: StrPath,
    source_dir: StrPath | None = None,
    eval_steps: int | None = None,
    keep_checkpoints: int = 3,
    strategy: str = "auto",
) -> Best:
    """Trains what `run` describes, or goes on with it.

    Generates the problem's data when that is missing, trains for `run.hparams.train_steps` updates,
    and every `run.hparams.eval_frequency` of them validates and saves. A run that is killed goes on
    from its last checkpoint to the same weights, bit for bit on the same machine.

    With `run.hparams.weight_ema`, validation scores a moving average of the weights and `best`
    keeps it; `latest` holds the weights that training goes on with, and the average beside them.

    Args:
        run: a `t2t_vq.run.Run`.
        output_dir: folder for checkpoints, TensorBoard files and `run.json`.
        source_dir: folder of the user's text, for problems that read one.
        eval_steps: most batches in a validation; none uses the whole validation set.
        keep_checkpoints: newest checkpoints to keep.
        strategy: see `t2t_vq.training.strategy`.

    Returns:
        The `Best` validation: of BLEU for translation, of bits per dimension for images.

    Raises:
        NotFiniteError: when a loss, the gradient or a weight is NaN or infinite; names the step.
        Interrupted: when SIGINT, SIGTERM or SIGHUP stopped the run.
        ValueError: for hyper-parameters that nothing can be trained with, or when `output_dir`
            holds a run that was asked for differently, was trained with another vocabulary, or is
            being trained by another process.

    Example:
        >>> run = runs.load("runs/mine")
        >>> train(run, "runs/mine").measure
        'BLEU'
    """
    output_dir = expanded(output_dir)
    runs.check_folder(output_dir, "--output_dir")
    run.check_same(output_dir)
    run.check()
    _check_arguments(eval_steps, keep_checkpoints, strategy)
    # Preparing data may take hours, after which a mistake would come too late.
    check_memory(run, run.try_model())
    problem = run.make_problem()
    evaluator_class = evaluator_of(problem)
    problem.generate_data(run.data_dir, source_dir)
    run = dataclasses.replace(run, vocabulary=problem.vocabulary_digest(run.data_dir))
    devices = make_strategy(strategy)
    with devices.scope():
        model = run.make_model()
        optimizer = _make_optimizer(run.hparams)
        optimizer.build(model.trainable_variables)
        ema = WeightEma(model, run.hparams.weight_ema)
    evaluator = evaluator_class(model, problem, run, eval_steps)
    _epoch(problem, run, devices, 0)
    # Not before model and batches could be made, so that a mistake corrected is no other run.
    pathlib.Path(output_dir).mkdir(parents=True, exist_ok=True)
    with locks.locked(output_dir) as is_ours:
        if not is_ours:
            raise InvalidError(
                f"Another process is training in {output_dir}. Wait for its end, or choose another "
                "--output_dir."
            )
        before = run.save(output_dir)
        checkpoints = Checkpoints(output_dir, model, optimizer, ema, keep_checkpoints)
        loop = _Loop(
            run, problem, model, optimizer, ema, devices, checkpoints, evaluator, output_dir
        )
        with Interruption() as interruption:
            loop.run_until(run.hparams.train_steps, interruption, before)
    if interruption.signal and checkpoints.step < run.hparams.train_steps:
        raise Interrupted(interruption.signal, checkpoints.step, output_dir)
    return loop.validations.best


def _check_arguments(eval_steps, keep_checkpoints, strategy):
    for name, value in (("eval_steps", eval_steps), ("keep_checkpoints", keep_checkpoints)):
        is_whole = type(value) is int and value >= 1
        if not is_whole and (name, value) != ("eval_steps", None):
            raise InvalidError(f"{name}={value!r} is no number of them. Give 1 or more.")
    check_strategy(strategy)


def _make_optimizer(hparams):
    return keras.optimizers.Adam(
        schedule_of(hparams),
        beta_1=hparams.adam_beta1,
        beta_2=hparams.adam_beta2,
        epsilon=hparams.adam_epsilon,
    )


def _epoch(problem, run, strategy, epoch):
    """Returns the batches of one pass over the training data."""
    return problem.train_batches(
        run.data_dir,
        epoch,
        seed=run.seed,
        batch_multiple=strategy.num_replicas_in_sync,
        **run.hparams.batching(),
    )


class _Loop:
    def __init__(
        self, run, problem, model, optimizer, ema, strategy, checkpoints, evaluator, output_dir
    ):
        self.hparams, self.run, self.problem = run.hparams, run, problem
        self.model, self.optimizer, self.ema, self.strategy = model, optimizer, ema, strategy
        self.checkpoints, self.evaluator = checkpoints, evaluator
        self.output_dir = output_dir
        self.summaries = Summaries(output_dir)
        self.train_step = self._make_train_step()
        self.pending = []

    def _make_train_step(self):
        return make_train_step(
            self.model, self.optimizer, self.ema, self.strategy, self.hparams.clip_norm
        )

    def run_until(self, last_step, interruption, before):
        """Trains on from the newest checkpoint.

        Args:
            last_step: updates to end after.
            interruption: the `Interruption` that may end it earlier.
            before: the `Run` as it was asked for last time, or None.
        """
        step = self.checkpoints.restore()
        # Not before, as what runs of earlier versions tell of it is in their newest checkpoint.
        self.validations = Validations(self.output_dir, self.model, self.evaluator)
        self.progress = TrainingProgress(step, last_step, self.model.unit)
        tell(
            f"{self.hparams.model} with {self.model.count_params():,} parameters on "
            f"{self.strategy.num_replicas_in_sync} device(s), from step {step:,}"
        )
        if before and step and (told := rise(before.hparams, self.hparams, step)):
            tell(told)
        if self._is_validated(step) and self.validations.is_missing(step):
            self._evaluate(step)
        if step >= last_step:
            tell(f"Nothing to do: the run has made its {last_step:,} updates.")
            return
        for batch in self._batches():
            if step == self.model.startup_steps:
                self.model.adapt(_epoch(self.problem, self.run, self.strategy, 0))
            if self.model.freeze(step):
                self.train_step = self._make_train_step()
            self.pending.append(self.train_step(batch))
            self.checkpoints.batch.assign_add(1)
            step += 1
            done = step == last_step or interruption.signal
            evaluates = self._is_validated(step)
            if done or evaluates or self.progress.is_due():
                self._show(step)
            # First, so that no validation that fails costs what was learned.
            if done or evaluates:
                self.checkpoints.save()
            # Who asks to stop does not wait for a validation, unless it is the last one.
            if evaluates and (step == last_step or not interruption.signal):
                self._evaluate(step)
            if done:
                return

    def _is_validated(self, step):
        hparams = self.hparams
        return step > 0 and (step == hparams.train_steps or step % hparams.eval_frequency == 0)

    def _batches(self):
        for epoch in itertools.count(int(self.checkpoints.epoch)):
            if epoch != int(self.checkpoints.epoch):
                self.checkpoints.epoch.assign(epoch)
                self.checkpoints.batch.assign(0)
            dataset = _epoch(self.problem, self.run, self.strategy, epoch)
            for batch in dataset.skip(int(self.checkpoints.batch)):
                yield share(self.strategy, batch)

    def _show(self, step):
        # One transfer a quantity: fetching every number by itself would hold the device up.
        results = {
            name: tf.stack([result[name] for result in self.pending]).numpy()
            for name in self.pending[0]
        }
        for i in range(len(self.pending)):
            _check_finite(
                step - len(self.pending) + 1 + i,
                {name: values[i] for name, values in results.items()},
            )
        units = results.pop(self.model.unit).sum()
        means = {name: float(values.mean()) for name, values in results.items()}
        means[f"{self.model.unit}_per_second"] = self.progress.show(step, means, units)
        means["learning_rate"] = float(self.optimizer.learning_rate)
        self.summaries.scalars("train", step, means)
        self.pending = []

    def _evaluate(self, step):
        # What is scored is what `best` keeps.
        with self.ema.in_place():
            found = self.evaluator.evaluate(step)
            value = found.scalars[self.evaluator.measure]
            best = self.validations.note(step, value)
        self.summaries.evaluation(step, found)
        example = f"\n{found.example}" if found.example else ""
        tell(
            f"step {step:,}: validation loss {found.scalars['loss']:.3f}, "
            f"{self.evaluator.measure_name} {value:.2f}{' (best so far)' if best else ''}{example}"
        )
        self.progress.restart(step)


def _check_finite(step, result):
    for name, value in result.items():
        if math.isfinite(value) or not name.startswith(("loss/", "gradient_norm")):
            continue
        term = name.removeprefix("loss/")
        what = f"The term '{term}' of the loss" if term != name else "The norm of the gradient"
        raise NotFiniteError(
            f"{what} is {value} at step {step:,}. Nothing was saved since. Lower learning_rate, "
            "raise warmup_steps or set clip_norm, and train in another --output_dir."
        )
