#!/usr/bin/env python3
"""Tells what soft EM does in each level of a residual bottleneck, on 64 test images.

    python scripts/level_entropy.py RUN

For each level: mean squared length of what it quantizes, mean entropy of its posterior in nats, and
the median over its codes of the squared distance to the nearest other. The residual is that of the
most probable code.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from keras import ops

from t2t_vq import em
from t2t_vq.training.loading import load_image_codec


def main(output_dir):
    run, problem, codec, _ = load_image_codec(output_dir)
    images, _ = problem.arrays(run.data_dir, "test")
    vectors = codec.model.encode(images[:64])
    left = ops.reshape(vectors, (-1, vectors.shape[-1]))
    for level, part in enumerate(codec.model.bottleneck.parts):
        table = np.asarray(part.table())
        logits = em.posterior_logits(left, table, part.assignment.temperature)
        squared = ((table[:, None] - table[None]) ** 2).sum(-1)
        print(
            level,
            f"{float(ops.mean(ops.sum(left**2, axis=-1))):.3f}",
            f"{float(ops.mean(em.posterior_entropy(logits))):.3f}",
            f"{np.median(np.sort(squared, axis=1)[:, 1]):.4f}",
        )
        left = left - ops.take(table, em.most_probable(logits), axis=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
