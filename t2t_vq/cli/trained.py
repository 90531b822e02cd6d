"""What the commands that use a trained model share: which run, which checkpoint, which search."""

from absl import flags as absl_flags

FLAGS = absl_flags.FLAGS


def define():
    """Defines the flags that choose a trained model."""
    absl_flags.DEFINE_string("output_dir", None, "Folder of the run, as t2t-vq-train was given.")
    absl_flags.DEFINE_string(
        "checkpoint", "best", "best (by validation BLEU), latest, or the prefix of a checkpoint."
    )
    absl_flags.DEFINE_integer("beam_size", 1, "Sequences kept in the search; 1 is greedy.", 1)
    absl_flags.DEFINE_float("alpha", 0.6, "Exponent of the length penalty of a beam.", 0.0)


def load():
    """Returns `(run, problem, translator, path of the checkpoint)` as the flags say."""
    from t2t_vq import run as runs

    run = runs.load(FLAGS.output_dir)
    problem = run.make_problem()
    tokenizer = problem.tokenizer(run.data_dir)

    from t2t_vq.training.checkpoints import load_weights
    from t2t_vq.translator import Translator

    model = run.make_model(tokenizer)
    path = load_weights(model, FLAGS.output_dir, FLAGS.checkpoint)
    translator = Translator(
        model, tokenizer, run.hparams.max_length, beam_size=FLAGS.beam_size, alpha=FLAGS.alpha
    )
    return run, problem, translator, path
