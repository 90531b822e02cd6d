"""What the commands that use a trained model share: which run, which checkpoint, which search."""

from absl import flags as absl_flags

from t2t_vq.decoding.options import Search
from t2t_vq.training.loading import load_translator

FLAGS = absl_flags.FLAGS


def define():
    """Defines the flags that choose a trained model and how it searches."""
    absl_flags.DEFINE_string("output_dir", None, "Folder of the run, as t2t-vq-train was given.")
    define_search()
    absl_flags.DEFINE_integer("num_samples", 0, "Sequences to draw instead of a beam.", 0)
    absl_flags.DEFINE_float(
        "temperature", 0.5, "Of the distribution that --num_samples are drawn from.", 1e-3
    )
    absl_flags.DEFINE_integer(
        "passes", 1, "In which a masked latent predictor finds its codes; 1 is fastest.", 1
    )
    absl_flags.DEFINE_integer(
        "refinements", 0, "Times that a parallel decoder decodes again from its translation.", 0
    )
    absl_flags.DEFINE_string(
        "rescore_with",
        None,
        "Folder of a run that chooses among the beam or the samples, a teacher say; or self.",
    )
    absl_flags.DEFINE_string(
        "rescore_checkpoint", "best", "Of the run that --rescore_with names, as --checkpoint."
    )


def define_search(beam_size=1):
    """Defines the flags that choose a run's checkpoint and how it searches, whatever its model."""
    absl_flags.DEFINE_string(
        "checkpoint",
        "best",
        "best (by validation BLEU), latest, average (by t2t-vq-average), or a checkpoint's prefix.",
    )
    absl_flags.DEFINE_integer("beam_size", beam_size, "Sequences in the search; 1 is greedy.", 1)
    absl_flags.DEFINE_float("alpha", 0.6, "Exponent of the length penalty of a beam.", 0.0)


def load():
    """Returns `(run, problem, translator, path of the checkpoint)` as the flags say."""
    search = Search(
        beam_size=FLAGS.beam_size,
        alpha=FLAGS.alpha,
        num_samples=FLAGS.num_samples,
        temperature=FLAGS.temperature,
        passes=FLAGS.passes,
        refinements=FLAGS.refinements,
    )
    return load_translator(
        FLAGS.output_dir, FLAGS.checkpoint, search, FLAGS.rescore_with, FLAGS.rescore_checkpoint
    )
