"""Every script of `examples/` runs, at smaller sizes, and does what its docstring says."""

import importlib.util
import pathlib

import keras
import numpy as np
import pytest

from t2t_vq import registry
from t2t_vq.bottlenecks import DecomposedVectorQuantizer

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
TINY = (
    "hidden_size=16,filter_size=32,num_heads=2,encoder_layers=1,decoder_layers=1,"
    "predictor_layers=1,batch_tokens=512,startup_steps=1,bottleneck.num_codes=8"
)


def run(name, arguments):
    """Runs an example as its command line does; returns what its `main` does."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(arguments.split())


def test_vqvae_images(tmp_path):
    measured = run(
        "vqvae_images", f"--output={tmp_path} --images=64 --epochs=2 --prior_epochs=1 --num_codes=8"
    )
    assert measured["squared_error"] < 1
    assert 1 <= measured["perplexity"] <= 8
    assert (tmp_path / "samples.png").stat().st_size > 0
    assert (tmp_path / "reconstructions.png").stat().st_size > 0
    loaded = keras.models.load_model(tmp_path / "autoencoder.keras")
    assert loaded.get_layer("latents").bottleneck.num_codes == 8


def test_audio_codec():
    ratios = run("audio_codec", "--signals=128 --epochs=2 --levels=3 --num_codes=8")
    assert len(ratios) == 3


def test_soft_em_mixture():
    distances = run("soft_em_mixture", "--points=2000 --updates=40")
    assert distances["soft EM, 10 samples"] < 0.6 * distances["hard EM"]
    assert distances["soft EM, posterior's mean"] < 0.6 * distances["hard EM"]


def test_translation(tmp_path, data_dir):
    translations = run(
        "translation",
        f"--problem=translate_tiny --data_dir={data_dir} --hparams=softem_nat_tiny,{TINY} "
        f"--output_dir={tmp_path}/run --train_steps=2",
    )
    assert len(translations) == 2


def test_own_parts(tmp_path):
    translations = run(
        "own_parts",
        f"--data_dir={tmp_path}/data --output_dir={tmp_path}/run --train_steps=2 "
        f"--overrides=,{TINY}",
    )
    assert len(translations) == 2
    assert '"noise": 0.2' in (tmp_path / "run" / "run.json").read_text()
    assert "noisy-vq" in registry.bottlenecks


def test_the_noise_of_the_own_bottleneck_reaches_every_block_and_repeats(tf):
    registry.import_usr_dir(EXAMPLES / "own")
    quantizer = registry.bottlenecks["noisy-vq"](8, noise=10.0)
    layer, x = DecomposedVectorQuantizer(quantizer, num_blocks=2), keras.random.normal((1, 50, 4))
    layer.adapt(x)
    quiet, noisy, again = (
        keras.ops.convert_to_numpy(layer.forward_pass(x, training=training).output.samples)
        for training in (False, True, True)
    )
    assert (quiet != noisy).mean(axis=(0, 1, 3)).min() > 0.5
    np.testing.assert_array_equal(noisy, again)


def test_every_example_has_a_test_here():
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tests


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_the_docstring_says_how_to_run_it(path):
    assert f"python examples/{path.name}" in path.read_text(encoding="utf-8")
