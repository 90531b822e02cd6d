"""TensorBoard: scalars of training and validation, sample translations or images."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import tensorflow as tf

from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    from t2t_vq.training.evaluator import Evaluation


class Summaries:
    """Writes to `train/` and `dev/` of an output directory.

    Args:
        output_dir: folder of the run.
    """

    def __init__(self, output_dir: StrPath) -> None:
        folder = pathlib.Path(output_dir)
        self._writers = {
            split: tf.summary.create_file_writer(str(folder / split)) for split in ("train", "dev")
        }

    def scalars(self, split: str, step: int, values: Mapping[str, float]) -> None:
        """Writes a dict of scalars for `split`, "train" or "dev"."""
        with self._writers[split].as_default(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def evaluation(self, step: int, found: Evaluation) -> None:
        """Writes a `t2t_vq.training.evaluator.Evaluation`, and puts everything on disk."""
        self.scalars("dev", step, found.scalars)
        with self._writers["dev"].as_default(step):
            for name, text in found.texts.items():
                tf.summary.text(name, text)
            for name, images in found.images.items():
                tf.summary.image(name, images, max_outputs=len(images))
        for writer in self._writers.values():
            writer.flush()
