"""Validation of image models: bits per dimension, samples, reconstructions beside originals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from t2t_vq.training.evaluator import Evaluation, Evaluator

if TYPE_CHECKING:
    from t2t_vq.models.vq_autoencoder import VqAutoencoder
    from t2t_vq.problems.problem import Problem
    from t2t_vq.run import Run

_SHOWN = 16


class ImageEvaluator(Evaluator):
    """Evaluates an image model, by bits per dimension where it has a likelihood of images.

    An autoencoder without a bound on it, such as one with the bottleneck `dense`, is judged by the
    bits that reconstruction takes.

    Args:
        model, problem, run, max_batches: see `Evaluator`.
    """

    sign = -1

    def __init__(
        self, model: VqAutoencoder, problem: Problem, run: Run, max_batches: int | None = None
    ) -> None:
        super().__init__(model, problem, run, max_batches)
        self.measure = "bits_per_dim" if model.has_bound else "reconstruction_bits"
        self.measure_name = self.measure.replace("_", " ").replace(" dim", " dimension")
        (batch,) = self._batches.take(1)
        self._originals = batch["image"][:_SHOWN]
        self._reconstruct = tf.function(model.reconstruct, jit_compile=True, autograph=False)
        self._sample = tf.function(
            lambda: model.sample(_SHOWN, seed=run.seed), jit_compile=True, autograph=False
        )

    def evaluate(self, step: int) -> Evaluation:
        images = {
            "originals_and_reconstructions": np.concatenate(
                [self._originals, self._reconstruct(self._originals)], axis=2
            )
        }
        if self.model.has_bound:
            images["samples"] = keras.ops.convert_to_numpy(self._sample())
        return Evaluation(self.mean_losses(step), images=images)
