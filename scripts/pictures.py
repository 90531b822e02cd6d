#!/usr/bin/env python3
"""Draws the pictures of the documentation.

    python scripts/pictures.py learning kinds use
    python scripts/pictures.py images --run=runs/images
    python scripts/pictures.py bits --runs runs/images

learning    hard and soft EM learning a codebook in two dimensions, an animation
kinds       how every kind of bottleneck cuts the plane
use         how often every kind takes each of its codes
images      images with their reconstructions and drawn images, of the run that --run names
bits        bits per dimension over updates, of scripts/results/images_synthetic_bits.jsonl;
            with --runs, these runs' validations are written there first

BLEU against milliseconds is drawn by `plot_translation.py`.
"""

import argparse
import pathlib

ROOT = pathlib.Path(__file__).parents[1]
OUTPUT = ROOT / "docs" / "pictures"
BITS = ROOT / "scripts" / "results" / "images_synthetic_bits.jsonl"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", choices=list(_DRAWN), help="pictures to draw")
    parser.add_argument("--run", help="folder of a run of images")
    parser.add_argument("--runs", nargs="*", default=(), help="folders of runs of images")
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT, help="folder to write")
    arguments = parser.parse_args()
    import matplotlib

    # Letters as text, which is small, not as outlines.
    matplotlib.rcParams["svg.fonttype"] = "none"
    for name in arguments.names:
        _DRAWN[name](arguments)


def _learning(arguments):
    import picture_learning

    path = arguments.output / "learning.svg"
    path.write_text(picture_learning.drawn(), encoding="utf-8")


def _kinds(arguments):
    import picture_kinds

    for kind in picture_kinds.OPTIONS:
        picture_kinds.drawn(kind).save(arguments.output / "kinds" / f"{kind}.png")


def _use(arguments):
    import picture_kinds

    picture_kinds.use_drawn().savefig(arguments.output / "use.svg", bbox_inches="tight")


def _images(arguments):
    import picture_images

    picture_images.grid(arguments.run).save(arguments.output / "images.png")


def _bits(arguments):
    import picture_images

    if arguments.runs:
        picture_images.write_bits(arguments.runs, BITS)
    picture_images.bits_drawn(BITS).savefig(arguments.output / "bits.svg", bbox_inches="tight")


_DRAWN = {"learning": _learning, "kinds": _kinds, "use": _use, "images": _images, "bits": _bits}


if __name__ == "__main__":
    main()
