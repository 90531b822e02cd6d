#!/usr/bin/env python3
"""Bounds the bits of images by one sample of a posterior over codes, at several temperatures.

    python scripts/posterior_bits.py images/runs/hard-seed0 --temperatures 0.02 0.05 0.08 --num=1000
    python scripts/posterior_bits.py images/runs/hard-seed0 --temperatures 0.05 --split=test

A sample of any posterior bounds an image's likelihood (see `VqAutoencoder.bits`), also where the
model was trained with another or, under hard EM, with none. So a temperature is chosen here on the
validation images, and the test images are scored at it. Temperatures are in units of the variance
of each codebook; `none` is the most probable code. Prints a line of JSON each.
"""

import argparse
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from provenance import provenance

from t2t_vq import load
from t2t_vq.bottlenecks import SoftAssignment
from t2t_vq.bottlenecks.codebook import CodebookBottleneck


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="folder of a run of images with codebooks")
    parser.add_argument("--temperatures", nargs="+", type=temperature, required=True)
    parser.add_argument("--split", default="dev", choices=("dev", "test"))
    parser.add_argument("--num", type=int, help="images, the first of the split; all by default")
    arguments = parser.parse_args()
    for value in arguments.temperatures:
        print(json.dumps(bits(arguments, value)), flush=True)


def temperature(text):
    """Returns the number of an argument, more than 0, or None for `none`."""
    value = None if text == "none" else float(text)
    if value is not None and not value > 0:
        raise argparse.ArgumentTypeError(
            f"a temperature is more than 0, and {text} is not; the most probable code is 'none'"
        )
    return value


def bits(arguments, value):
    """Returns the bound at a temperature, with its parts and what it was measured on."""
    keras.backend.clear_session()
    model = load(arguments.run)
    arrays = model.run.make_problem().arrays(model.run.data_dir, arguments.split)
    images, labels = (each[: arguments.num] for each in arrays)
    bottleneck = model.model.bottleneck
    parts = getattr(bottleneck, "parts", [bottleneck])
    if not all(isinstance(part, CodebookBottleneck) for part in parts):
        raise SystemExit(
            f"The bottleneck of {arguments.run}, {type(bottleneck).__name__}, has no codebooks to "
            "compare vectors with. Name a run with em, vq, dvq or residual-vq."
        )
    if value is not None:
        for part in parts:
            part.assignment = SoftAssignment(1, temperature=value, relative_temperature=True)
    found = model.codec.bits(images, labels, None if value is None else 1)
    pixels, codes = (float(np.mean(each)) for each in found)
    return {
        "run": os.path.basename(os.path.normpath(arguments.run)),
        "checkpoint": os.path.basename(model.checkpoint),
        "split": arguments.split,
        "images": len(images),
        "temperature": value,
        "bits_per_dim": pixels + codes,
        "reconstruction_bits": pixels,
        "prior_bits": codes,
        **provenance(["tensorflow", "keras"]),
    }


if __name__ == "__main__":
    main()
