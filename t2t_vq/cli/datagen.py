"""Prepares the data of a problem: vocabulary, records and clean text, or images.

    t2t-vq-datagen --problem=translate_ende_local --source_dir=my_text
    t2t-vq-datagen --problem=translate_local --source_language=en --target_language=fr \\
        --source_dir=my_text

An interrupted run goes on where it stopped; prepared data is left alone.
"""

from t2t_vq import registry
from t2t_vq.cli import flags
from t2t_vq.run import languages_given

FLAGS = flags.FLAGS


def main() -> None:
    """Prepares the data of `--problem`."""
    languages = languages_given(FLAGS.source_language, FLAGS.target_language)
    arguments = registry.problems[FLAGS.problem].find_arguments(languages, FLAGS.data_dir)
    registry.problem(FLAGS.problem, *arguments).generate_data(FLAGS.data_dir, FLAGS.source_dir)


def run() -> None:
    """Entry point of `t2t-vq-datagen`."""
    shared = ("problem", "source_language", "target_language", "data_dir", "source_dir")
    flags.run(main, __doc__, shared, required=("problem",), resumes=True)
