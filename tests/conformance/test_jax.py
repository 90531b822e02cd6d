"""The same numbers on Keras's JAX backend as on TensorFlow."""

import os
import pathlib
import subprocess
import sys

import common
import numpy as np
import pytest
from kinds import KINDS, covering_kinds, every_kind

SCRIPT = pathlib.Path(__file__).with_name("on_jax.py")
ROOT = SCRIPT.parent.parent.parent
NUMBERS = {kind: number for number, kind in enumerate(KINDS.values())}


@pytest.fixture(scope="module")
def layers(tf):
    """Every kind's layer on TensorFlow."""
    return {kind: common.started(kind) for kind in NUMBERS}


@pytest.fixture(scope="module")
def of_jax(layers, tmp_path_factory, request):
    """A function from a kind, and "passes", "fit" or "metrics", to the arrays JAX computed."""
    pytest.importorskip("jax", reason="Needs JAX: pip install jax.")
    folder = tmp_path_factory.mktemp("jax")
    for kind, number in NUMBERS.items():
        weights = {str(i): array for i, array in common.state(layers[kind]).items()}
        np.savez(folder / f"{number}_weights.npz", **weights)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(SCRIPT), str(folder)]
    if "not slow" not in request.config.option.markexpr:
        command.append("--all")
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=900)

    def load(kind, run):
        path = folder / f"{NUMBERS[kind]}_{run}.npz"
        if not path.exists():
            pytest.fail(path.with_suffix(".txt").read_text())
        with np.load(path) as results:
            return dict(results)

    return load


def part(results, prefix):
    own = [name for name in results if name.startswith(prefix)]
    return {name.removeprefix(prefix): results[name] for name in own}


@every_kind
def test_evaluation_on_jax_is_that_on_tensorflow(kind, layers, of_jax):
    actual = part(of_jax(kind, "passes"), "evaluation/")
    result = layers[kind].forward_pass(common.padded(common.vectors(0)), common.MASK)
    common.assert_close(actual, common.arrays(result))


@every_kind
def test_training_on_jax_is_that_on_tensorflow(kind, layers, of_jax, tf):
    actual = part(of_jax(kind, "passes"), "training/")
    layer = common.with_weights(layers[kind], layers[kind].get_weights())
    x = tf.constant(common.padded(common.vectors(0)))
    result, of_input, _ = common.gradients(tf, layer, x, common.MASK)
    layer.update(result.statistics)
    state = {f"state/{i}": weights for i, weights in common.state(layer).items()}
    expected = {**common.arrays(result), "gradient": of_input, **state}
    if kind.draws:
        # The backends draw different numbers.
        assert {name: np.shape(value) for name, value in actual.items()} == {
            name: np.shape(value) for name, value in expected.items()
        }
        assert all(np.isfinite(value).all() for value in actual.values())
    else:
        common.assert_close(actual, expected)


@covering_kinds
def test_fit_on_jax_lowers_the_loss(kind, of_jax):
    losses = of_jax(kind, "fit")["loss"]
    assert losses[-1] < 0.9 * losses[0]


@covering_kinds
def test_keras_reports_on_jax_what_the_layer_measured(kind, layers, of_jax):
    results = of_jax(kind, "metrics")
    reported, measured = part(results, "reported/"), part(results, "measured/")
    assert len(measured) == 3 * len(layers[kind].metric_names)
    common.assert_close(reported, measured)
