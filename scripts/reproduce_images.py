#!/usr/bin/env python3
"""Compares bottlenecks for images: bits per dimension, each kind in the same budget.

    python scripts/reproduce_images.py --work_dir=images --source_dir=cifar10 --size=small
    python scripts/reproduce_images.py --work_dir=images --problem=image_synthetic \\
        --size=tiny --rows hard soft-m10
    python scripts/reproduce_images.py --work_dir=images --print

Trains a model for each row and scores it on the whole test set. A second call goes on where the
first stopped; what it asks for differently (size, updates, overrides ...) is measured too. Every
measurement is a line of JSON in WORK_DIR/results.jsonl with what was asked for, commit and machine;
--print shows them as the table for docs/figures.

`bits/dim` bounds the negative log-likelihood of a test image by that of its pixels given its codes
(`pixels`) plus that of the codes under the prior (`codes`), both per dimension; see
`VqAutoencoder.bits`. For soft kinds `of one sample` is the bound for one code drawn from each
posterior and `of m samples` that for as many as training draws. `vae` bounds it by one Gaussian
sample and its divergence from the prior.
"""

import argparse
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from experiments import (
    add_flags,
    append_row,
    is_measured,
    joined,
    markdown,
    read_rows,
    run_name,
    sized,
    train,
)
from provenance import provenance

from t2t_vq import config, load, registry

MODEL = "softem_image"


def rows(size):
    """Returns the overrides of `softem_image` of a size that make each row.

    All kinds with codes spend as many bits on a position: the levels of FSQ come near 256 codes.
    """
    bottleneck = registry.hparams(sized(MODEL, size)).bottleneck
    hard, straight = "bottleneck.soft=false", "bottleneck.through_posterior=false"
    residual = f"bottleneck=residual-vq,bottleneck.num_quantizers={bottleneck.num_blocks}"
    return {
        "hard": hard,
        "soft-through": "",
        "soft-m1": straight,
        "soft-m5": f"bottleneck.num_samples=5,{straight}",
        "soft-m10": f"bottleneck.num_samples=10,{straight}",
        "soft-m20": f"bottleneck.num_samples=20,{straight}",
        "soft-exact": f"bottleneck.num_samples=none,{straight}",
        "gradient": f"{hard},bottleneck.learning=gradient",
        "fsq": "bottleneck=fsq,bottleneck.levels=[8,6,5]",
        "residual": f"{residual},{hard}",
        "residual-soft": f"{residual},{straight}",
        # The loss is nats a value of the image, of which a position has 4 x 4 x 3.
        "vae": f"bottleneck=vae,bottleneck.kl_weight={1 / 48:.4f}",
    }


def main():
    arguments = parsed_arguments()
    work_dir = pathlib.Path(arguments.work_dir)
    results = work_dir / "results.jsonl"
    if arguments.print:
        print(table(read_rows(results)))
        return
    work_dir.mkdir(parents=True, exist_ok=True)
    for seed in arguments.seeds:
        for name in arguments.rows:
            wanted = asked(arguments, name, seed)
            if not is_measured(wanted, read_rows(results)):
                output_dir = work_dir / "runs" / run_name(wanted)
                train(
                    *(arguments, output_dir, wanted["problem"], wanted["hparams"]),
                    *(wanted["updates"], seed),
                )
                append_row(results, {**wanted, **measured(output_dir)})
    print(table(read_rows(results)))


def parsed_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_flags(parser, "image_cifar10_local", ("tiny", "small", "base"), list(rows("base")))
    return parser.parse_args()


def asked(arguments, name, seed):
    """Returns what a row is asked for, as its measurement tells it."""
    hparams = joined(sized(MODEL, arguments.size), rows(arguments.size)[name], arguments.overrides)
    own, overrides = config.split_set(hparams)
    resolved = config.override(registry.hparams(own), overrides)
    return {
        "row": name,
        "seed": seed,
        "problem": arguments.problem,
        "hparams": hparams,
        "updates": arguments.train_steps or resolved.train_steps,
        "precision": arguments.precision,
    }


def measured(output_dir):
    """Scores a trained run on the whole test set."""
    keras.backend.clear_session()
    model = load(output_dir)
    start = time.monotonic()
    scores = model.score("test")
    return {
        "checkpoint": os.path.basename(model.checkpoint),
        **provenance(["tensorflow", "keras"]),
        **scores,
        "scoring_seconds": round(time.monotonic() - start),
    }


def table(found):
    """Returns the measurements as a Markdown table."""
    head = [
        *("row", "seed", "updates", "bits/dim", "pixels", "codes", "of one sample"),
        *("of m samples", "perplexity", "PSNR", "SSIM"),
    ]
    digits = {
        **dict.fromkeys(("bits_per_dim", "reconstruction_bits", "prior_bits"), 3),
        **{"bits_per_dim_of_one_sample": 3, "bits_per_dim_of_samples": 3},
        **{"codebook_perplexity": 0, "psnr": 2, "ssim": 3},
    }
    cells = [
        [row["row"], row["seed"], row["updates"]]
        + [f"{row[name]:.{places}f}" if name in row else None for name, places in digits.items()]
        for row in found
    ]
    return markdown(head, cells)


if __name__ == "__main__":
    main()
