#!/usr/bin/env python3
"""Translates with the code that is most like all that may be right, instead of the most probable.

    python scripts/code_similarity.py RUN dev 0.25 0.5 1 2

At each position of the causal predictor code k scores the sum over codes j of
`p(j) exp(-|e_k - e_j|^2 / (c w))`, w the median over codes of the squared distance to the nearest
other; the end is taken where it is the most probable symbol.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from keras import ops

from t2t_vq.cli.eval import score
from t2t_vq.training.loading import load_translator


def main(output_dir, split, *widths):
    for width in map(float, widths):
        run, problem, translator, _ = load_translator(output_dir)
        choose_alike(translator.model, width)
        found = score(translator, *problem.text(run.data_dir, split))
        print(width, round(found["bleu"], 2), round(found["chrf"], 2), flush=True)


def choose_alike(model, width):
    table = np.asarray(model.bottleneck.table())
    squared = ((table[:, None] - table[None]) ** 2).sum(-1)
    nearest = np.sort(squared, axis=1)[:, 1]
    kernel = np.exp(-squared / (width * np.median(nearest))).astype("float32")
    scored = model.predictor.step

    def step(*arguments):
        logits, state = scored(*arguments)
        alike = ops.matmul(ops.softmax(logits)[:, :-1], kernel)
        ends = ops.argmax(logits, axis=-1) == len(table)
        end = ops.where(ends, 1e6, 0.0)[:, None]
        return ops.log(ops.concatenate([alike, end], axis=-1) + 1e-9), state

    model.predictor.step = step


if __name__ == "__main__":
    main(*sys.argv[1:])
