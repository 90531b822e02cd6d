"""Scores a trained model: BLEU and chrF of translations, or bits per dimension of images.

    t2t-vq-eval --output_dir=t2t_vq_runs/mine --split=test
    t2t-vq-eval --export_dir=export/fast --split=test

An exported folder of networks is scored without TensorFlow, on the data in --data_dir. The last
line is JSON, of what was scored and how; null stands for what is infinite.
"""

from absl import flags as absl_flags

from t2t_vq.cli import flags, trained
from t2t_vq.evaluation.report import as_json, as_table
from t2t_vq.run import DATA_DIR

FLAGS = absl_flags.FLAGS


def _define():
    trained.define()
    trained.define_export_dir()
    trained.define_batch_size()
    absl_flags.DEFINE_enum("split", "test", ("dev", "test"), "Which data to score on.")


def main() -> None:
    """Scores as the flags say."""
    if trained.is_exported():
        model = trained.load_exported(data_dir=FLAGS.data_dir or DATA_DIR)
    else:
        model = trained.load()
    result = model.score(FLAGS.split)
    about = {**model.about, "split": FLAGS.split}
    if model.checkpoint:
        about["checkpoint"] = model.checkpoint
    if model.task == "translation":
        for name in ("bleu", "chrf"):
            print(f"{name:5} {result[name]:6.2f}  {result[f'{name}_signature']}")
        print(f"{result['sentences']:,} sentences, {result['sentences_per_second']:.1f} a second")
        about.update(vars(model.search))
        if not trained.is_exported():
            about["rescore_with"] = FLAGS.rescore_with
            about["rescore_checkpoint"] = FLAGS.rescore_checkpoint
    else:
        print(as_table(result))
    print(as_json({**about, **result}))


def run() -> None:
    """Entry point of `t2t-vq-eval`."""
    flags.run(main, __doc__, (), define=_define)
