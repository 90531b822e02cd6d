#!/usr/bin/env python3
"""Bounds the bits of images by one sample of a posterior that the prior has a say in.

    python scripts/prior_posterior.py images/runs/hard-seed0 --num=200 --weights 0 1 \\
        --temperatures 0.05

Codes are drawn one after the other from `q(z_i | z_before, x)`, proportional to
`p(z_i | z_before) ** weight * exp(-d(x, z_i) / temperature)`, the exact posterior at weight 1 if
`-d / temperature` were the likelihood. Temperatures are in units of the variance of each codebook.
"""

import argparse
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from keras import ops
from provenance import provenance

from t2t_vq import em
from t2t_vq.bottlenecks import noise
from t2t_vq.decoding.greedy import greedy_search
from t2t_vq.metrics.bits_per_dim import bits_per_dim
from t2t_vq.training.loading import load_image_codec

BATCH = 50


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="folder of a run of images with codebooks side by side")
    parser.add_argument("--temperatures", nargs="+", type=float, required=True)
    parser.add_argument("--weights", nargs="+", type=float, required=True)
    parser.add_argument("--split", default="dev", choices=("dev", "test"))
    parser.add_argument("--num", type=int)
    arguments = parser.parse_args()
    run, problem, codec, path = load_image_codec(arguments.run)
    images = problem.arrays(run.data_dir, arguments.split)[0][: arguments.num]
    bound = tf.function(make_bound(codec.model), jit_compile=True, autograph=False)
    for weight in arguments.weights:
        for temperature in arguments.temperatures:
            found = []
            for start in range(0, len(images), BATCH):
                rows = images[start : start + BATCH]
                filled = np.resize(rows, (BATCH, *rows.shape[1:]))
                each = bound(*map(tf.constant, (filled, weight, temperature, start)))
                found.append([part.numpy()[: len(rows)] for part in each])
            pixels, codes = np.concatenate(found, axis=1).mean(axis=1).tolist()
            line = {
                "run": os.path.basename(os.path.normpath(arguments.run)),
                "checkpoint": os.path.basename(path),
                "split": arguments.split,
                "images": len(images),
                "weight": weight,
                "temperature": temperature,
                "bits_per_dim": pixels + codes,
                "reconstruction_bits": pixels,
                "prior_bits": codes,
                **provenance(["tensorflow", "keras"]),
            }
            print(json.dumps(line), flush=True)


def make_bound(model):
    """Returns a function from images to bits of their pixels and of their codes."""
    bottleneck, prior = model.bottleneck, model.prior
    tables = [part.table() for part in bottleneck.parts]
    shape = (prior.num_positions, prior.num_codebooks, prior.num_codes)

    def bound(images, weight, temperature, seed):
        rows = images.shape[0]
        blocks = bottleneck._cut(model.encode(images))
        scores = [
            em.posterior_logits(
                ops.reshape(block, (-1, block.shape[-1])),
                table,
                temperature * em.codebook_variance(table),
            )
            for block, table in zip(blocks, tables, strict=True)
        ]
        scores = [ops.reshape(each, (rows, shape[0], shape[2])) for each in scores]
        likelihood = ops.stack(scores, axis=2)
        flat = ops.reshape(likelihood, (rows, -1, shape[2]))
        start = prior._start(None, rows)

        def draw(symbols, index, state):
            logits, state = prior.step(start, symbols, index, state)
            logits = weight * ops.log_softmax(logits) + ops.take(flat, index, axis=1)
            key = ops.stack([seed, ops.cast(index, "int32")])
            uniforms = tf.random.stateless_uniform(logits.shape, key)
            return logits + noise.gumbel(uniforms), state

        codes = greedy_search(
            draw, prior.start_steps(rows), rows, shape[0] * shape[1], end=shape[2]
        )
        codes = ops.reshape(codes, (rows, *shape[:2]))
        priors = ops.log_softmax(ops.stack(prior(codes), axis=2))
        posteriors = ops.log_softmax(weight * priors + likelihood)
        log_ratio = ops.take_along_axis(posteriors - priors, codes[..., None], axis=-1)
        pixels = -model.likelihood.log_prob(model.decode(bottleneck.embed(codes)), images)
        nats = (pixels, ops.sum(log_ratio, axis=(1, 2, 3)))
        return tuple(bits_per_dim(each, model.num_dimensions) for each in nats)

    return bound


if __name__ == "__main__":
    main()
