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

    def evaluate(x):
        return layer.forward_pass(x, common.MASK)

    def train(x):
        result = layer.forward_pass(x, common.MASK, training=True)
        return common.objective(result, common.MASK), result

    x = common.padded(common.vectors(0))
    evaluation = common.arrays(jax.jit(evaluate)(x))
    (_, training), gradient = jax.jit(jax.value_and_grad(train, has_aux=True))(x)
    layer.update(training.statistics)
    return {
        **{f"evaluation/{name}": value for name, value in evaluation.items()},
        **{f"training/{name}": value for name, value in common.arrays(training).items()},
        "training/gradient": gradient,
        **{f"training/state/{i}": weights for i, weights in common.state(layer).items()},
    }


def fit(kind):
    """The losses of plain Keras training."""
    layer = common.started(kind) if kind.needs_start_on_jax else kind.make()
    return {"loss": common.fit(layer)["loss"]}


def main(folder):
    assert keras.backend.backend() == "jax"
    for number, kind in enumerate(KINDS.values()):
        with np.load(folder / f"{number}_weights.npz") as weights:
            layer = common.with_weights(kind.make(), list(weights.values()))
        for run, argument in ((passes, layer), (fit, kind)):
            path = folder / f"{number}_{run.__name__}.npz"
            try:
                np.savez(path, **run(argument))
            except Exception:
                path.with_suffix(".txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
