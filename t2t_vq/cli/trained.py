"""What the commands that use a trained model share: which run, which checkpoint, which search."""

from absl import flags as absl_flags

FLAGS = absl_flags.FLAGS


def define():
    """Defines the flags that choose a trained model."""
    absl_flags.DEFINE_string("output_dir", None, "Folder of the run, as t2t-vq-train was given.")
    define_search()


def define_search(beam_size=1):
    """Defines the flags that choose its checkpoint and how it translates."""
    absl_flags.DEFINE_string(
        "checkpoint", "best", "best (by validation BLEU), latest, or the prefix of a checkpoint."
    )
    absl_flags.DEFINE_integer("beam_size", beam_size, "Sequences in the search; 1 is greedy.", 1)
    absl_flags.DEFINE_float("alpha", 0.6, "Exponent of the length penalty of a beam.", 0.0)


def load():
    """Returns `(run, problem, translator, path of the checkpoint)` as the flags say."""
    from t2t_vq.training.loading import load_translator

    return load_translator(
        FLAGS.output_dir, FLAGS.checkpoint, beam_size=FLAGS.beam_size, alpha=FLAGS.alpha
    )
