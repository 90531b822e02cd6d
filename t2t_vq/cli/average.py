"""Averages the newest checkpoints of a run.

    t2t-vq-average --output_dir=t2t_vq_runs/mine --last=5

The other commands then take --checkpoint=average. t2t-vq-train keeps as many checkpoints as its
--keep_checkpoints says.
"""

from absl import flags as absl_flags

from t2t_vq import run as runs
from t2t_vq.cli import flags, trained

FLAGS = absl_flags.FLAGS


def _define():
    absl_flags.DEFINE_string("output_dir", None, "Folder of the run, as t2t-vq-train was given.")
    trained.define_data_dir()
    absl_flags.DEFINE_integer("last", None, "Newest checkpoints to average; all by default.", 2)


def main() -> None:
    """Averages as the flags say."""
    # A wrong folder is told before anything heavy is imported.
    runs.load(FLAGS.output_dir)

    from t2t_vq.training.averaging import average_checkpoints

    path, steps = average_checkpoints(FLAGS.output_dir, FLAGS.last, FLAGS.data_dir)
    print(f"Averaged the checkpoints of steps {', '.join(f'{step:,}' for step in steps)}: {path}")


def run() -> None:
    """Entry point of `t2t-vq-average`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir",))
