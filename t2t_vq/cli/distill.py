"""Translates a training set with a trained run, for students to train on.

    t2t-vq-distill --teacher_dir=t2t_vq_runs/teacher

Writes the data of the teacher's problem with _distill at the end of its name. An interrupted
command goes on where it stopped; finished data is left alone.
"""

import shlex

from absl import flags as absl_flags

from t2t_vq import registry
from t2t_vq import run as runs
from t2t_vq.cli import flags, trained
from t2t_vq.errors import MissingError

FLAGS = absl_flags.FLAGS


def _define():
    absl_flags.DEFINE_string("teacher_dir", None, "Folder of the teacher's run.")
    absl_flags.DEFINE_string("data_dir", None, "Folder to write to; by default the teacher's data.")
    absl_flags.DEFINE_string(
        "teacher_data_dir", None, "Folder of the teacher's data, if it has moved."
    )
    trained.define_checkpoint()
    trained.define_search(beam_size=4)
    trained.define_batch_size()


def main() -> None:
    """Distils as the flags say."""
    teacher = _check_data()

    from t2t_vq.distillation import distill

    problem, data_dir = distill(
        FLAGS.teacher_dir,
        FLAGS.data_dir,
        FLAGS.source_dir,
        checkpoint=FLAGS.checkpoint,
        beam_size=FLAGS.beam_size,
        alpha=FLAGS.alpha,
        batch_size=FLAGS.batch_size,
        teacher_data_dir=FLAGS.teacher_data_dir,
    )
    print(
        f"Next: t2t-vq-train {registry.problem(problem, *teacher.languages).flags} "
        f"--data_dir={shlex.quote(data_dir)} "
        "--hparams=softem_nat_small"
    )


def _check_data():
    # For other commands the flag of that is --data_dir, which here names the folder to write to.
    teacher = runs.load(FLAGS.teacher_dir, "translation", FLAGS.teacher_data_dir)
    try:
        teacher.make_problem().manifest(teacher.data_dir)
    except FileNotFoundError as error:
        raise MissingError(
            f"{teacher.data_dir} holds no data of {teacher.problem}, which the teacher was trained "
            "on. Name the folder that does with --teacher_data_dir."
        ) from error
    return teacher


def run() -> None:
    """Entry point of `t2t-vq-distill`."""
    flags.run(
        main, __doc__, ("source_dir",), define=_define, required=("teacher_dir",), resumes=True
    )
