"""Runs the table on Keras's JAX backend, in a process of its own: `on_jax.py FOLDER`.

The folder holds the weights of each kind, as `NUMBER_weights.npz`. What JAX makes of them goes to
`NUMBER_passes.npz` and `NUMBER_fit.npz`, or the trace of an error to a file that ends in `.txt`.
"""

import pathlib
import sys
import traceback

import common
import jax
import keras
import numpy as np
from kinds import KINDS


def passes(layer):
    """Arrays of an evaluation, and of a forward pass in training with its gradient and update."""

    def of_input(x):
        return common.objective(layer.forward(x, common.MASK, training=True), common.MASK)

    x = common.padded(common.vectors(0))
    evaluation = common.arrays(layer.forward(x, common.MASK))
    training = layer.forward(x, common.MASK, training=True)
    gradient = jax.grad(of_input)(x)
    layer.update(training.statistics)
    return {
        **{f"evaluation/{name}": value for name, value in evaluation.items()},
        **{f"training/{name}": value for name, value in common.arrays(training).items()},
        "training/gradient": gradient,
        **{f"training/state/{i}": weights for i, weights in common.state(layer).items()},
    }


def fit(layer):
    return {"loss": common.fit(common.remade(layer))["loss"]}


def main(folder):
    assert keras.backend.backend() == "jax"
    for number, kind in enumerate(KINDS.values()):
        with np.load(folder / f"{number}_weights.npz") as weights:
            layer = common.with_weights(kind.make(), list(weights.values()))
        for run in (passes, fit):
            path = folder / f"{number}_{run.__name__}.npz"
            try:
                np.savez(path, **run(layer))
            except Exception:
                path.with_suffix(".txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
