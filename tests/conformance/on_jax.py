"""Runs the table on Keras's JAX backend, in a process of its own: `on_jax.py FOLDER [--all]`.

The folder holds the weights of each kind, as `NUMBER_weights.npz`. What JAX makes of them goes to
`NUMBER_passes.npz`, `NUMBER_fit.npz` and `NUMBER_metrics.npz`, or the trace of an error to a file
that ends in `.txt`. Of kinds beyond a covering set only `--all` runs more than the passes.
"""

import pathlib
import sys
import traceback

import common
import jax
import keras
import numpy as np
from kinds import COVERING, KINDS


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


def metrics(layer):
    """What Keras reports of a step of training and of evaluations, and what the layer measured."""
    model, x, other = common.model_of(layer), common.vectors(6), common.vectors(7)
    trained = common.described(layer, [x], training=True)
    logs = model.fit(x, x, verbose=0, shuffle=False, validation_data=(other, other)).history
    evaluated = common.described(layer, [other])
    # Two programs, as the last batch is smaller.
    model.predict(x, batch_size=3, verbose=0)
    model.get_metrics_result()
    again = model.evaluate(other, other, verbose=0, return_dict=True)
    return {
        **{f"measured/{name}": value for name, value in trained.items()},
        **{f"measured/val_{name}": value for name, value in evaluated.items()},
        **{f"measured/again_{name}": value for name, value in evaluated.items()},
        **{f"reported/{name}": logs[name][0] for name in trained},
        **{f"reported/val_{name}": logs[f"val_{name}"][0] for name in trained},
        **{f"reported/again_{name}": again[name] for name in trained},
    }


def main(folder, everything):
    assert keras.backend.backend() == "jax"
    for number, (name, kind) in enumerate(KINDS.items()):
        with np.load(folder / f"{number}_weights.npz") as weights:
            layer = common.with_weights(kind.make(), list(weights.values()))
        started = common.with_weights(kind.make(), layer.get_weights())
        runs = [(passes, layer), (fit, kind), (metrics, started)]
        for run, argument in runs if everything or name in COVERING else runs[:1]:
            path = folder / f"{number}_{run.__name__}.npz"
            try:
                np.savez(path, **run(argument))
            except Exception:
                path.with_suffix(".txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), "--all" in sys.argv)
