"""Prepares the data of a problem: vocabulary, records and clean text, or images.

    t2t-vq-datagen --problem=translate_ende_local --source_dir=my_text

An interrupted run goes on where it stopped; prepared data is left alone.
"""

from t2t_vq import registry
from t2t_vq.cli import flags


def main():
    """Prepares the data of `--problem`."""
    problem = registry.problem(flags.FLAGS.problem)
    problem.generate_data(flags.FLAGS.data_dir, flags.FLAGS.source_dir)


def run():
    """Entry point of `t2t-vq-datagen`."""
    shared = ("problem", "data_dir", "source_dir")
    flags.run(main, __doc__, shared, required=("problem",), resumes=True)
