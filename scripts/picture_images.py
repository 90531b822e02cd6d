"""What a trained model of images makes, and how its bits per dimension fell."""

import json
import pathlib

import numpy as np
from experiments import read_rows
from matplotlib import figure
from PIL import Image

import t2t_vq
from t2t_vq import run as runs

_TAG = "bits_per_dim"


def grid(run):
    """Returns eight images with their reconstructions, and beside them sixteen drawn ones."""
    model = t2t_vq.load(run, batch_size=16)
    originals, _ = model.run.make_problem().arrays(model.run.data_dir, "test")
    originals = originals[:8]
    pairs = np.stack([originals, model.reconstruct(originals)], axis=1).reshape(16, 32, 32, 3)
    picture = np.full((4 * 32, 8 * 32 + 16, 3), 255, np.uint8)
    for number, (pair, drawn) in enumerate(zip(pairs, model.sample(16), strict=True)):
        row, column = divmod(number, 4)
        rows = slice(32 * row, 32 * row + 32)
        picture[rows, 32 * column : 32 * column + 32] = pair
        picture[rows, 32 * column + 144 : 32 * column + 176] = drawn
    # Larger, for screens.
    return Image.fromarray(picture).resize((picture.shape[1] * 2, picture.shape[0] * 2), 0)


def write_bits(folders, path):
    """Writes the validations of runs as lines of JSON."""
    from tensorflow.compat.v1 import train

    with open(path, "w", encoding="utf-8") as file:
        for folder in folders:
            run = runs.load(folder)
            found = {}
            for events in sorted((pathlib.Path(folder) / "dev").glob("events*")):
                for event in train.summary_iterator(str(events)):
                    for value in event.summary.value:
                        if _TAG in value.tag:
                            found[event.step] = float(
                                np.frombuffer(value.tensor.tensor_content, "f4")[0]
                            )
            for step, bits in sorted(found.items()):
                about = {"hparams": run.hparams_set, "problem": run.problem, "seed": run.seed}
                file.write(json.dumps({**about, "updates": step, "bits_per_dim": bits}) + "\n")


def bits_drawn(path):
    """Returns a figure of bits per dimension over updates, a line for each set."""
    rows = read_rows(path)
    picture = figure.Figure(figsize=(6, 3.5))
    axes = picture.subplots()
    for name in dict.fromkeys(row["hparams"] for row in rows):
        own = [row for row in rows if row["hparams"] == name]
        axes.plot(
            [row["updates"] for row in own], [row["bits_per_dim"] for row in own], "o-", label=name
        )
    axes.set(xlabel="updates of 32 images", ylabel="bits per dimension, validation")
    axes.legend()
    axes.grid(alpha=0.3)
    return picture
