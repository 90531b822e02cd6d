"""Trains a model on a problem, or goes on with a run that stopped.

    t2t-vq-train --problem=translate_ende_synthetic --hparams=softem_nat_tiny

Prepares the data first when that is missing. Overrides follow the set's name:
--hparams=softem_nat_tiny,hidden_size=64,bottleneck.num_codes=128
"""

import shlex
import sys
from typing import Any

from absl import flags as absl_flags

from t2t_vq.cli import flags
from t2t_vq.progress import tell
from t2t_vq.run import MOST_SEED, PRECISIONS
from t2t_vq.training.strategy import STRATEGIES

FLAGS = absl_flags.FLAGS


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


def main() -> None:
    """Trains as the flags say."""
    from t2t_vq.training.interruption import Interrupted
    from t2t_vq.training.start import train

    names = (
        *("output_dir", "data_dir", "train_steps", "eval_frequency", "seed", "precision"),
        *("source_language", "target_language", "source_dir"),
        *("eval_steps", "keep_checkpoints", "strategy"),
    )
    given: dict[str, Any] = {name: FLAGS[name].value for name in names}
    try:
        output_dir, best = train(FLAGS.problem, FLAGS.hparams, **given, usr_dir=FLAGS.usr_dir)
    except Interrupted as stop:
        tell(stop)
        sys.exit(128 + stop.signal)
    print(
        f"Best validation {best.measure} {best.value:.2f}. "
        f"Next: t2t-vq-eval --output_dir={shlex.quote(str(output_dir))}"
    )


def run() -> None:
    """Entry point of `t2t-vq-train`."""
    flags.run(
        main,
        __doc__,
        ("problem", "source_language", "target_language", "data_dir", "source_dir"),
        define=_define,
        required=("problem", "hparams"),
        resumes=True,
    )
