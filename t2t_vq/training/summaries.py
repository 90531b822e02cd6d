"""TensorBoard: scalars of training and validation, and sample translations."""

import pathlib

import tensorflow as tf


class Summaries:
    """Writes to `train/` and `dev/` of an output directory.

    Args:
        output_dir: folder of the run.
    """

    def __init__(self, output_dir):
        folder = pathlib.Path(output_dir)
        self._writers = {
            split: tf.summary.create_file_writer(str(folder / split)) for split in ("train", "dev")
        }

    def scalars(self, split, step, values):
        """Writes a dict of scalars for `split`, "train" or "dev"."""
        with self._writers[split].as_default(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def samples(self, step, samples):
        """Writes `(source, reference, translation)` triples as a table."""
        rows = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in samples]
        table = "\n".join(["source | reference | translation", "--- | --- | ---", *rows])
        with self._writers["dev"].as_default(step):
            tf.summary.text("translations", table)

    def flush(self):
        """Puts everything on disk."""
        for writer in self._writers.values():
            writer.flush()
