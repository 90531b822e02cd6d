#!/usr/bin/env python3
"""Times parallel decoding beside autoregressive decoding, of models that have learned nothing.

    python scripts/benchmark_translation.py
    python scripts/benchmark_translation.py --size=base --lengths 16 32 --batch_sizes 1 64 \\
        --students predictor_layers=1 compress_steps=2,predictor_layers=1

How long a translation takes hangs on the shape of a model and the number of tokens, not on what the
weights have learned. So each model's end of a sentence is made impossible, and all translate
random sources of a length into exactly as many tokens: `transformer_SIZE` greedily, with caches, in
one compiled loop; `softem_nat_SIZE`, with each set of overrides that --students names, greedily
too. All are compiled as `t2t-vq-decode` compiles them, and run in turn. Times are medians, and
ratios, `0.25 x` being four times as fast as the first, medians over neighbours in time.
"""

import argparse
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from experiments import joined, sized
from provenance import provenance
from timing import compare

from t2t_vq import config, registry
from t2t_vq.data.tokenizer import EOS_ID
from t2t_vq.decoding.options import GREEDY
from t2t_vq.run import PRECISIONS

SIZES = ("tiny", "small", "base", "big")
STUDENTS = ["", "predictor_layers=1", "compress_steps=3,predictor_layers=1", "predictor=masked"]
IMPOSSIBLE = -1e9


def main():
    arguments = parsed_arguments()
    keras.config.set_dtype_policy(arguments.precision)
    keras.utils.set_random_seed(0)
    for key, value in provenance(["tensorflow", "keras"]).items():
        print(f"{key}: {value}")
    print(f"size: {arguments.size}, {arguments.vocab_size} tokens, {arguments.precision}")
    models = {"autoregressive": make_model(f"transformer_{arguments.size}", arguments.vocab_size)}
    for overrides in arguments.students:
        name = joined(sized("softem_nat", arguments.size), overrides)
        student = make_model(name, arguments.vocab_size)
        check_lengths(arguments.lengths, student)
        models[f"parallel {overrides}"] = student
    for length in arguments.lengths:
        for rows in arguments.batch_sizes:
            source = random_source(rows, length, arguments.vocab_size)
            compare(
                f"{rows} x {length}",
                {name: translation(model, source) for name, model in models.items()},
                arguments.seconds,
            )


def parsed_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--size", default="small", choices=SIZES, help="of the sets")
    add("--students", nargs="*", default=STUDENTS, help="overrides of softem_nat_SIZE")
    add("--lengths", nargs="+", type=int, default=[16, 32], help="tokens of source and target")
    add("--batch_sizes", nargs="+", type=int, default=[1, 64])
    add("--vocab_size", type=int, default=8_000)
    add("--precision", default="float32", choices=PRECISIONS)
    add("--seconds", type=float, default=10.0, help="to repeat each comparison for")
    return parser.parse_args()


def check_lengths(lengths, student):
    """Refuses lengths that a latent would stand beyond."""
    block = 1 << student.compress_steps
    for length in lengths:
        if length < 1 or length % block:
            sys.exit(
                f"A latent of compress_steps={student.compress_steps} stands for {block} tokens, "
                f"and --lengths has {length}. Give it multiples of {block}."
            )


def make_model(hparams, vocab_size):
    """Returns a model that never ends a sentence."""
    name, overrides = config.split_set(hparams)
    hparams = config.override(registry.hparams(name), overrides)
    model = registry.models[hparams.model].from_hparams(hparams, vocab_size=vocab_size)
    if hparams.model == "transformer":
        # Among thousands of random scores, one is above 0.
        table = model.embedding.table
        table.assign(np.where(np.arange(vocab_size)[:, None] == EOS_ID, 0.0, table))
    elif hparams.predictor == "masked":
        # More latents than there may be, so that it takes the most; the nearest number wins.
        model.predictor.latents_taken.bias.assign([10.0])
    else:
        model.predictor.first_head.bias.assign(
            IMPOSSIBLE * (np.arange(model.bottleneck.num_codes + 1) == model.bottleneck.num_codes)
        )
    return model


def translation(model, source):
    """Returns a function that translates a source into as many tokens."""

    def translate():
        model.target_length = lambda source_length: source_length
        return model.translate(source, GREEDY)

    return tf.function(translate, jit_compile=True, autograph=False)


def random_source(rows, length, vocab_size):
    tokens = np.random.default_rng(0).integers(EOS_ID + 1, vocab_size, (rows, length))
    tokens[:, -1] = EOS_ID
    return tf.constant(tokens, tf.int32)


if __name__ == "__main__":
    main()
