"""Draws images from a trained model, and shows what its bottleneck keeps of real ones.

    t2t-vq-sample --output_dir=t2t_vq_runs/mine --num=64 --grid=samples.png

Writes two files: the drawn images, and beside it, with -reconstructions in its name, images of the
data in pairs, each with its reconstruction to the right.
"""

import math
import os
import pathlib

from absl import flags as absl_flags

from t2t_vq.cli import flags, trained
from t2t_vq.errors import InvalidError
from t2t_vq.run import MOST_SEED

FLAGS = absl_flags.FLAGS


def _define():
    trained.define_run()
    absl_flags.DEFINE_integer("num", 64, "Images to draw, and to reconstruct.", 1)
    absl_flags.DEFINE_string("grid", "samples.png", "File to write; ends in .png.")
    absl_flags.DEFINE_float("temperature", 1.0, "Of the prior; 1 is as it learned.", 1e-3)
    absl_flags.DEFINE_string(
        "label", None, "Name of the class to draw, for a class-conditional model; else all in turn."
    )
    absl_flags.DEFINE_enum("split", "test", ("dev", "test"), "Which images to reconstruct.")
    absl_flags.DEFINE_integer("seed", 0, "Of the draws.", 0, MOST_SEED)


def main() -> None:
    """Draws and reconstructs as the flags say."""
    path = pathlib.Path(FLAGS.grid)
    if path.suffix != ".png" or not os.path.isdir(path.parent):
        raise InvalidError(f"{path} is no place for an image; correct --grid, which ends in .png.")

    trained_model = trained.load("images")
    codec, run = trained_model.codec, trained_model.run
    problem = run.make_problem()
    codec.batch_size = min(codec.batch_size, FLAGS.num)
    labels = _labels(codec.model, problem, run)
    if codec.model.has_bound:
        images = codec.sample(FLAGS.num, labels, FLAGS.seed, FLAGS.temperature)
        _write(path, images, side=math.ceil(math.sqrt(FLAGS.num)))
        print(f"Wrote {path}: {FLAGS.num} drawn images.")
    else:
        kind = type(codec.model.bottleneck).__name__
        print(f"The latents of {kind} have no prior to draw from; nothing is drawn.")

    import numpy as np

    originals, _ = problem.arrays(run.data_dir, FLAGS.split)
    originals = originals[: FLAGS.num]
    pairs = np.concatenate([originals, codec.reconstruct(originals)], axis=2)
    beside = path.with_stem(f"{path.stem}-reconstructions")
    _write(beside, pairs, side=math.ceil(math.sqrt(len(pairs) / 2)))
    print(f"Wrote {beside}: {len(pairs)} {FLAGS.split} images, each beside its reconstruction.")


def _labels(model, problem, run):
    if FLAGS.label is None:
        return None
    if not model.num_classes:
        raise InvalidError(
            f"The model in {FLAGS.output_dir} draws without classes. Leave --label out, or train "
            "with class_conditional=true."
        )
    names = problem.manifest(run.data_dir)["classes"]
    if FLAGS.label not in names:
        raise InvalidError(
            f"No class is called {FLAGS.label}; correct --label. Known: {', '.join(names)}."
        )
    return [names.index(FLAGS.label)] * FLAGS.num


def _write(path, images, side):
    """Writes images `[n, height, width, channels]` as rows of `side` each."""
    import numpy as np
    import tensorflow as tf

    from t2t_vq import atomic

    number, height, width, channels = images.shape
    rows = math.ceil(number / side)
    grid = np.full((rows * side, height, width, channels), 255, np.uint8)
    grid[:number] = images
    grid = grid.reshape(rows, side, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, side * width, channels)
    atomic.write_bytes(path, tf.io.encode_png(grid).numpy())


def run() -> None:
    """Entry point of `t2t-vq-sample`."""
    flags.run(main, __doc__, (), define=_define, required=("output_dir",))
