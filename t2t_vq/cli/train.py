"""Trains a model on a problem, or goes on with a run that stopped.

    t2t-vq-train --problem=translate_ende_synthetic --hparams=softem_nat_tiny

Prepares the data first when that is missing. Overrides follow the set's name:
--hparams=softem_nat_tiny,hidden_size=64,bottleneck.num_codes=128
"""

import dataclasses
import hashlib
import re
import shlex
import sys

from absl import flags as absl_flags

from t2t_vq.cli import flags
from t2t_vq.data.progress import tell
from t2t_vq.run import MOST_SEED, PRECISIONS, Run
from t2t_vq.training.strategy import STRATEGIES

FLAGS = absl_flags.FLAGS
_UNUSUAL = r"[^\w.=+-]+"
_LONGEST = 150


def _define():
    absl_flags.DEFINE_string("hparams", None, "Hyper-parameter set, and overrides after commas.")
    absl_flags.DEFINE_string(
        "output_dir", None, "Folder of the run; by default t2t_vq_runs/PROBLEM-HPARAMS[-seed=SEED]."
    )
    absl_flags.DEFINE_integer("train_steps", None, "Updates to train for; else the set's.", 1)
    absl_flags.DEFINE_integer(
        "eval_frequency", None, "Updates between validations, which also save; else the set's.", 1
    )
    absl_flags.DEFINE_integer("eval_steps", None, "Most batches in a validation; else all.", 1)
    absl_flags.DEFINE_integer("keep_checkpoints", 3, "Newest checkpoints to keep.", 1)
    absl_flags.DEFINE_enum("strategy", STRATEGIES[0], STRATEGIES, "Which devices train together.")
    absl_flags.DEFINE_enum("precision", PRECISIONS[0], PRECISIONS, "Of the computation.")
    absl_flags.DEFINE_integer("seed", 0, "Of everything random.", 0, MOST_SEED)


def main():
    """Trains as the flags say."""
    run = Run.create(
        FLAGS.problem,
        FLAGS.hparams,
        data_dir=FLAGS.data_dir,
        seed=FLAGS.seed,
        precision=FLAGS.precision,
        usr_dir=FLAGS.usr_dir or "",
    )
    changed = {
        name: FLAGS[name].value
        for name in ("train_steps", "eval_frequency")
        if FLAGS[name].value is not None
    }
    run = dataclasses.replace(run, hparams=dataclasses.replace(run.hparams, **changed))
    output_dir = FLAGS.output_dir or default_output_dir(FLAGS.problem, FLAGS.hparams, FLAGS.seed)

    from t2t_vq.training.interruption import Interrupted
    from t2t_vq.training.trainer import train

    try:
        best = train(
            run,
            output_dir,
            source_dir=FLAGS.source_dir,
            eval_steps=FLAGS.eval_steps,
            keep_checkpoints=FLAGS.keep_checkpoints,
            strategy=FLAGS.strategy,
        )
    except Interrupted as stop:
        tell(stop)
        sys.exit(128 + stop.signal)
    print(
        f"Best validation {best.measure} {best.value:.2f}. "
        f"Next: t2t-vq-eval --output_dir={shlex.quote(str(output_dir))}"
    )


def default_output_dir(problem, hparams, seed=0):
    """Returns the folder of a run that names none.

    Args:
        problem: name of the problem.
        hparams: the set with its overrides, as it was given.
        seed: of everything random; 0 is not told.
    """
    # Brackets are patterns to TensorFlow, and file systems take names of some length only.
    name = f"{problem}-{re.sub(_UNUSUAL, '-', hparams).strip('-')}"
    if seed:
        name += f"-seed={seed}"
    if len(name) > _LONGEST:
        digest = hashlib.sha256(f"{hparams} {seed}".encode()).hexdigest()[:8]
        name = f"{name[: _LONGEST - 9]}-{digest}"
    return f"t2t_vq_runs/{name}"


def run():
    """Entry point of `t2t-vq-train`."""
    flags.run(
        main,
        __doc__,
        ("problem", "data_dir", "source_dir"),
        define=_define,
        required=("problem", "hparams"),
        resumes=True,
    )
